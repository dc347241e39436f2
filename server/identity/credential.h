// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_CREDENTIAL_H_
#define SIGNET_SERVER_IDENTITY_CREDENTIAL_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace signet::identity {

// A bearer token that somebody presents: a b64token (RFC 6750 section 2.1) of
// at most kMaxCredentialBytes. Whether it is good is an Authenticator's to say.
// A view of the text that it was read from, which must outlive it.
class Credential {
 public:
  // None: its token is empty. What the functions below give is never empty.
  Credential() = default;

  // What the values of a request's Authorization fields present: one value, of
  // the scheme `Bearer` in any letter case, spaces, and the token.
  //   UNAUTHENTICATED / CREDENTIAL_MISSING: no value, an empty one, another
  //     scheme.
  //   UNAUTHENTICATED / TOKEN_INVALID: the scheme, with anything else after it.
  //   INVALID_ARGUMENT / INVALID_REQUEST: more than one value.
  static absl::StatusOr<Credential> FromAuthorization(
      std::span<const std::string> values);
  // The same of the one value that there is.
  static absl::StatusOr<Credential> FromAuthorization(std::string_view value);

  // A token by itself.
  //   UNAUTHENTICATED / TOKEN_INVALID: it is none.
  static absl::StatusOr<Credential> FromToken(std::string_view token);

  // Whether a token is a JWT: it has dots, which a service account's has not.
  static bool IsJwt(std::string_view token) {
    return token.find('.') != token.npos;
  }

  std::string_view token() const { return token_; }

 private:
  explicit Credential(std::string_view token) : token_(token) {}

  std::string_view token_;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_CREDENTIAL_H_
