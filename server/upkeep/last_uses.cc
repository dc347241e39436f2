// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/last_uses.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"

namespace signet::upkeep {
namespace {

constexpr size_t kUsesPerWrite = 100;

constexpr int64_t kNeverWritten = std::numeric_limits<int64_t>::min();

// Not the one that a shard's own table uses: that would leave most of its
// buckets empty.
size_t ShardIndex(const Uuid& id) {
  return absl::HashOf(id.bytes(), uint64_t{1}) % LastUses::kShards;
}

}  // namespace

LastUses::Shard& LastUses::ShardOf(const Uuid& service_account_id) {
  return shards_[ShardIndex(service_account_id)];
}

const LastUses::Shard& LastUses::ShardOf(const Uuid& service_account_id) const {
  return shards_[ShardIndex(service_account_id)];
}

void LastUses::Note(const Uuid& account_id, const Uuid& service_account_id,
                    absl::Time at) {
  const int64_t micros = absl::ToUnixMicros(at);
  Shard& shard = ShardOf(service_account_id);
  bool crowds = false;
  {
    absl::MutexLock lock(&shard.mutex);
    const auto known = shard.entries.find(service_account_id.bytes());
    if (known != shard.entries.end()) {
      known->second.at = std::max(known->second.at, micros);
    } else if (shard.entries.size() < kMaxPerShard) {
      shard.entries.emplace(service_account_id.bytes(),
                            Entry{.account_id = account_id,
                                  .at = micros,
                                  .written = kNeverWritten});
      crowds = shard.entries.size() == kCrowd;
    } else {
      skipped_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (crowds) Wake();  // Once while it stays so.
}

std::optional<absl::Time> LastUses::Latest(
    const Uuid& service_account_id) const {
  const Shard& shard = ShardOf(service_account_id);
  absl::MutexLock lock(&shard.mutex);
  const auto known = shard.entries.find(service_account_id.bytes());
  if (known == shard.entries.end()) return std::nullopt;
  return absl::FromUnixMicros(known->second.at);
}

absl::Status LastUses::Flush(storage::Store& store) {
  LogSkipped();
  // Now, not after the writes: who has read a row from before a write asks for
  // what is remembered, and must still find it.
  for (Shard& shard : shards_) MakeRoom(shard);
  std::vector<storage::LastUse> uses;
  for (const Shard& shard : shards_) {
    std::ranges::move(Pending(shard), std::back_inserter(uses));
  }
  // In the order of the rows: neighbours share pages, and so a write.
  std::ranges::sort(uses, {}, [](const storage::LastUse& use) {
    return std::pair(use.account_id, use.service_account_id);
  });
  for (size_t done = 0; done < uses.size(); done += kUsesPerWrite) {
    const auto chunk = std::span(uses).subspan(
        done, std::min(kUsesPerWrite, uses.size() - done));
    const absl::Status status = storage::WriteAndWait(
        store,
        [&chunk](storage::WriteTxn& txn) { return txn.TouchLastUsed(chunk); });
    if (!status.ok()) return status;
    MarkWritten(chunk);
  }
  return absl::OkStatus();
}

bool LastUses::IsCrowded() const {
  return std::ranges::any_of(shards_, [](const Shard& shard) {
    absl::MutexLock lock(&shard.mutex);
    return shard.entries.size() >= kCrowd;
  });
}

std::vector<storage::LastUse> LastUses::Pending(const Shard& shard) {
  std::vector<storage::LastUse> uses;
  absl::MutexLock lock(&shard.mutex);
  for (const auto& [id, entry] : shard.entries) {
    if (entry.at <= entry.written) continue;
    uses.push_back({.account_id = entry.account_id,
                    .service_account_id = Uuid(id),
                    .at = absl::FromUnixMicros(entry.at)});
  }
  return uses;
}

void LastUses::MarkWritten(std::span<const storage::LastUse> uses) {
  for (const storage::LastUse& use : uses) {
    Shard& shard = ShardOf(use.service_account_id);
    absl::MutexLock lock(&shard.mutex);
    const auto known = shard.entries.find(use.service_account_id.bytes());
    if (known == shard.entries.end()) continue;
    known->second.written =
        std::max(known->second.written, absl::ToUnixMicros(use.at));
  }
}

void LastUses::MakeRoom(Shard& shard) {
  absl::MutexLock lock(&shard.mutex);
  if (shard.entries.size() < kCrowd) return;
  absl::erase_if(shard.entries, [](const auto& entry) {
    return entry.second.at <= entry.second.written;
  });
}

void LastUses::LogSkipped() {
  const int64_t skipped = skipped_.exchange(0);
  if (skipped == 0) return;
  logger_->Warning(
      "uses of tokens were not noted: more service accounts than memory is for",
      {{"uses", skipped}});
}

}  // namespace signet::upkeep
