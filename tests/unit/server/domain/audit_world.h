// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_DOMAIN_AUDIT_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_DOMAIN_AUDIT_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/mac_keyring.h"
#include "gtest/gtest.h"
#include "server/audit/audit_log.h"
#include "server/audit/audit_verify.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {

// Audit logs in a memory store, and one who has the store but not the key.
struct AuditWorld {
  const Uuid kAccount = SampleId(1);
  const Uuid kOther = SampleId(2);

  FaultyStore store;
  std::unique_ptr<crypto::MacKeyring> keyring =
      crypto::MacKeyring::ForTest("key");
  SeededRandom nonces;
  audit::AuditLog log{keyring.get(), &nonces};

  AuditWorld() {
    Write([this](storage::WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(kAccount, SampleTime());
      status.Update(txn.EnsureAccount(kOther, SampleTime()));
      return status;
    });
  }

  void Write(storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(store, std::move(body)), IsOk());
  }

  // Appends an event, `number` seconds after the sample time.
  void Append(const Uuid& account, int number) {
    Write([&](storage::WriteTxn& txn) {
      return log.AppendSystem(
          txn, account, SampleTime(number),
          {.action = absl::StrCat("test.", number),
           .resource_type = std::string(audit::kServiceAccountResource),
           .resource_id = SampleId(number).ToString(),
           .details = {{"number", absl::StrCat(number)}}});
    });
  }

  std::vector<storage::AuditEventRecord> Events(const Uuid& account) {
    std::vector<storage::AuditEventRecord> events;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       storage::AuditQuery query;
                                       query.account_id = account;
                                       query.descending = false;
                                       query.limit = query.scan_limit = 100'000;
                                       const auto page =
                                           txn.ListAuditEvents(query);
                                       if (page.ok()) events = page->records;
                                       return page.status();
                                     }),
                IsOk());
    return events;
  }

  std::optional<storage::AuditChainRecord> Chain(const Uuid& account) {
    std::optional<storage::AuditChainRecord> chain;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       const auto found =
                                           txn.GetAuditChain(account);
                                       if (found.ok()) chain = *found;
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return chain;
  }

  // Puts `events` in the place of all that the account has.
  void PutEvents(const Uuid& account,
                 const std::vector<storage::AuditEventRecord>& events) {
    Write([&](storage::WriteTxn& txn) {
      absl::Status status =
          txn.DeleteAuditEventsBefore(account, uint64_t{1} << 60);
      for (const storage::AuditEventRecord& event : events) {
        status.Update(txn.InsertAuditEvent(event));
      }
      return status;
    });
  }

  void PutChain(const storage::AuditChainRecord& chain) {
    Write([&](storage::WriteTxn& txn) { return txn.PutAuditChain(chain); });
  }

  // The faults found, and in `verdict` the rest.
  std::vector<audit::AuditFault> Verify(
      audit::AuditVerdict* verdict = nullptr) {
    std::vector<audit::AuditFault> faults;
    const absl::StatusOr<audit::AuditVerdict> result = audit::VerifyAudit(
        store, *keyring,
        [&faults](const audit::AuditFault& fault) { faults.push_back(fault); });
    EXPECT_THAT(result, IsOk());
    EXPECT_EQ(result->faults, faults.size());
    if (verdict != nullptr) *verdict = *result;
    return faults;
  }

  // The sequence numbers of the faults found, which are all kAccount's.
  std::vector<uint64_t> Faulty() {
    std::vector<uint64_t> sequences;
    for (const audit::AuditFault& fault : Verify()) {
      EXPECT_EQ(fault.account_id, kAccount);
      sequences.push_back(fault.sequence);
    }
    return sequences;
  }
};

}  // namespace signet::domain

#endif  // SIGNET_TESTS_UNIT_SERVER_DOMAIN_AUDIT_WORLD_H_
