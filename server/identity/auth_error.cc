// SPDX-License-Identifier: Apache-2.0
#include "server/identity/auth_error.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "base/error.h"

namespace signet::identity {
namespace {

constexpr char kAccountPayload[] = "signet/account";
constexpr char kAbsentAccount[] = "absent";

}  // namespace

absl::Status CredentialMissingError() {
  return MakeError(absl::StatusCode::kUnauthenticated,
                   "authorization: got none, want a bearer token",
                   {.reason = "CREDENTIAL_MISSING"});
}

absl::Status OtherSchemeError() {
  return MakeError(absl::StatusCode::kUnauthenticated,
                   "authorization: got another scheme, want Bearer TOKEN",
                   {.reason = "CREDENTIAL_MISSING"});
}

absl::Status TokenInvalidError() {
  return MakeError(absl::StatusCode::kUnauthenticated,
                   "authorization: the token is not valid",
                   {.reason = "TOKEN_INVALID"});
}

absl::Status SeveralCredentialsError() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "authorization: got several, want one",
                   {.reason = "INVALID_REQUEST"});
}

absl::Status InsufficientScopeError() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "authorization: the token lacks the required scope",
                   {.reason = "INSUFFICIENT_SCOPE"});
}

absl::Status IssuerUnavailableError(absl::Duration retry_after) {
  return MakeError(
      absl::StatusCode::kUnavailable,
      "authorization: the token issuer's keys cannot be had just now",
      {.reason = "ISSUER_UNAVAILABLE",
       .retry_after = std::max(retry_after, absl::Seconds(1))});
}

void NoteAccount(absl::Status& denial, bool exists) {
  denial.SetPayload(kAccountPayload,
                    absl::Cord(exists ? "exists" : kAbsentAccount));
}

bool IsOnAbsentAccount(const absl::Status& denial) {
  return denial.GetPayload(kAccountPayload) == kAbsentAccount;
}

}  // namespace signet::identity
