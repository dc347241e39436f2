// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_DOMAIN_TOKEN_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_DOMAIN_TOKEN_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/domain/token_verifier.h"
#include "server/identity/auth_error.h"
#include "server/identity/token_directory.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {

// Knows users by the token that they present.
class FakeIssuer final : public identity::Authenticator {
 public:
  std::map<std::string, absl::StatusOr<identity::Principal>> users;

  void Authenticate(const identity::Credential& credential, absl::Time,
                    Done done) override {
    const auto found = users.find(std::string(credential.token()));
    if (found == users.end()) {
      std::move(done)(identity::TokenInvalidError());
    } else {
      std::move(done)(found->second);
    }
  }
};

// A DomainWorld with a second account, kAway, and a verifier over it that reads
// everything anew.
struct TokenWorld : DomainWorld {
  const Uuid kAway = SampleId(9);
  FakeIssuer issuer;
  identity::TokenDirectory directory{
      &store, keyring.get(), nullptr, {.max_entries = 0}};
  TokenVerifier verifier{&store, &directory, &issuer, &clock};

  TokenWorld() {
    EXPECT_THAT(storage::WriteAndWait(store,
                                      [this](storage::WriteTxn& txn) {
                                        return txn.EnsureAccount(kAway,
                                                                 SampleTime());
                                      }),
                IsOk());
  }

  // A service account of kHome with a token that is good.
  IssuedServiceAccount Issue(std::vector<std::string> capabilities = {}) {
    ServiceAccounts::CreateRequest request = Good();
    request.capabilities = std::move(capabilities);
    absl::StatusOr<IssuedServiceAccount> issued = Create(owner, request);
    EXPECT_THAT(issued, IsOk());
    return *std::move(issued);
  }

  // A service account of kAway, past the rules of the domain.
  IssuedServiceAccount IssueAway() {
    IssuedServiceAccount issued = Issue();
    EXPECT_THAT(storage::WriteAndWait(
                    store,
                    [&](storage::WriteTxn& txn) {
                      absl::Status status =
                          txn.DeleteServiceAccount(kHome, issued.record.id);
                      issued.record.account_id = kAway;
                      status.Update(txn.InsertServiceAccount(issued.record));
                      return status;
                    }),
                IsOk());
    return issued;
  }

  // Past the rules of the domain, too.
  void Grant(const storage::AuthorizationRecord& grant) {
    EXPECT_THAT(storage::WriteAndWait(store,
                                      [&grant](storage::WriteTxn& txn) {
                                        return txn.InsertAuthorization(grant);
                                      }),
                IsOk());
  }
  storage::AuthorizationRecord CapabilityOf(const storage::Subject& subject,
                                            const Uuid& account_id,
                                            const char* key) {
    storage::AuthorizationRecord grant =
        SampleCapability(account_id, next_grant++, subject);
    grant.capability_key = key;
    return grant;
  }

  void ChangeRecord(const Uuid& id,
                    void (*change)(storage::ServiceAccountRecord&)) {
    EXPECT_THAT(storage::WriteAndWait(store,
                                      [&](storage::WriteTxn& txn) {
                                        storage::ServiceAccountRecord record =
                                            *txn.GetServiceAccount(kHome, id);
                                        change(record);
                                        return txn.UpdateServiceAccount(record);
                                      }),
                IsOk());
  }

  void ChangeRecord(const storage::ServiceAccountRecord& which,
                    void (*change)(storage::ServiceAccountRecord&)) {
    EXPECT_THAT(storage::WriteAndWait(store,
                                      [&](storage::WriteTxn& txn) {
                                        storage::ServiceAccountRecord record =
                                            *txn.GetServiceAccount(
                                                which.account_id, which.id);
                                        change(record);
                                        return txn.UpdateServiceAccount(record);
                                      }),
                IsOk());
  }

  uint32_t next_grant = 500;
};

}  // namespace signet::domain

#endif  // SIGNET_TESTS_UNIT_SERVER_DOMAIN_TOKEN_WORLD_H_
