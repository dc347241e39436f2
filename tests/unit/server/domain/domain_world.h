// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "crypto/mac_keyring.h"
#include "gtest/gtest.h"
#include "server/audit/audit_log.h"
#include "server/domain/access.h"
#include "server/domain/authorizations.h"
#include "server/domain/service_accounts.h"
#include "server/upkeep/last_uses.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_context.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {

inline identity::Principal User(const Uuid& id) {
  identity::Principal user;
  user.kind = identity::PrincipalKind::kUser;
  user.id = id;
  user.oauth_subject = id.ToString();
  return user;
}

inline identity::Principal ServiceAccountOf(const Uuid& account_id,
                                            const Uuid& id) {
  identity::Principal account;
  account.kind = identity::PrincipalKind::kServiceAccount;
  account.id = id;
  account.home_account_id = account_id;
  return account;
}

// What clients are told of it.
inline absl::Status Told(const absl::Status& status) {
  return MakeError(status.code(), std::string(status.message()),
                   GetErrorDetail(status));
}

// As the dispatcher makes one.
inline identity::CallerPtr CallerFor(
    const identity::Principal& principal,
    const std::string& credential = "credential") {
  auto caller = std::make_shared<identity::Caller>();
  caller->context = SampleContext();
  caller->principal = principal;
  caller->idempotency_seed = Secret(std::string(credential));
  return caller;
}

// Takes what a call of the domain answers before it returns.
template <typename T>
class Outcome {
 public:
  OutcomeDone<T> Done() {
    return [this](absl::StatusOr<T> outcome) {
      EXPECT_FALSE(result_.has_value()) << "answered twice";
      result_.emplace(std::move(outcome));
    };
  }
  absl::StatusOr<T> Take() { return *std::move(result_); }

 private:
  std::optional<absl::StatusOr<T>> result_;
};

// The domain on a memory store, with the clock standing still. In it: kHome and
// an owner of it, a viewer, a super_admin whose grant lies on kHome, and one
// who holds nothing.
struct DomainWorld {
  const Uuid kHome = SampleId(1);
  const Uuid kAbsent = SampleId(2);
  const identity::Principal owner = User(SampleId(11));
  const identity::Principal viewer = User(SampleId(12));
  const identity::Principal super_admin = User(SampleId(13));
  const identity::Principal nobody = User(SampleId(14));
  const identity::Principal program = Program();  // An owner.

  FaultyStore store;
  FakeClock clock;
  SeededRandom random;
  std::unique_ptr<crypto::MacKeyring> keyring =
      crypto::MacKeyring::ForTest("key");
  SeededRandom nonces;
  audit::AuditLog audit{keyring.get(), &nonces};
  RecordingLogger logger;
  audit::DenialLog denials{&store, &audit, &clock, &logger};  // Has no thread.
  Access access{&store};
  upkeep::LastUses last_uses{&logger};
  ServiceAccounts accounts{&store,     keyring.get(), &audit,  &denials,
                           &last_uses, &clock,        &random, {}};
  Authorizations authorizations{&store, keyring.get(), &audit,
                                &clock, &random,       OauthOwners::kCanAct};

  DomainWorld() {
    storage::AuthorizationRecord grants[] = {
        SampleGrant(kHome, 101, owner.Subjects()[0],
                    storage::GrantKind::kAccountOwner),
        SampleCapability(kHome, 102, viewer.Subjects()[0]),
        SampleGrant(kHome, 103, super_admin.Subjects()[0],
                    storage::GrantKind::kSuperAdmin),
        SampleGrant(kHome, 104, program.Subjects()[0],
                    storage::GrantKind::kAccountOwner)};
    grants[1].capability_key = "account.view";
    EXPECT_THAT(
        storage::WriteAndWait(
            store,
            [&](storage::WriteTxn& txn) {
              absl::Status status = txn.EnsureAccount(kHome, SampleTime());
              status.Update(
                  txn.InsertServiceAccount(SampleServiceAccount(kHome, 15)));
              for (const storage::AuthorizationRecord& grant : grants) {
                status.Update(txn.InsertAuthorization(grant));
              }
              return status;
            }),
        IsOk());
    writes_before = store.writes();
  }

  int writes() const { return store.writes() - writes_before; }

  // kHome's service account that SampleServiceAccount makes of 15.
  identity::Principal Program() const {
    identity::Principal program = ServiceAccountOf(kHome, SampleId(15));
    program.token_public_id = SamplePublicId(15);
    return program;
  }

  // Who presents the token just issued.
  static identity::Principal Bearer(const IssuedServiceAccount& issued) {
    identity::Principal bearer =
        ServiceAccountOf(issued.record.account_id, issued.record.id);
    bearer.token_public_id = issued.record.token.public_id;
    return bearer;
  }

  absl::StatusOr<IssuedServiceAccount> Create(
      const identity::Principal& principal,
      ServiceAccounts::CreateRequest request) {
    Outcome<IssuedServiceAccount> outcome;
    accounts.Create(CallerFor(principal), std::move(request), outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<storage::ServiceAccountRecord> Get(
      const identity::Principal& principal, const std::string& account_id,
      const std::string& id) {
    Outcome<storage::ServiceAccountRecord> outcome;
    accounts.Get(CallerFor(principal),
                 {.account_id = account_id, .service_account_id = id},
                 outcome.Done());
    return outcome.Take();
  }

  // A request that breaks no rule.
  ServiceAccounts::CreateRequest Good() const {
    return {.account_id = kHome.ToString(), .name = "ci", .expires_at = {}};
  }

  int writes_before = 0;
};

}  // namespace signet::domain

#endif  // SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_
