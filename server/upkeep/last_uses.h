// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_LAST_USES_H_
#define SIGNET_SERVER_UPKEEP_LAST_USES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/steady_event.h"
#include "base/uuid.h"
#include "server/identity/last_use_recorder.h"
#include "storage/records.h"
#include "storage/store.h"

namespace signet::upkeep {

// When a token of each service account last authenticated, kept here until a
// Flush writes it: many uses become one row to write. Times only move forward.
// Thread-safe.
//
// Bounded: a shard remembers up to kMaxPerShard service accounts, all of them
// about 180,000 in some 13 MB. Once a shard is half full AwaitPressure returns,
// so that a flush can come early; those whose use is written are forgotten by
// the flush after. Where the store does not keep up and a shard is full,
// further uses are not noted; the next flush logs how many.
//
// What has not been flushed when the process is killed is lost.
class LastUses final : public identity::LastUseRecorder {
 public:
  static constexpr size_t kShards = 64;
  // So many fit in a table of 4,096 places: above, it would double rather than
  // sweep out the places of what was erased.
  static constexpr size_t kMaxPerShard = 2800;

  // `logger` outlives this object.
  explicit LastUses(Logger* logger) : logger_(logger) {}
  LastUses(const LastUses&) = delete;
  LastUses& operator=(const LastUses&) = delete;

  // One short lock, which few others share, and no allocation for a service
  // account that is remembered. Waits for no flush.
  void Note(const Uuid& account_id, const Uuid& service_account_id,
            absl::Time at) override;
  std::optional<absl::Time> Latest(
      const Uuid& service_account_id) const override;

  // Writes what was noted since it was last written, a hundred a
  // transaction and one after another, so that requests get in between. Blocks:
  // for a thread of its own. After an error, which is the store's, what was not
  // written stays, for the next flush.
  absl::Status Flush(storage::Store& store);

  // Waits until a shard becomes half full, or Wake() is called, or either has
  // happened since this last returned true. False: it is `end`. For the thread
  // that flushes.
  bool AwaitPressure(SteadyEvent::Moment end) { return wake_.AwaitUntil(end); }
  void Wake() { wake_.Set(); }

  // Whether a shard is half full: the next flush makes room.
  bool IsCrowded() const;

 private:
  static constexpr size_t kCrowd = kMaxPerShard / 2;

  struct Entry {
    Uuid account_id;
    int64_t at;       // Unix microseconds.
    int64_t written;  // The latest that is in the store.
  };
  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<Uuid::Bytes, Entry> entries ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(const Uuid& service_account_id);
  const Shard& ShardOf(const Uuid& service_account_id) const;
  // What is noted and not written.
  static std::vector<storage::LastUse> Pending(const Shard& shard);
  void MarkWritten(std::span<const storage::LastUse> uses);
  static void MakeRoom(Shard& shard);
  void LogSkipped();

  Logger* const logger_;
  std::array<Shard, kShards> shards_;
  std::atomic<int64_t> skipped_ = 0;  // Since it was last logged.
  SteadyEvent wake_;
};

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_LAST_USES_H_
