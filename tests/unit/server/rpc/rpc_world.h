// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_RPC_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_RPC_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "call/access_log.h"
#include "crypto/mac_keyring.h"
#include "gtest/gtest.h"
#include "server/api/api_methods.h"
#include "server/audit/audit_log.h"
#include "server/domain/access.h"
#include "server/domain/audit_reader.h"
#include "server/domain/authorizations.h"
#include "server/domain/change_feed.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_verifier.h"
#include "server/identity/auth_error.h"
#include "server/identity/authenticator.h"
#include "server/identity/token_authenticator.h"
#include "server/identity/token_directory.h"
#include "server/rpc/dispatcher.h"
#include "server/rpc/grpc_server.h"
#include "server/token/token.h"
#include "server/upkeep/last_uses.h"
#include "storage/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::rpc {

// Knows callers by `Bearer` and the token that they present, and beside them
// those who present one that was issued.
class FakeAuthenticator final : public identity::Authenticator {
 public:
  explicit FakeAuthenticator(identity::TokenDirectory* directory)
      : tokens_(directory) {}

  std::map<std::string, absl::StatusOr<identity::Principal>> callers;

  void Authenticate(const identity::Credential& credential, absl::Time now,
                    Done done) override {
    Prove(credential, now, &identity::TokenAuthenticator::Authenticate,
          std::move(done));
  }
  void AuthenticateToEnd(const identity::Credential& credential, absl::Time now,
                         Done done) override {
    Prove(credential, now, &identity::TokenAuthenticator::AuthenticateToEnd,
          std::move(done));
  }

 private:
  void Prove(const identity::Credential& credential, absl::Time now,
             void (identity::TokenAuthenticator::*prove)(std::string_view,
                                                         absl::Time, Done),
             Done done) {
    const std::string token(credential.token());
    if (const auto found = callers.find("Bearer " + token);
        found != callers.end()) {
      std::move(done)(found->second);
    } else if (token::ParseToken(token).has_value()) {
      (tokens_.*prove)(token, now, std::move(done));
    } else {
      std::move(done)(identity::TokenInvalidError());
    }
  }

  identity::TokenAuthenticator tokens_;
};

inline identity::Principal SampleUser(uint32_t number) {
  identity::Principal user;
  user.kind = identity::PrincipalKind::kUser;
  user.id = SampleId(number);
  user.oauth_subject = "sub";
  return user;
}

inline constexpr char kOwner[] = "Bearer owner";
inline constexpr char kNobody[] = "Bearer nobody";

// Everything behind the gRPC server, on a given store. In the store: account
// SampleId(1), and SampleUser(11), known as kOwner, who owns it.
// SampleUser(12), known as kNobody, holds nothing.
struct RpcWorld {
  explicit RpcWorld(storage::Store* store_in_use)
      : store(store_in_use),
        denials(store, &audit, &clock, &logger),
        access(store),
        accounts(store, keyring.get(), &audit, &denials, &last_uses, &clock,
                 &random, {}),
        authorizations(store, keyring.get(), &audit, &clock, &random,
                       domain::OauthOwners::kCanAct),
        audit_reader(store, keyring.get()),
        dispatcher(&authenticator, &access, &denials, &clock, &logger,
                   api::ApiMethods({.store = store,
                                    .service_accounts = &accounts,
                                    .authorizations = &authorizations,
                                    .audit = &audit_reader,
                                    .verifier = &verifier,
                                    .clock = &clock,
                                    .logger = &logger})) {
    store->Subscribe(std::nullopt, [this](const storage::ChangeNotice& notice) {
      directory.OnChange(notice.changes);
      feed.Publish(notice.changes);
    });
    const identity::Principal owner = SampleUser(11);
    authenticator.callers = {{kOwner, owner}, {kNobody, SampleUser(12)}};
    EXPECT_THAT(storage::WriteAndWait(
                    *store,
                    [&owner](storage::WriteTxn& txn) {
                      absl::Status status =
                          txn.EnsureAccount(SampleId(1), SampleTime());
                      status.Update(txn.InsertAuthorization(
                          SampleGrant(SampleId(1), 101, owner.Subjects()[0],
                                      storage::GrantKind::kAccountOwner)));
                      return status;
                    }),
                IsOk());
  }

  const std::string account_id = SampleId(1).ToString();
  storage::Store* const store;
  FakeClock clock;
  SeededRandom random;
  RecordingLogger logger;
  call::AccessLog access_log{&logger};
  const std::unique_ptr<crypto::MacKeyring> keyring =
      crypto::MacKeyring::ForTest("key");
  SeededRandom nonces;
  const audit::AuditLog audit{keyring.get(), &nonces};
  upkeep::LastUses last_uses{&logger};
  identity::TokenDirectory directory{store, keyring.get(), &last_uses, {}};
  domain::ChangeFeed feed{random};
  FakeAuthenticator authenticator{&directory};
  domain::TokenVerifier verifier{store, &directory, &authenticator, &clock};
  audit::DenialLog denials;  // Writes where a test says so.
  domain::Access access;
  domain::ServiceAccounts accounts;
  domain::Authorizations authorizations;
  domain::AuditReader audit_reader;
  Dispatcher dispatcher;
  const GrpcTokenParts token_parts = {.directory = &directory,
                                      .verifier = &verifier,
                                      .authenticator = &authenticator,
                                      .denials = &denials,
                                      .feed = &feed};
};

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_RPC_WORLD_H_
