// SPDX-License-Identifier: Apache-2.0
#include "server/identity/composite_authenticator.h"

#include <string_view>

#include "absl/status/statusor.h"
#include "server/identity/auth_error.h"
#include "server/identity/bearer.h"

namespace signet::identity {

void CompositeAuthenticator::Authenticate(
    std::span<const std::string> authorization, absl::Time now, Done done) {
  Prove(authorization, now, &TokenAuthenticator::Authenticate, std::move(done));
}

void CompositeAuthenticator::AuthenticateToEnd(
    std::span<const std::string> authorization, absl::Time now, Done done) {
  Prove(authorization, now, &TokenAuthenticator::AuthenticateToEnd,
        std::move(done));
}

void CompositeAuthenticator::Prove(std::span<const std::string> authorization,
                                   absl::Time now, ProveToken prove,
                                   Done done) {
  const absl::StatusOr<std::string_view> credential = ReadBearer(authorization);
  if (!credential.ok()) {
    std::move(done)(credential.status());
  } else if (credential->find('.') == credential->npos) {
    (*tokens_.*prove)(*credential, now, std::move(done));
  } else if (jwts_ != nullptr) {
    jwts_->Authenticate(*credential, now, std::move(done));
  } else {
    std::move(done)(TokenInvalidError());
  }
}

}  // namespace signet::identity
