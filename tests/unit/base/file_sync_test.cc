// SPDX-License-Identifier: Apache-2.0
#include "base/file_sync.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet {
namespace {

TEST(FileSync, AFolderOfAPath) {
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("a/b"), "a");
  EXPECT_EQ(FolderOf("a"), ".");
}

TEST(FileSync, SyncsWhatIsThereAndNamesWhatIsNot) {
  const TempDir folder;
  const std::string file = folder.File("file");
  std::ofstream(file) << "x";
  EXPECT_THAT(SyncFile(file), IsOk());
  EXPECT_THAT(SyncFolder(folder.path()), IsOk());
  const absl::Status missing = SyncFile(file + "2");
  EXPECT_THAT(missing, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(missing.message(), testing::HasSubstr(file + "2: cannot open"));
  EXPECT_FALSE(SyncFolder(file).ok()) << "no folder";
}

}  // namespace
}  // namespace signet
