// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database_room.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/file_sync.h"
#include "storage/sqlite/reserve_file.h"

namespace signet::sqlite {
namespace {

// The log's index has regions of 32 KiB, each for so many pages of the log
// (sqlite.org/walformat.html section 2).
constexpr int kIndexRegionBytes = 32 * 1024;
constexpr int kIndexRegionPages = 4096;
// So many are there beyond the log's end: 134 MB of it, more than a commit
// writes.
constexpr int kIndexRegionsAhead = 8;

// SQLite takes a chunk as an int.
constexpr int64_t kMaxChunk = int64_t{1} << 30;

int64_t RoundUp(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// SQLite makes the file a multiple of its chunk, and after a checkpoint cuts it
// to the least one that holds the pages. With these chunks that is the whole of
// it, as the last chunk begins before the last page.
struct Chunks {
  Chunks(int64_t bytes, int64_t page_bytes)
      : count(std::max((bytes + kMaxChunk - 1) / kMaxChunk, int64_t{1})),
        size(RoundUp((bytes + count - 1) / count, page_bytes)) {}
  int64_t bytes() const { return count * size; }

  int64_t count;
  int64_t size;
};

bool SetChunk(SqliteConnection& connection, int64_t size) {
  int value = static_cast<int>(size);
  return sqlite3_file_control(connection.handle(), "main",
                              SQLITE_FCNTL_CHUNK_SIZE, &value) == SQLITE_OK;
}

int64_t BytesOfPages(SqliteConnection& connection) {
  return connection
      .QueryInteger(
          "SELECT page_count * page_size FROM pragma_page_count,"
          " pragma_page_size")
      .value_or(INT64_MAX);
}

sqlite3_file* FileOf(SqliteConnection& connection) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER,
                       &file);
  return file;
}

}  // namespace

bool DatabaseRoom::KeepLength(SqliteConnection& connection) {
  sqlite3_file* const file = FileOf(connection);
  sqlite3_int64 length = 0;
  if (file->pMethods->xFileSize(file, &length) != SQLITE_OK) return false;
  const Chunks chunks(length, /*page_bytes=*/1);
  // Were the file to grow, it would be by a whole chunk.
  return chunks.bytes() == length && BytesOfPages(connection) <= length &&
         SetChunk(connection, chunks.size);
}

void DatabaseRoom::LetLengthGo(SqliteConnection& connection) {
  SetChunk(connection, 0);
}

DatabaseRoom::DatabaseRoom(SqliteConnection* connection, WriteDatabase write,
                           int64_t most_spare)
    : connection_(connection),
      write_(std::move(write)),
      file_(FileOf(*connection)),
      name_(sqlite3_db_filename(connection->handle(), "main")),
      most_spare_(most_spare) {
  const absl::StatusOr<int64_t> page_bytes =
      connection_->QueryInteger("PRAGMA page_size");
  const absl::StatusOr<int64_t> pages =
      connection_->QueryInteger("PRAGMA page_count");
  sqlite3_int64 length = 0;
  if (!page_bytes.ok() || !pages.ok() ||
      file_->pMethods->xFileSize(file_, &length) != SQLITE_OK) {
    return;
  }
  page_bytes_ = *page_bytes;
  const int64_t kept = int64_t{length} - *pages * page_bytes_;
  spare_ = SpareFor(std::max(kept, int64_t{0}));
  if (KeepLength(*connection_)) bytes_ = length;
  Ensure(*pages, {});

  // SQLite never cuts the log while it is in use. Where this cannot be done the
  // log takes its room as it grows.
  const int log =
      open((name_ + "-wal").c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (log < 0) return;
  [[maybe_unused]] const int held =
      fallocate(log, FALLOC_FL_KEEP_SIZE, 0, kLogBytes);
  close(log);
}

bool DatabaseRoom::Ensure(int64_t pages, const RoomNeed& need) {
  const int64_t used = pages * page_bytes_;
  int64_t want = used + (need.leave_spare ? spare_ : int64_t{0});
  if (want > bytes_) {
    if (need.leave_spare) {  // There may be more room than there was.
      const int64_t kept = std::max(bytes_ - used, int64_t{0});
      spare_ = std::max(spare_, SpareFor(kept));
      want = used + spare_;
    }
    // A slice that was given up for a revocation is taken whole.
    const int64_t step =
        need.leave_spare ? std::min(kStep, most_spare_) : ReserveFile::kSlice;
    if (!Extend(want + step) && !Extend(want)) return false;
  }
  return MapIndex(need.log_pages);
}

int64_t DatabaseRoom::SpareFor(int64_t kept) const {
  const int64_t mine = (FreeBytes(FolderOf(name_)) + kept) / 4;
  return std::min(most_spare_, std::max(mine, kept));
}

bool DatabaseRoom::Extend(int64_t bytes) {
  if (write_ == nullptr) return ExtendNow(bytes);
  bool extended = false;
  write_([&] { extended = ExtendNow(bytes); });
  return extended;
}

bool DatabaseRoom::ExtendNow(int64_t bytes) {
  const Chunks chunks(bytes, page_bytes_);
  sqlite3_int64 want = chunks.bytes();
  sqlite3_int64 length = 0;
  if (file_->pMethods->xFileSize(file_, &length) != SQLITE_OK ||
      want - length > FreeBytes(FolderOf(name_)) ||
      !SetChunk(*connection_, chunks.size)) {
    return false;
  }
  if (sqlite3_file_control(connection_->handle(), "main",
                           SQLITE_FCNTL_SIZE_HINT, &want) != SQLITE_OK) {
    // It may have taken a part.
    SetChunk(*connection_, Chunks(bytes_, page_bytes_).size);
    if (bytes_ > 0) file_->pMethods->xTruncate(file_, bytes_);
    return false;
  }
  bytes_ = chunks.bytes();
  return true;
}

bool DatabaseRoom::MapIndex(int log_pages) {
  const int want = log_pages / kIndexRegionPages + kIndexRegionsAhead;
  while (index_regions_ < want) {
    void volatile* region = nullptr;
    if (file_->pMethods->xShmMap(file_, index_regions_, kIndexRegionBytes,
                                 /*bExtend=*/1, &region) != SQLITE_OK) {
      return false;
    }
    ++index_regions_;
  }
  return true;
}

}  // namespace signet::sqlite
