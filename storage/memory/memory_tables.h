// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/base/uuid.h"
#include "storage/records.h"

namespace signet {

// All rows. A plain value; whoever shares one locks it.
struct MemoryTables {
  struct ServiceAccountKey {
    Uuid account_id;
    Uuid id;
    friend auto operator<=>(const ServiceAccountKey&,
                            const ServiceAccountKey&) = default;
  };
  struct GrantKey {
    Subject subject;
    Uuid id;
    friend auto operator<=>(const GrantKey&, const GrantKey&) = default;
  };

  std::map<Uuid, absl::Time> accounts;  // With their time of creation.
  std::map<ServiceAccountKey, ServiceAccountRecord> service_accounts;
  // Every token there is, by public id, and whose it is.
  std::map<std::string, ServiceAccountKey, std::less<>> tokens;
  std::map<GrantKey, AuthorizationRecord> authorizations;
  std::set<Uuid> authorization_ids;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_TABLES_H_
