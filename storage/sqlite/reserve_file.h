// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_RESERVE_FILE_H_
#define SIGNET_STORAGE_SQLITE_RESERVE_FILE_H_

#include <cstdint>
#include <string>

namespace signet::sqlite {

// What is free on the file system that `directory` is on; much, where it does
// not say how large it is.
int64_t FreeBytes(const std::string& directory);

// Room on the disk that nobody else gets: a file of blocks that are really
// there, given up bit by bit when the disk is full. Not thread-safe.
class ReserveFile {
 public:
  // At most so much is kept, and a quarter of what is free.
  static constexpr int64_t kBytes = int64_t{8} << 20;
  // Given up at once.
  static constexpr int64_t kSlice = int64_t{256} << 10;
  // A start takes it for the log and its index.
  static constexpr int64_t kStart = int64_t{2} << 20;

  // Takes up what is there from before, and makes nothing yet.
  explicit ReserveFile(std::string file);

  // Takes as much as it may. Whether there is something then, and as much free
  // beside it.
  bool Fill();

  // Whether as much is free as is kept.
  bool HasRoomBeside() const;

  // Gives a slice up. False: there is none left.
  bool GiveUpSlice();

  // Gives up what opening the database takes, if so much is not free. Whether
  // it did.
  bool GiveUpForStart();

  int64_t bytes() const { return bytes_; }

 private:
  bool Resize(int64_t bytes);

  const std::string file_;
  int64_t bytes_ = 0;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_RESERVE_FILE_H_
