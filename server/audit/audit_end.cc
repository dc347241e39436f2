// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_end.h"

#include <algorithm>
#include <utility>

#include "server/audit/audit_mac.h"

namespace signet::audit {
namespace {

// No log of our own gets there. What is forged as far away must not take the
// log with it, to where numbers end.
constexpr uint64_t kFar = uint64_t{1} << 53;

// The event closest to `sequence`, behind or before it.
absl::StatusOr<std::optional<storage::AuditEventRecord>> Neighbour(
    storage::ReadTxn& txn, const Uuid& account_id, uint64_t sequence,
    bool before) {
  storage::AuditQuery query;
  query.account_id = account_id;
  query.descending = before;
  query.after = sequence;
  query.limit = 1;
  query.scan_limit = 1;
  absl::StatusOr<storage::AuditPage> page = txn.ListAuditEvents(query);
  if (!page.ok()) return page.status();
  if (page->records.empty()) return std::nullopt;
  return std::move(page->records.front());
}

// Moves the end of `chain` behind the last event that is there and not far
// away, and on to where the next two numbers are free.
absl::Status MoveBehindEvents(storage::ReadTxn& txn,
                              storage::AuditChainRecord& chain) {
  absl::StatusOr<std::optional<storage::AuditEventRecord>> event =
      Neighbour(txn, chain.account_id, kFar, /*before=*/true);
  while (event.ok() && event->has_value() &&
         (*event)->sequence <= std::max(chain.last_sequence + 2, kFar)) {
    if ((*event)->sequence >= chain.last_sequence) {
      chain.last_sequence = (*event)->sequence;
      chain.last_mac = (*event)->mac;
    }
    event = Neighbour(txn, chain.account_id, chain.last_sequence,
                      /*before=*/false);
  }
  return event.status();
}

}  // namespace

absl::StatusOr<AuditEnd> FindAuditEnd(storage::ReadTxn& txn,
                                      const crypto::MacKeyring& keyring,
                                      const Uuid& account_id) {
  AuditEnd end;
  const absl::StatusOr<storage::AuditChainRecord> chain =
      txn.GetAuditChain(account_id);
  if (!chain.ok() && !absl::IsNotFound(chain.status())) return chain.status();
  const bool good = chain.ok() && HasGoodMac(keyring, *chain);
  if (chain.ok()) {
    end.chain = *chain;
    end.broken = !good;
    if (good) end.before = *chain;
  } else {
    end.begins = true;
    end.chain.account_id = account_id;
  }
  if (good) {
    end.sound_until = end.chain.last_sequence;
  } else if (end.chain.last_sequence >= kFar) {
    end.chain.last_sequence = 0;  // Not ours.
  }

  // A log that is whole has nothing behind its end, also if it is to begin.
  if (!end.broken) {
    const absl::StatusOr<std::optional<storage::AuditEventRecord>> stray =
        Neighbour(txn, account_id, end.chain.last_sequence, /*before=*/false);
    if (!stray.ok()) return stray.status();
    end.broken =
        stray->has_value() &&
        (*stray)->sequence <= std::max(end.chain.last_sequence + 1, kFar);
  }
  if (!end.broken) return end;
  absl::Status status = MoveBehindEvents(txn, end.chain);
  if (!status.ok()) return status;
  if (end.chain.first_sequence > end.chain.last_sequence + 1) {
    end.chain.first_sequence = end.chain.last_sequence + 1;
    end.chain.mac_before_first = end.chain.last_mac;
  }
  return end;
}

}  // namespace signet::audit
