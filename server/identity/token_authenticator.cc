// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <optional>
#include <utility>

#include "server/identity/auth_error.h"

namespace signet {

void TokenAuthenticator::Authenticate(std::string_view token, absl::Time now,
                                      Authenticator::Done done) {
  directory_->Find(
      token, now, /*asked_by=*/std::nullopt,
      [done = std::move(done)](absl::StatusOr<TokenFinding> finding) mutable {
        if (!finding.ok()) {
          std::move(done)(finding.status());
        } else if (finding->state == TokenState::kLive) {
          std::move(done)(PrincipalOf(std::move(finding->facts)));
        } else {
          std::move(done)(TokenInvalidError());
        }
      });
}

}  // namespace signet
