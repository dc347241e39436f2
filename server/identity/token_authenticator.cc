// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <optional>
#include <utility>

#include "server/identity/auth_error.h"

namespace signet::identity {

void TokenAuthenticator::Authenticate(std::string_view token, absl::Time now,
                                      Authenticator::Done done) {
  Prove(token, now, &IsLive, std::move(done));
}

void TokenAuthenticator::AuthenticateToEnd(std::string_view token,
                                           absl::Time now,
                                           Authenticator::Done done) {
  Prove(token, now, &MayBeEnded, std::move(done));
}

void TokenAuthenticator::Prove(std::string_view token, absl::Time now,
                               bool (*accepts)(TokenState),
                               Authenticator::Done done) {
  directory_->Find(token, now, /*asked_by=*/std::nullopt,
                   [accepts, done = std::move(done)](
                       absl::StatusOr<LookupResult> finding) mutable {
                     if (!finding.ok()) {
                       std::move(done)(finding.status());
                     } else if (accepts(finding->state)) {
                       Principal principal =
                           PrincipalOf(std::move(finding->snapshot));
                       principal.live = IsLive(finding->state);
                       std::move(done)(std::move(principal));
                     } else {
                       std::move(done)(TokenInvalidError());
                     }
                   });
}

}  // namespace signet::identity
