// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwk.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/oauth/base64url.h"
#include "server/oauth/jose_header.h"

namespace signet::oauth {
namespace {

struct TypedKey {
  std::unique_ptr<crypto::PublicKey> key;
  crypto::SignatureAlgorithm default_algorithm;
};

// The member `name` as text; empty where it is absent or no string.
std::string Text(const Json& jwk, const char* name) {
  const auto member = jwk.find(name);
  return member != jwk.end() && member->is_string() ? member->get<std::string>()
                                                    : std::string();
}

// The member `name` as bytes; empty where it is none, which no key accepts.
std::string Bytes(const Json& jwk, const char* name) {
  return DecodeBase64Url(Text(jwk, name)).value_or(std::string());
}

std::span<const uint8_t> Span(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

absl::StatusOr<TypedKey> Typed(
    absl::StatusOr<std::unique_ptr<crypto::PublicKey>> key,
    crypto::SignatureAlgorithm default_algorithm) {
  if (!key.ok()) return key.status();
  return TypedKey{*std::move(key), default_algorithm};
}

absl::StatusOr<TypedKey> ParseKeyOfType(const Json& jwk) {
  const std::string kty = Text(jwk, "kty");
  const std::string crv = Text(jwk, "crv");
  if (kty == "RSA") {
    return Typed(crypto::PublicKey::FromRsa(Span(Bytes(jwk, "n")),
                                            Span(Bytes(jwk, "e"))),
                 crypto::SignatureAlgorithm::kRs256);
  }
  if (kty == "EC" && (crv == "P-256" || crv == "P-384")) {
    const bool p256 = crv == "P-256";
    return Typed(crypto::PublicKey::FromEc(
                     p256 ? crypto::EcCurve::kP256 : crypto::EcCurve::kP384,
                     Span(Bytes(jwk, "x")), Span(Bytes(jwk, "y"))),
                 p256 ? crypto::SignatureAlgorithm::kEs256
                      : crypto::SignatureAlgorithm::kEs384);
  }
  if (kty == "OKP" && crv == "Ed25519") {
    return Typed(crypto::PublicKey::FromEd25519(Span(Bytes(jwk, "x"))),
                 crypto::SignatureAlgorithm::kEdDsa);
  }
  return absl::InvalidArgumentError(
      "kty: want RSA, EC on P-256 or P-384, or OKP on Ed25519");
}

// RFC 7517 sections 4.2 and 4.3.
absl::Status CheckKeyPurpose(const Json& jwk) {
  if (jwk.contains("use") && Text(jwk, "use") != "sig") {
    return absl::InvalidArgumentError("use: want sig");
  }
  const auto key_ops = jwk.find("key_ops");
  if (key_ops != jwk.end() &&
      (!key_ops->is_array() || std::find(key_ops->begin(), key_ops->end(),
                                         "verify") == key_ops->end())) {
    return absl::InvalidArgumentError("key_ops: want verify among them");
  }
  return absl::OkStatus();
}

}  // namespace

bool HoldsSecret(const Json& jwk) {
  // `k` is the symmetric key; `d` alone makes a private key of each other kind.
  for (const char* name : {"k", "d", "p", "q", "dp", "dq", "qi", "oth"}) {
    if (jwk.contains(name)) return true;
  }
  return false;
}

absl::StatusOr<Jwk> ParseJwk(const Json& jwk) {
  if (HoldsSecret(jwk)) {
    return absl::InvalidArgumentError("want no private or symmetric key");
  }
  if (const absl::Status s = CheckKeyPurpose(jwk); !s.ok()) return s;

  absl::StatusOr<TypedKey> typed = ParseKeyOfType(jwk);
  if (!typed.ok()) return typed.status();
  Jwk result{.algorithm = typed->default_algorithm,
             .key = std::move(typed->key)};

  if (jwk.contains("alg")) {
    const std::optional<crypto::SignatureAlgorithm> algorithm =
        ParseSignatureAlgorithm(Text(jwk, "alg"));
    if (!algorithm.has_value() || !result.key->Supports(*algorithm)) {
      return absl::InvalidArgumentError(
          "alg: want RS256, PS256, ES256, ES384 or EdDSA, as the key allows");
    }
    result.algorithm = *algorithm;
  }
  if (const auto kid = jwk.find("kid"); kid != jwk.end()) {
    if (!kid->is_string()) {
      return absl::InvalidArgumentError("kid: want a string");
    }
    result.key_id = kid->get<std::string>();
  }
  return result;
}

}  // namespace signet::oauth
