// SPDX-License-Identifier: Apache-2.0
#include "server/identity/composite_authenticator.h"

#include "server/identity/auth_error.h"

namespace signet::identity {

void CompositeAuthenticator::Authenticate(const Credential& credential,
                                          absl::Time now, Done done) {
  Prove(credential, now, &TokenAuthenticator::Authenticate, std::move(done));
}

void CompositeAuthenticator::AuthenticateToEnd(const Credential& credential,
                                               absl::Time now, Done done) {
  Prove(credential, now, &TokenAuthenticator::AuthenticateToEnd,
        std::move(done));
}

void CompositeAuthenticator::Prove(const Credential& credential, absl::Time now,
                                   ProveToken prove, Done done) {
  const std::string_view token = credential.token();
  if (!Credential::IsJwt(token)) {
    (*tokens_.*prove)(token, now, std::move(done));
  } else if (jwts_ != nullptr) {
    jwts_->Authenticate(token, now, std::move(done));
  } else {
    std::move(done)(TokenInvalidError());
  }
}

}  // namespace signet::identity
