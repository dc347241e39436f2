// SPDX-License-Identifier: Apache-2.0
#include "server/bootstrap_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::server {
namespace {

using testing::HasSubstr;

class BootstrapFileTest : public testing::Test {
 protected:
  BootstrapFileTest()
      : folder_(testing::TempDir() + "/signet_bootstrap_file"),
        path_(folder_ + "/first"),
        pending_(path_ + ".pending"),
        file_(path_, &random_) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  // Bootstraps `store_` the way the app does; false ends it before the commit.
  absl::StatusOr<bool> Bootstrap(bool commit) {
    return domain::BootstrapIfEmpty(
        store_, *keyring_, clock_, random_, {},
        [&](const domain::Bootstrapped& credential) {
          token_ = credential.token.Expose();
          absl::Status status = file_.Stage(credential);
          if (!status.ok() || commit) return status;
          return absl::CancelledError("crash");
        });
  }

  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  const std::string folder_;
  const std::string path_;
  const std::string pending_;
  SeededRandom random_;
  FakeClock clock_;
  FaultyStore store_;
  std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  BootstrapFile file_;
  std::string token_;
};

TEST_F(BootstrapFileTest, HoldsTheCredentialForItsOwnerAlone) {
  ASSERT_THAT(file_.CheckFree(), IsOk());
  ASSERT_THAT(Bootstrap(/*commit=*/true), IsOkAndHolds(true));
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_THAT(file_.Publish(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(pending_));

  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto json = ParseJson(Read(path_));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->size(), 3u);
  EXPECT_EQ(json->at("token"), token_);
  EXPECT_TRUE(Uuid::Parse(json->at("account_id").get<std::string>()));
  EXPECT_TRUE(Uuid::Parse(json->at("service_account_id").get<std::string>()));
}

TEST_F(BootstrapFileTest, AFaultNamesTheFileOfTheFlag) {
  std::filesystem::remove_all(folder_);
  const absl::Status status = Bootstrap(/*commit=*/true).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_ + ": "));
  EXPECT_THAT(std::string(status.message()),
              testing::Not(HasSubstr("pending")));
}

TEST_F(BootstrapFileTest, CrashAfterTheCommitIsFinished) {
  ASSERT_THAT(Bootstrap(/*commit=*/true), IsOkAndHolds(true));
  EXPECT_THAT(file_.Recover(store_), IsOk());
  EXPECT_THAT(Read(path_), HasSubstr(token_));
  EXPECT_FALSE(std::filesystem::exists(pending_));
}

TEST_F(BootstrapFileTest, CrashBeforeTheCommitIsUndone) {
  EXPECT_THAT(Bootstrap(/*commit=*/false),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(std::filesystem::exists(pending_));
  EXPECT_THAT(file_.Recover(store_), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(BootstrapFileTest, PendingFileThatIsNoCredentialIsRemoved) {
  for (const char* text : {"", "{}", "[]", "{\"account_id\":1}"}) {
    std::ofstream(pending_) << text;
    chmod(pending_.c_str(), 0600);
    EXPECT_THAT(file_.Recover(store_), IsOk()) << text;
    EXPECT_TRUE(std::filesystem::is_empty(folder_)) << text;
  }
}

TEST_F(BootstrapFileTest, NothingPendingIsNothingToDo) {
  EXPECT_THAT(file_.Recover(store_), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(BootstrapFileTest, NeverReplacesAFile) {
  std::ofstream(path_) << "mine";
  EXPECT_THAT(file_.CheckFree(),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  ASSERT_THAT(Bootstrap(/*commit=*/true), IsOkAndHolds(true));
  EXPECT_THAT(file_.Publish(), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(Read(path_), "mine");
  EXPECT_THAT(Read(pending_), HasSubstr(token_));
}

TEST_F(BootstrapFileTest, DanglingLinkIsInTheWayToo) {
  std::filesystem::create_symlink("/nonexistent", path_);
  EXPECT_THAT(file_.CheckFree(),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
}

TEST_F(BootstrapFileTest, FolderThatIsNotThereFailsBeforeTheCommit) {
  BootstrapFile file(folder_ + "/none/first", &random_);
  EXPECT_THAT(
      domain::BootstrapIfEmpty(store_, *keyring_, clock_, random_, {},
                               [&](const domain::Bootstrapped& credential) {
                                 return file.Stage(credential);
                               }),
      ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  ASSERT_THAT(Bootstrap(/*commit=*/true), IsOkAndHolds(true));
}

}  // namespace
}  // namespace signet::server
