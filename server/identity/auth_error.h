// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_AUTH_ERROR_H_
#define SIGNET_SERVER_IDENTITY_AUTH_ERROR_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace signet::identity {

// The errors of Credential and Authenticator, worded in one place so that no
// two refusals of a token can be told apart.

// UNAUTHENTICATED / CREDENTIAL_MISSING: no credential; and one of another
// scheme than `Bearer`.
absl::Status CredentialMissingError();
absl::Status OtherSchemeError();

// UNAUTHENTICATED / TOKEN_INVALID.
absl::Status TokenInvalidError();

// INVALID_ARGUMENT / INVALID_REQUEST.
absl::Status SeveralCredentialsError();

// PERMISSION_DENIED / INSUFFICIENT_SCOPE.
absl::Status InsufficientScopeError();

// UNAVAILABLE / ISSUER_UNAVAILABLE; the hint is at least a second.
absl::Status IssuerUnavailableError(absl::Duration retry_after);

// Notes in a denial whether there is such an account as it was about: for the
// server itself, as no answer tells it.
void NoteAccount(absl::Status& denial, bool exists);
// Whether it was noted that there is none.
bool IsOnAbsentAccount(const absl::Status& denial);

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_AUTH_ERROR_H_
