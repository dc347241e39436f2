// SPDX-License-Identifier: Apache-2.0
#include "tests/support/jwt_signer.h"

#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "crypto/bytes.h"
#include "tests/support/must.h"

namespace signet {
namespace {

std::string Padded(const BIGNUM* number, size_t size) {
  std::string bytes(size, '\0');
  Must(BN_bn2bin_padded(crypto::Bytes(bytes), size, number));
  return bytes;
}

std::string Unpadded(const BIGNUM* number) {
  return Padded(number, BN_num_bytes(number));
}

std::string Sha256Of(std::string_view message) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(crypto::Bytes(message), message.size(), crypto::Bytes(digest));
  return digest;
}

std::string Sha384Of(std::string_view message) {
  std::string digest(SHA384_DIGEST_LENGTH, '\0');
  SHA384(crypto::Bytes(message), message.size(), crypto::Bytes(digest));
  return digest;
}

}  // namespace

struct JwtSigner::Key {
  bssl::UniquePtr<RSA> rsa;
  bssl::UniquePtr<EC_KEY> ec;
  std::array<uint8_t, ED25519_PUBLIC_KEY_LEN> ed25519_public = {};
  std::array<uint8_t, ED25519_PRIVATE_KEY_LEN> ed25519_private = {};
};

std::string Base64Url(std::string_view bytes) {
  return absl::WebSafeBase64Escape(
      absl::string_view(bytes.data(), bytes.size()));
}

JwtSigner::JwtSigner(Kind kind, int rsa_bits)
    : kind_(kind), key_(std::make_unique<Key>()) {
  switch (kind) {
    case Kind::kRs256:
    case Kind::kPs256: {
      key_->rsa.reset(RSA_new());
      const bssl::UniquePtr<BIGNUM> e(BN_new());
      Must(BN_set_word(e.get(), RSA_F4));
      Must(RSA_generate_key_ex(key_->rsa.get(), rsa_bits, e.get(), nullptr));
      return;
    }
    case Kind::kEs256:
    case Kind::kEs384:
      key_->ec.reset(EC_KEY_new_by_curve_name(
          kind == Kind::kEs256 ? NID_X9_62_prime256v1 : NID_secp384r1));
      Must(EC_KEY_generate_key(key_->ec.get()));
      return;
    case Kind::kEdDsa:
      ED25519_keypair(key_->ed25519_public.data(),
                      key_->ed25519_private.data());
      return;
  }
}

JwtSigner::~JwtSigner() = default;

std::string JwtSigner::algorithm() const {
  switch (kind_) {
    case Kind::kRs256:
      return "RS256";
    case Kind::kPs256:
      return "PS256";
    case Kind::kEs256:
      return "ES256";
    case Kind::kEs384:
      return "ES384";
    case Kind::kEdDsa:
      return "EdDSA";
  }
  std::abort();
}

Json JwtSigner::PublicJwk(std::string_view kid) const {
  Json jwk = Json::object();
  if (!kid.empty()) jwk["kid"] = std::string(kid);
  switch (kind_) {
    case Kind::kPs256:
      jwk["alg"] = "PS256";
      [[fallthrough]];
    case Kind::kRs256:
      jwk["kty"] = "RSA";
      jwk["n"] = Base64Url(Unpadded(RSA_get0_n(key_->rsa.get())));
      jwk["e"] = Base64Url(Unpadded(RSA_get0_e(key_->rsa.get())));
      return jwk;
    case Kind::kEs256:
    case Kind::kEs384: {
      const bssl::UniquePtr<BIGNUM> x(BN_new());
      const bssl::UniquePtr<BIGNUM> y(BN_new());
      Must(EC_POINT_get_affine_coordinates_GFp(
          EC_KEY_get0_group(key_->ec.get()),
          EC_KEY_get0_public_key(key_->ec.get()), x.get(), y.get(), nullptr));
      const size_t size = kind_ == Kind::kEs256 ? 32 : 48;
      jwk["kty"] = "EC";
      jwk["crv"] = kind_ == Kind::kEs256 ? "P-256" : "P-384";
      jwk["x"] = Base64Url(Padded(x.get(), size));
      jwk["y"] = Base64Url(Padded(y.get(), size));
      return jwk;
    }
    case Kind::kEdDsa:
      jwk["kty"] = "OKP";
      jwk["crv"] = "Ed25519";
      jwk["x"] =
          Base64Url({reinterpret_cast<const char*>(key_->ed25519_public.data()),
                     key_->ed25519_public.size()});
      return jwk;
  }
  std::abort();
}

std::string JwtSigner::PublicJwkSet(std::string_view kid) const {
  Json set = Json::object();
  set["keys"] = Json::array({PublicJwk(kid)});
  return set.dump();
}

std::string JwtSigner::Sign(std::string_view message) const {
  switch (kind_) {
    case Kind::kRs256: {
      const std::string digest = Sha256Of(message);
      std::string signature(RSA_size(key_->rsa.get()), '\0');
      unsigned size = 0;
      Must(RSA_sign(NID_sha256, crypto::Bytes(digest), digest.size(),
                    crypto::Bytes(signature), &size, key_->rsa.get()));
      return signature;
    }
    case Kind::kPs256: {
      const std::string digest = Sha256Of(message);
      std::string signature(RSA_size(key_->rsa.get()), '\0');
      size_t size = 0;
      Must(RSA_sign_pss_mgf1(key_->rsa.get(), &size, crypto::Bytes(signature),
                             signature.size(), crypto::Bytes(digest),
                             digest.size(), EVP_sha256(), EVP_sha256(),
                             static_cast<int>(digest.size())));
      return signature;
    }
    case Kind::kEs256:
    case Kind::kEs384: {
      const bool p256 = kind_ == Kind::kEs256;
      const std::string digest = p256 ? Sha256Of(message) : Sha384Of(message);
      const bssl::UniquePtr<ECDSA_SIG> signature(
          ECDSA_do_sign(crypto::Bytes(digest), digest.size(), key_->ec.get()));
      Must(signature != nullptr);
      const size_t size = p256 ? 32 : 48;
      return Padded(ECDSA_SIG_get0_r(signature.get()), size) +
             Padded(ECDSA_SIG_get0_s(signature.get()), size);
    }
    case Kind::kEdDsa: {
      std::string signature(ED25519_SIGNATURE_LEN, '\0');
      Must(ED25519_sign(crypto::Bytes(signature), crypto::Bytes(message),
                        message.size(), key_->ed25519_private.data()));
      return signature;
    }
  }
  std::abort();
}

std::string JwtSigner::Token(std::string_view header,
                             std::string_view claims) const {
  const std::string input =
      absl::StrCat(Base64Url(header), ".", Base64Url(claims));
  return absl::StrCat(input, ".", Base64Url(Sign(input)));
}

}  // namespace signet
