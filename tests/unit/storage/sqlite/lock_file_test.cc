// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/lock_file.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class LockFileTest : public testing::Test {
 protected:
  absl::StatusOr<LockFile> Acquire(absl::Duration wait = absl::ZeroDuration()) {
    return LockFile::Acquire(file_, wait);
  }

  TempDir directory_;
  const std::string file_ = directory_.File("signet.lock");
};

TEST_F(LockFileTest, IsHeldByOneAtATime) {
  absl::StatusOr<LockFile> first = Acquire();
  ASSERT_THAT(first, IsOk());
  const absl::StatusOr<LockFile> second = Acquire();
  EXPECT_THAT(second, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(file_), HasSubstr("another process")));
}

TEST_F(LockFileTest, IsFreeWhenItsHolderGoes) {
  { ASSERT_THAT(Acquire(), IsOk()); }
  EXPECT_THAT(Acquire(), IsOk());
}

TEST_F(LockFileTest, MovesWithItsHolder) {
  std::optional<LockFile> holder;
  {
    absl::StatusOr<LockFile> first = Acquire();
    ASSERT_THAT(first, IsOk());
    holder.emplace(*std::move(first));
  }
  EXPECT_THAT(Acquire(), StatusIs(StatusCode::kFailedPrecondition));
  holder.reset();
  EXPECT_THAT(Acquire(), IsOk());
}

TEST_F(LockFileTest, WaitsForAHolderThatIsAboutToGo) {
  absl::StatusOr<LockFile> first = Acquire();
  ASSERT_THAT(first, IsOk());
  std::thread holder([lock = *std::move(first)]() mutable {
    absl::SleepFor(absl::Milliseconds(100));
    LockFile gone = std::move(lock);
  });
  EXPECT_THAT(Acquire(absl::Seconds(30)), IsOk());
  holder.join();
}

TEST_F(LockFileTest, WaitsNoLongerThanTold) {
  absl::StatusOr<LockFile> first = Acquire();
  ASSERT_THAT(first, IsOk());
  const absl::Time start = absl::Now();
  EXPECT_THAT(Acquire(absl::Milliseconds(100)),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(100));
}

TEST_F(LockFileTest, IsForItsOwnerOnly) {
  ASSERT_THAT(Acquire(), IsOk());
  struct stat info;
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(LockFileTest, WhereItCannotBeMadeTheMessageSaysSo) {
  const std::string file = directory_.File("missing/signet.lock");
  const absl::Status status =
      LockFile::Acquire(file, absl::ZeroDuration()).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(file), HasSubstr("cannot be written")));
}

}  // namespace
}  // namespace signet::sqlite
