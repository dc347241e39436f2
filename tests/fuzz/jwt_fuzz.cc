// SPDX-License-Identifier: Apache-2.0
//
// A token that is read is made of the parts that were found, in their only
// spelling, and names an issuer, an audience and a subject that may be. A JWK
// Set that is read finds no more keys than it has.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "server/oauth/jwk_set.h"
#include "server/oauth/jwt.h"
#include "server/oauth/jwt_verifier.h"
#include "server/oauth/oauth_options.h"

namespace {

using signet::oauth::JwtVerifier;

const absl::Time kNow = absl::FromUnixSeconds(1900000000);

void Check(bool holds) {
  if (!holds) std::abort();
}

std::string Base64Url(std::string_view bytes) {
  return absl::WebSafeBase64Escape(
      absl::string_view(bytes.data(), bytes.size()));
}

const signet::oauth::JwtVerifier& Verifier() {
  static const signet::oauth::JwtVerifier verifier([] {
    signet::oauth::OauthOptions options;
    options.issuer = "https://i";
    options.audiences = {"a"};
    options.accepted_typ = "JWT";
    options.required_scope = "s";
    return options;
  }());
  return verifier;
}

void CheckToken(std::string_view text) {
  const auto jwt = signet::oauth::ParseJwt(text);
  const auto token = Verifier().Check(text, kNow);
  Check(jwt.ok() || !token.ok());
  if (!jwt.ok()) return;
  Check(jwt->header.is_object() && jwt->claims.is_object());
  Check(jwt->signing_input + "." + Base64Url(jwt->signature) == text);
  if (!token.ok()) return;
  Check(token->signing_input == jwt->signing_input);
  Check(jwt->claims["iss"] == "https://i");
  Check(!jwt->header.contains("crit") && !jwt->header.contains("jwk"));
  const signet::identity::Principal& user = token->principal;
  Check(user.kind == signet::identity::PrincipalKind::kUser);
  Check(jwt->claims["sub"] == user.oauth_subject);
  Check(!user.oauth_subject.empty() && user.oauth_subject.size() <= 255);
  Check(user.oauth_subject.find('\0') == std::string::npos);
  Check(user.credential_expires_at > kNow);
}

void CheckKeys(std::string_view text) {
  const auto set = signet::oauth::JwkSet::Parse(text);
  if (!set.ok()) return;
  Check(set->size() <= signet::oauth::JwkSet::kMaxKeys);
  const auto key =
      set->Find({std::nullopt, signet::crypto::SignatureAlgorithm::kEdDsa});
  Check(key == nullptr || set->size() > 0);
  if (key == nullptr) return;
  Check(key->Supports(signet::crypto::SignatureAlgorithm::kEdDsa));
  Check(
      !key->Verify(signet::crypto::SignatureAlgorithm::kEdDsa, "message", {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckToken(text);
  CheckKeys(text);
  // A fuzzer writes JSON more easily than base64url: a line of header, the rest
  // claims.
  const size_t line = text.find('\n');
  if (line != text.npos) {
    CheckToken(Base64Url(text.substr(0, line)) + "." +
               Base64Url(text.substr(line + 1)) + ".c2ln");
  }
  return 0;
}
