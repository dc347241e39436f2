// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DATABASE_ROOM_H_
#define SIGNET_STORAGE_SQLITE_DATABASE_ROOM_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// What a commit needs room for, beside its own pages in the log.
struct RoomNeed {
  int log_pages = 0;        // The log's length before it.
  bool leave_spare = true;  // False: it may use what is kept for revocations.
};

// Room on the disk that the database's own files hold before it is needed, so
// that nobody else can take it:
//   - `signet.db` is longer than its pages. So a log of any length can be
//     copied into it, and revocations, which make it grow, find room.
//   - The log's first megabyte is there before it is written.
//   - The log's index (`-shm`) is there for more pages than a commit writes: it
//     is filled in after the commit is on the disk, when it must not fail.
// A file system that writes each block to a new place (btrfs, ZFS) may ask for
// more room even so. Belongs to the writer's thread.
class DatabaseRoom {
 public:
  // Kept behind the last page for revocations: at most so much, and no more
  // than a quarter of what was free.
  static constexpr int64_t kSpare = int64_t{8} << 20;
  // The file grows by so much at once where it can.
  static constexpr int64_t kStep = int64_t{1} << 20;
  static constexpr int64_t kLogBytes = int64_t{1} << 20;

  // From now on a checkpoint through `connection` does not cut the file. False:
  // it may.
  static bool KeepLength(SqliteConnection& connection);
  // From now on it does, unless a DatabaseRoom comes to own the length.
  static void LetLengthGo(SqliteConnection& connection);

  // Calls what writes to the database otherwise than SQLite itself.
  using WriteDatabase = absl::AnyInvocable<void(absl::FunctionRef<void()>)>;

  // `connection`, a writing one in WAL mode, outlives this object. `write`, if
  // not null, is called for each change of the file's length.
  explicit DatabaseRoom(SqliteConnection* connection,
                        WriteDatabase write = nullptr,
                        int64_t most_spare = kSpare);

  // Makes room for a commit after which the database has so many pages. False:
  // the disk is full.
  bool Ensure(int64_t pages, const RoomNeed& need);

 private:
  // How much to keep where `kept` bytes are kept already.
  int64_t SpareFor(int64_t kept) const;
  // Makes the file so long, with blocks that are there. It is not cut shorter
  // any more.
  bool Extend(int64_t bytes);
  bool ExtendNow(int64_t bytes);
  bool MapIndex(int log_pages);

  SqliteConnection* const connection_;
  WriteDatabase write_;
  sqlite3_file* const file_;
  const std::string name_;  // The file's.
  const int64_t most_spare_;
  int64_t page_bytes_ = 4096;
  int64_t bytes_ = 0;  // The length that is not cut.
  int64_t spare_ = 0;
  int index_regions_ = 0;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DATABASE_ROOM_H_
