// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_HEAD_H_
#define SIGNET_SERVER_AUDIT_AUDIT_HEAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "crypto/mac_keyring.h"
#include "storage/store.h"

namespace signet::audit {

// How far the audit logs of all accounts have come, all together. A database
// that has one is sealed: its rows carry seals (seal.h).
struct AuditHead {
  uint64_t events = 0;    // Ever appended.
  uint64_t accounts = 0;  // Whose log was begun.
  uint64_t changes = 0;   // Of any log: appending, and trimming its front.
  // The sum (XOR) of a digest of each log's record of both ends. It is the
  // logs' only if each has come, step by step, to where it is: one that was
  // removed, or put back to an earlier state and perhaps continued from there,
  // leaves something behind in the sum.
  crypto::Sha256Digest digest = {};
  Uuid database = {};  // Tells one database from others with the same keys.
  absl::Time sealed_at = {};  // Since when.

  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

// What a new database begins with. `database` is random.
AuditHead NewAuditHead(RandomSource& random, absl::Time now);

// Heads of several writers, taken together. Empty gives nothing. DATA_LOSS:
// they are not of one database.
absl::StatusOr<std::optional<AuditHead>> SumOf(
    std::span<const AuditHead> heads);

// The part of `chain`, a log's record of both ends, in AuditHead::digest.
crypto::Sha256Digest DigestOf(const crypto::MacKeyring& keyring,
                              const storage::AuditChainRecord& chain);
void AddTo(crypto::Sha256Digest& sum, const crypto::Sha256Digest& part);

// A name of exactly this head that tells nothing of its digest, under key
// `key_version` (the current one if that is unknown).
crypto::Sha256Digest HashOf(const crypto::MacKeyring& keyring,
                            uint32_t key_version, const AuditHead& head);

// Keeps the audit head of one writer in the store. Who has the database sees
// neither the digest nor, since every ciphertext differs, whether it is one
// that was there before: from the differences of digests, old records of both
// ends could be chosen that add up to a wanted one. Thread-safe.
class AuditHeads {
 public:
  // Borrows both. Where a store has no head yet it begins with `genesis`, or
  // with a fresh one.
  AuditHeads(const crypto::MacKeyring* keyring, RandomSource* random,
             std::optional<AuditHead> genesis = std::nullopt)
      : keyring_(keyring), random_(random), genesis_(genesis) {}

  // In the transaction that puts the record of both ends `after` in the place
  // of `before`, and `events` events with it. `before` is absent where the log
  // begins with them, or what was there does not verify; `begins` tells which.
  // Where the head itself does not verify it begins anew, never to be right
  // again.
  absl::Status Move(storage::WriteTxn& txn, absl::Time now,
                    const std::optional<storage::AuditChainRecord>& before,
                    bool begins, const storage::AuditChainRecord& after,
                    uint64_t events) const;

  // Puts `head` in the place of this writer's.
  absl::Status Put(storage::WriteTxn& txn, const AuditHead& head) const;

  // What the store says, of all writers together. Absent: it is not sealed.
  // DATA_LOSS: a head does not verify, with these keys.
  absl::StatusOr<std::optional<AuditHead>> Read(storage::ReadTxn& txn) const;

  // As a record of the embedded engine's writer, and back.
  // UNAUTHENTICATED: it was not made with these keys, or was altered.
  storage::AuditHeadRecord ToRecord(const AuditHead& head) const;
  absl::StatusOr<AuditHead> FromRecord(
      const storage::AuditHeadRecord& record) const;

 private:
  // The key that encrypts, and what tells which it is.
  struct EncryptionKey {
    uint32_t version;
    std::string salt;
    Secret key;
  };
  // The last one made or read: as a rule it is the next one read.
  struct Latest {
    storage::AuditHeadRecord record;
    AuditHead head;
  };

  // For one record. Makes one where there is none with uses left.
  std::shared_ptr<const EncryptionKey> TakeEncryptionKey() const
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<AuditHead> DecryptRecord(
      const storage::AuditHeadRecord& record) const;

  const crypto::MacKeyring* const keyring_;
  RandomSource* const random_;
  const std::optional<AuditHead> genesis_;

  mutable absl::Mutex mutex_;
  mutable std::shared_ptr<const EncryptionKey> encryption_key_
      ABSL_GUARDED_BY(mutex_);
  mutable uint32_t encryption_key_uses_left_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::optional<Latest> latest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_HEAD_H_
