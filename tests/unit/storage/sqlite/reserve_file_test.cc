// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/reserve_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

class ReserveFileTest : public testing::Test {
 protected:
  struct stat Stat() const {
    struct stat found = {};
    EXPECT_EQ(stat(file_.c_str(), &found), 0);
    return found;
  }
  int64_t Blocks() const { return Stat().st_blocks * int64_t{512}; }

  TempDir directory_;
  const std::string file_ = directory_.File("reserve");
};

TEST_F(ReserveFileTest, TakesBlocksThatAreReallyThere) {
  ReserveFile reserve(file_);
  EXPECT_EQ(reserve.bytes(), 0);
  ASSERT_TRUE(reserve.Fill());
  EXPECT_EQ(reserve.bytes(), ReserveFile::kBytes);
  EXPECT_GE(Blocks(), ReserveFile::kBytes);
  EXPECT_EQ(Stat().st_mode & 0777, 0600u);
  EXPECT_TRUE(reserve.Fill());
  EXPECT_EQ(reserve.bytes(), ReserveFile::kBytes);  // It has all it may have.
}

TEST_F(ReserveFileTest, IsGivenUpBitByBit) {
  ReserveFile reserve(file_);
  ASSERT_TRUE(reserve.Fill());
  int slices = 0;
  while (reserve.GiveUpSlice()) {
    ++slices;
    EXPECT_EQ(reserve.bytes(),
              ReserveFile::kBytes - slices * ReserveFile::kSlice);
    EXPECT_EQ(Stat().st_size, reserve.bytes());
  }
  EXPECT_EQ(slices, ReserveFile::kBytes / ReserveFile::kSlice);
  EXPECT_LT(Blocks(), ReserveFile::kSlice);
  EXPECT_TRUE(reserve.Fill());
  EXPECT_EQ(reserve.bytes(), ReserveFile::kBytes);
}

TEST_F(ReserveFileTest, TakesUpWhatIsThereButNoHoles) {
  ASSERT_TRUE(ReserveFile(file_).Fill());
  EXPECT_EQ(ReserveFile(file_).bytes(), ReserveFile::kBytes);

  std::filesystem::remove(file_);
  std::ofstream(file_).close();
  std::filesystem::resize_file(file_, ReserveFile::kBytes);
  ReserveFile holes(file_);
  EXPECT_LT(holes.bytes(), ReserveFile::kSlice);
  EXPECT_TRUE(holes.Fill());
  EXPECT_GE(Blocks(), ReserveFile::kBytes);
}

TEST_F(ReserveFileTest, AStartOnADiskThatHasRoomTakesNothing) {
  ReserveFile reserve(file_);
  EXPECT_FALSE(reserve.GiveUpForStart());
  ASSERT_TRUE(reserve.Fill());
  EXPECT_FALSE(reserve.GiveUpForStart());
  EXPECT_EQ(reserve.bytes(), ReserveFile::kBytes);
}

TEST_F(ReserveFileTest, LeavesAloneWhatALinkNames) {
  const std::string other = directory_.File("other");
  std::ofstream(other) << "precious";
  std::filesystem::create_symlink(other, file_);
  ReserveFile reserve(file_);
  EXPECT_FALSE(reserve.Fill());
  EXPECT_FALSE(reserve.GiveUpSlice());
  EXPECT_EQ(std::filesystem::file_size(other), 8u);
}

}  // namespace
}  // namespace signet::sqlite
