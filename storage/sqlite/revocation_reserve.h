// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_REVOCATION_RESERVE_H_
#define SIGNET_STORAGE_SQLITE_REVOCATION_RESERVE_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/log.h"
#include "storage/sqlite/reserve_file.h"

namespace signet::sqlite {

// Decides who gets the room that was kept for revocations. Belongs to the
// writer's thread.
class RevocationReserve {
 public:
  // Fills the file. `in_use`: a part of it was given up before. `logger`, which
  // may be null, is borrowed.
  RevocationReserve(ReserveFile file, bool in_use, absl::Duration look_interval,
                    Logger* logger);

  // Whether only revocations are to be written.
  bool in_use() const { return in_use_; }

  // Looks, now and then, whether there is room again, and if so takes it back.
  // Returns in_use().
  bool LookForRoom();

  // Whether as much is free on the disk as is kept of the file.
  bool HasRoomBeside() const { return file_.HasRoomBeside(); }

  // From now on only revocations are to be written, until there is room again:
  // the disk is full.
  void Use();

  // Gives a part of the file up, for another try. False: there is no more.
  bool MakeRoom();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  ReserveFile file_;
  const std::chrono::nanoseconds look_interval_;
  Logger* const logger_;
  bool in_use_ = false;
  bool said_empty_ = false;
  SteadyTime next_look_ = {};
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_REVOCATION_RESERVE_H_
