// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUTHENTICATORS_H_
#define SIGNET_SERVER_AUTHENTICATORS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/log.h"
#include "server/identity/authenticator.h"
#include "server/identity/token_directory.h"
#include "server/oauth/key_source.h"
#include "server/oauth/oauth_options.h"

namespace signet::server {

// Who calls, and where the keys come from that prove it.
struct Authentication {
  std::unique_ptr<identity::Authenticator> authenticator;
  // Of the OAuth issuer; null where there is none. The authenticator owns it.
  oauth::KeySource* issuer_keys = nullptr;
};

// The service's Authenticator: service-account tokens as `directory` knows
// them, and OAuth access tokens where `oauth` names an issuer. The issuer need
// not be up: its keys are fetched on a background thread.
//
// The pointers are borrowed and outlive the result. Destroy the result when no
// Authenticate is running any more; calls that still wait for the issuer then
// end with ISSUER_UNAVAILABLE before the destructor returns, or before
// KeySource::Stop does.
//
//   INVALID_ARGUMENT / FLAG_INVALID: an option, or the file it names, is not
//   usable; the message names the flag.
absl::StatusOr<Authentication> NewAuthentication(
    identity::TokenDirectory* directory, const Clock* clock, Logger* logger,
    const oauth::OauthOptions& oauth);

}  // namespace signet::server

#endif  // SIGNET_SERVER_AUTHENTICATORS_H_
