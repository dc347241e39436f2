// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_AUDIT_READER_H_
#define SIGNET_SERVER_DOMAIN_AUDIT_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/mac_keyring.h"
#include "server/domain/access.h"
#include "server/domain/expiry_rule.h"
#include "server/domain/transact.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::domain {

// What the audit log holds, for those who manage the account. Thread-safe;
// nothing blocks.
class AuditReader {
 public:
  template <typename T>
  using Done = OutcomeDone<T>;

  // Conditions as the client wrote them; an empty one is none. See
  // proto/signet/v1/audit.proto.
  struct ListRequest {
    std::string account_id;
    std::string actor = {};
    std::string action = {};
    std::string resource_id = {};
    std::string outcome = {};
    std::optional<RawTimestamp> from = {};
    std::optional<RawTimestamp> until = {};
    int32_t page_size = 0;
    std::string page_token = {};
  };
  struct Page {
    std::vector<storage::AuditEventRecord> records;  // Newest first.
    std::string next_page_token;                     // Empty at the end.
  };

  // What a caller needs on the account; see ServiceAccounts::kReadRight.
  static constexpr Right kRight = Right::kManage;

  // All outlive this object, which in turn outlives its calls.
  AuditReader(storage::Store* store, const crypto::MacKeyring* keyring)
      : store_(store), keyring_(keyring) {}

  // Needs kRight. Faults rank, and `done` is called, as ServiceAccounts says.
  void List(const identity::CallerPtr& caller, const ListRequest& request,
            Done<Page> done);

 private:
  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_AUDIT_READER_H_
