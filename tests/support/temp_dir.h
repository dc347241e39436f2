// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_TEMP_DIR_H_
#define SIGNET_TESTS_SUPPORT_TEMP_DIR_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace signet {

// A directory of its own for one test, removed with all it holds.
class TempDir {
 public:
  TempDir() : path_(testing::TempDir() + "signet-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  // The path of `name` in the directory.
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_TEMP_DIR_H_
