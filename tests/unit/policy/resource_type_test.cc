// SPDX-License-Identifier: Apache-2.0
#include "policy/resource_type.h"

#include <set>
#include <string>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace signet::policy {
namespace {

TEST(IsResourceType, SaysWhatItsTextSays) {
  const std::set<std::string> words = absl::StrSplit(
      kResourceTypesText, absl::ByAnyChar(", "), absl::SkipEmpty());
  EXPECT_EQ(words.size(), 13u);
  for (const std::string& word : words) {
    EXPECT_EQ(IsResourceType(word), word != "or") << word;
  }
  EXPECT_FALSE(IsResourceType(""));
  EXPECT_FALSE(IsResourceType("Domain"));
}

}  // namespace
}  // namespace signet::policy
