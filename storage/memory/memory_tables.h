// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"

namespace signet::memory {

// All rows. A plain value: threads that share one lock it.
struct MemoryTables {
  struct ServiceAccountKey {
    Uuid account_id;
    Uuid id;
    friend auto operator<=>(const ServiceAccountKey&,
                            const ServiceAccountKey&) = default;
  };
  struct StoredToken {
    ServiceAccountKey owner;
    // The token once it has been replaced; until then the owner's row has it.
    std::optional<storage::TokenRecord> replaced = {};
  };
  struct GrantKey {
    storage::Subject subject;
    Uuid id;
    friend auto operator<=>(const GrantKey&, const GrantKey&) = default;
  };
  struct AuditKey {
    Uuid account_id;
    uint64_t sequence = 0;
    friend auto operator<=>(const AuditKey&, const AuditKey&) = default;
  };

  std::map<Uuid, absl::Time> accounts;  // With their time of creation.
  std::map<ServiceAccountKey, storage::ServiceAccountRecord> service_accounts;
  std::map<std::string, StoredToken, std::less<>> tokens;  // By public id.
  std::map<Uuid, storage::AuthorizationRecord> authorizations;
  std::set<GrantKey> grants;  // All of them, revoked ones too.
  std::map<AuditKey, storage::AuditEventRecord> audit_events;
  std::map<Uuid, storage::AuditChainRecord> audit_chains;
  std::map<std::string, storage::AuditHeadRecord, std::less<>> audit_heads;
  std::map<std::array<uint8_t, 32>, storage::IdempotencyRecord>
      idempotency_records;
  std::map<std::string, absl::Time, std::less<>> watermarks;
};

}  // namespace signet::memory

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_
