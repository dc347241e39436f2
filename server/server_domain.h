// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SERVER_DOMAIN_H_
#define SIGNET_SERVER_SERVER_DOMAIN_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/api/unary_method.h"
#include "server/audit/audit_log.h"
#include "server/audit/denial_log.h"
#include "server/authenticators.h"
#include "server/config/config.h"
#include "server/domain/access.h"
#include "server/domain/audit_reader.h"
#include "server/domain/authorizations.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_verifier.h"
#include "server/identity/authenticator.h"
#include "server/server_storage.h"
#include "server/upkeep/maintenance.h"

namespace signet::server {

// The middle one of a server's three layers: who calls, what may happen, and
// what is done beside the calls.
class Domain {
 public:
  // For a config that is valid. `storage` is borrowed and outlives it.
  //   FLAG_INVALID: an OAuth option, or the file that it names.
  static absl::StatusOr<std::unique_ptr<Domain>> Create(
      const config::ServerConfig& config, Storage& storage);

  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;
  ~Domain() { Stop(); }

  identity::Authenticator& authenticator() { return *who_.authenticator; }
  audit::DenialLog& denials() { return denials_; }
  domain::Access& access() { return access_; }
  domain::TokenVerifier& verifier() { return verifier_; }

  // Every method of the API, on this domain, which outlives them.
  std::vector<api::UnaryMethod> Methods();

  // Once, when the first credential is there.
  void StartMaintenance();

  // As KeySource::Reload. False: there is no OAuth issuer.
  bool ReloadIssuerKeys();

  // Call it when no calls come any more: denials and last uses are written.
  // Blocks. Idempotent.
  void Stop();

  // Calls that wait for the OAuth issuer's keys, and those that come to need
  // them, are refused. Blocks. Idempotent.
  void StopFetchingKeys();

 private:
  Domain(const config::ServerConfig& config, Storage& storage,
         Authentication who);

  const config::ServerConfig config_;
  Storage& storage_;
  // Each is used by those below it.
  const Authentication who_;
  audit::AuditLog audit_log_;
  audit::DenialLog denials_;
  domain::Access access_;
  domain::ServiceAccounts service_accounts_;
  domain::Authorizations authorizations_;
  domain::AuditReader audit_reader_;
  domain::TokenVerifier verifier_;
  // Null until it is started: it writes when it stops.
  std::unique_ptr<upkeep::Maintenance> maintenance_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_SERVER_DOMAIN_H_
