// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_POWER_CUT_VFS_H_
#define SIGNET_TESTS_SUPPORT_POWER_CUT_VFS_H_

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/support/vfs_shim.h"

namespace signet {

// A disk whose power is cut. What a file was given since it was last synced may
// be there afterwards, or not, or as far as some sector, each write for itself.
// The databases go on, so that what they answer is known; what the cut left is
// a copy. Thread-safe.
class PowerCutVfs : public VfsShim {
 public:
  // Contents by path, of databases and logs.
  using Disk = std::map<std::string, std::string>;

  // Cuts the power before the next change of a file but `spared`; what gets
  // lost follows from `seed`.
  void CutAfter(int spared, uint32_t seed) {
    absl::MutexLock lock(&mutex_);
    spared_ = spared;
    random_.seed(seed);
    left_.reset();
  }

  // What the last cut left, which is now unless it has been. And whether it had
  // been.
  std::pair<Disk, bool> Take() {
    absl::MutexLock lock(&mutex_);
    const bool early = left_.has_value();
    if (!early) Cut();
    spared_.reset();
    return {*std::exchange(left_, std::nullopt), early};
  }

 private:
  static constexpr size_t kSector = 512;

  struct Change {
    size_t offset;
    std::optional<std::string> data;  // Absent: cut the file short here.
  };
  struct State {
    std::string durable;
    std::vector<Change> unsynced;
  };

  static void Apply(const Change& change, std::string& content) {
    if (!change.data.has_value()) {
      content.resize(change.offset);
      return;
    }
    const size_t end = change.offset + change.data->size();
    if (content.size() < end) content.resize(end);
    content.replace(change.offset, change.data->size(), *change.data);
  }

  // Of a change that was not synced.
  void ApplySome(Change change, std::string& content)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const uint32_t fate = random_() % 3;
    if (fate == 0) return;
    if (fate == 1 && change.data.has_value()) {
      const size_t sectors = change.data->size() / kSector + 1;
      change.data->resize(
          std::min(change.data->size(), random_() % sectors * kSector));
      if (change.data->empty()) return;
    }
    Apply(change, content);
  }

  void Cut() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    left_.emplace();
    for (const auto& [path, state] : files_) {
      std::string& content = (*left_)[path];
      content = state.durable;
      for (const Change& change : state.unsynced) ApplySome(change, content);
    }
  }

  void BeforeChange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (spared_.has_value() && !left_.has_value() && (*spared_)-- <= 0) Cut();
  }

  static bool IsKept(const Opened& file) {
    return file.kind != kFiles && file.path != nullptr;
  }

  void OnOpen(Opened& file) override {
    if (!IsKept(file)) return;
    absl::MutexLock lock(&mutex_);
    const auto [state, is_new] = files_.try_emplace(file.path);
    if (!is_new) return;
    std::ifstream in(file.path, std::ios::binary);
    state->second.durable.assign(std::istreambuf_iterator<char>(in), {});
  }
  int OnWrite(Opened& file, const void* data, int size,
              sqlite3_int64 offset) override {
    if (IsKept(file)) {
      absl::MutexLock lock(&mutex_);
      BeforeChange();
      files_[file.path].unsynced.push_back(
          {static_cast<size_t>(offset),
           std::string(static_cast<const char*>(data),
                       static_cast<size_t>(size))});
    }
    return VfsShim::OnWrite(file, data, size, offset);
  }
  int OnTruncate(Opened& file, sqlite3_int64 size) override {
    if (IsKept(file)) {
      absl::MutexLock lock(&mutex_);
      BeforeChange();
      files_[file.path].unsynced.push_back(
          {static_cast<size_t>(size), std::nullopt});
    }
    return VfsShim::OnTruncate(file, size);
  }
  // The disk under it is not waited for.
  int OnSync(Opened& file, int) override {
    if (!IsKept(file)) return SQLITE_OK;
    absl::MutexLock lock(&mutex_);
    BeforeChange();
    State& state = files_[file.path];
    for (const Change& change : state.unsynced) Apply(change, state.durable);
    state.unsynced.clear();
    return SQLITE_OK;
  }

  absl::Mutex mutex_;
  std::map<std::string, State> files_ ABSL_GUARDED_BY(mutex_);
  std::optional<int> spared_ ABSL_GUARDED_BY(mutex_);
  std::optional<Disk> left_ ABSL_GUARDED_BY(mutex_);
  std::mt19937 random_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_POWER_CUT_VFS_H_
