// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/directory_lock.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class DirectoryLockTest : public testing::Test {
 protected:
  absl::StatusOr<DirectoryLock> Acquire(
      absl::Duration wait = absl::ZeroDuration()) {
    return DirectoryLock::Acquire(directory_.path(), wait);
  }
  std::string Refusal() {
    const absl::Status status = Acquire().status();
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
    return std::string(status.message());
  }
  std::string InTheFile() const {
    std::ifstream file(file_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir directory_;
  const std::string file_ = directory_.File("signet.lock");
  const std::string me_ = absl::StrCat("(pid ", getpid(), " on ");
};

TEST_F(DirectoryLockTest, IsHeldByOneAtATime) {
  absl::StatusOr<DirectoryLock> first = Acquire();
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Refusal(),
              AllOf(HasSubstr(directory_.path() + ": another process " + me_),
                    HasSubstr("Do not remove signet.lock")));
}

TEST_F(DirectoryLockTest, IsHeldWithoutItsFile) {
  absl::StatusOr<DirectoryLock> first = Acquire();
  ASSERT_THAT(first, IsOk());
  std::filesystem::remove(file_);
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("another process uses"),
                               HasSubstr("Do not remove signet.lock")));
  EXPECT_FALSE(std::filesystem::exists(file_));
  std::ofstream(file_) << "pid 1 on \x1b[2J\n";
  EXPECT_THAT(Refusal(), HasSubstr("another process uses"));
}

// Which locks the file alone, and writes nothing there.
TEST_F(DirectoryLockTest, AnEarlierReleaseHoldsIt) {
  std::ofstream(file_).close();
  const Descriptor earlier(open(file_.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(flock(earlier.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_THAT(Refusal(), HasSubstr("another process uses"));
}

TEST_F(DirectoryLockTest, KeepsAnEarlierReleaseOff) {
  const absl::StatusOr<DirectoryLock> lock = Acquire();
  ASSERT_THAT(lock, IsOk());
  const Descriptor earlier(open(file_.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(flock(earlier.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(DirectoryLockTest, IsFreeWhenItsHolderGoes) {
  {
    const absl::StatusOr<DirectoryLock> lock = Acquire();
    ASSERT_THAT(lock, IsOk());
    EXPECT_THAT(InTheFile(), Not(IsEmpty()));
  }
  EXPECT_THAT(InTheFile(), IsEmpty());
  EXPECT_THAT(Acquire(), IsOk());
}

TEST_F(DirectoryLockTest, MovesWithItsHolder) {
  std::optional<DirectoryLock> holder;
  {
    absl::StatusOr<DirectoryLock> first = Acquire();
    ASSERT_THAT(first, IsOk());
    holder.emplace(*std::move(first));
  }
  EXPECT_THAT(Refusal(), HasSubstr(me_));
  holder.reset();
  EXPECT_THAT(Acquire(), IsOk());
}

TEST_F(DirectoryLockTest, WaitsForAHolderThatIsAboutToGo) {
  absl::StatusOr<DirectoryLock> first = Acquire();
  ASSERT_THAT(first, IsOk());
  std::thread holder([lock = *std::move(first)]() mutable {
    absl::SleepFor(absl::Milliseconds(100));
    DirectoryLock gone = std::move(lock);
  });
  EXPECT_THAT(Acquire(absl::Seconds(30)), IsOk());
  holder.join();
}

TEST_F(DirectoryLockTest, WaitsNoLongerThanTold) {
  absl::StatusOr<DirectoryLock> first = Acquire();
  ASSERT_THAT(first, IsOk());
  const absl::Time start = absl::Now();
  EXPECT_THAT(Acquire(absl::Milliseconds(100)),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(100));
}

TEST_F(DirectoryLockTest, ItsFileIsForItsOwnerOnly) {
  const absl::StatusOr<DirectoryLock> lock = Acquire();
  ASSERT_THAT(lock, IsOk());
  struct stat info;
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(DirectoryLockTest, NoLinkIsFollowed) {
  const std::string target = directory_.File("target");
  std::filesystem::create_symlink(target, file_);
  EXPECT_THAT(Refusal(), HasSubstr(file_ + ": is a symbolic link; remove it"));
  EXPECT_FALSE(std::filesystem::exists(target));

  const std::string link = directory_.File("link");
  std::filesystem::create_directory_symlink(".", link);
  const absl::Status status =
      DirectoryLock::Acquire(link, absl::ZeroDuration()).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot be opened"));
}

TEST_F(DirectoryLockTest, AnotherKindOfFileIsRefused) {
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr(file_ + ": is not a regular file"));
}

TEST_F(DirectoryLockTest, ADirectoryThatIsNotThereIsNamed) {
  const std::string missing = directory_.File("missing");
  const absl::Status status =
      DirectoryLock::Acquire(missing, absl::ZeroDuration()).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(missing + ": cannot be opened"));
}

}  // namespace
}  // namespace signet::sqlite
