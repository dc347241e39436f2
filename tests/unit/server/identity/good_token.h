// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_IDENTITY_GOOD_TOKEN_H_
#define SIGNET_TESTS_UNIT_SERVER_IDENTITY_GOOD_TOKEN_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/json.h"
#include "server/oauth/oauth_options.h"
#include "tests/support/jwt_signer.h"

namespace signet::identity {

inline constexpr char kIssuer[] = "https://issuer.example.com";
inline constexpr char kAudience[] = "https://signet.example.com";
inline constexpr char kSubject[] = "auth0|5f7c8ec7c33c6c004bbafe82";
inline constexpr char kKeyId[] = "key-1";

inline absl::Time TokenTime() { return absl::FromUnixSeconds(1900000000); }

inline oauth::OauthOptions GoodOptions() {
  oauth::OauthOptions options;
  options.issuer = kIssuer;
  options.audiences = {kAudience};
  return options;
}

// A header and claims that break no rule at TokenTime(): five minutes old, dead
// in five minutes.
inline Json GoodHeader(const JwtSigner& signer) {
  return {{"typ", "at+jwt"}, {"alg", signer.algorithm()}, {"kid", kKeyId}};
}

inline Json GoodClaims(absl::Time now = TokenTime()) {
  const int64_t seconds = absl::ToUnixSeconds(now);
  return {{"iss", kIssuer},
          {"aud", kAudience},
          {"sub", kSubject},
          {"client_id", "s6BhdRkqt3"},
          {"exp", seconds + 300},
          {"iat", seconds - 300},
          {"jti", "dbe39bf3a3ba4238a513f51d6e1691c4"}};
}

inline std::string GoodToken(const JwtSigner& signer,
                             absl::Time now = TokenTime()) {
  return signer.Token(GoodHeader(signer).dump(), GoodClaims(now).dump());
}

}  // namespace signet::identity

#endif  // SIGNET_TESTS_UNIT_SERVER_IDENTITY_GOOD_TOKEN_H_
