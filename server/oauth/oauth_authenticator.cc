// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/oauth_authenticator.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "server/identity/auth_error.h"

namespace signet::oauth {
namespace {

// Whether the client may know why.
bool IsOpen(const absl::Status& status) {
  return absl::IsPermissionDenied(status) || absl::IsUnavailable(status);
}

}  // namespace

OauthAuthenticator::OauthAuthenticator(const OauthOptions& options,
                                       std::unique_ptr<KeySource> keys,
                                       Logger* logger)
    : verifier_(options), log_(logger), keys_(std::move(keys)) {}

void OauthAuthenticator::Authenticate(std::string_view token, absl::Time now,
                                      identity::Authenticator::Done done) {
  const auto finish = [this, now](absl::StatusOr<identity::Principal> outcome,
                                  identity::Authenticator::Done done) {
    if (!outcome.ok() && !IsOpen(outcome.status())) {
      log_.Refused(std::string(outcome.status().message()), now);
      outcome = identity::TokenInvalidError();
    }
    std::move(done)(std::move(outcome));
  };

  absl::StatusOr<UnprovenToken> unproven = verifier_.Check(token, now);
  if (!unproven.ok()) {
    finish(unproven.status(), std::move(done));
    return;
  }
  const KeyQuery query = unproven->key;
  keys_->FindKey(
      query, [finish, unproven = *std::move(unproven), done = std::move(done)](
                 absl::StatusOr<KeySource::Key> key) mutable {
        if (!key.ok()) {
          finish(key.status(), std::move(done));
          return;
        }
        finish(JwtVerifier::Prove(std::move(unproven), **key), std::move(done));
      });
}

}  // namespace signet::oauth
