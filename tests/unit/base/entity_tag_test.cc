// SPDX-License-Identifier: Apache-2.0
#include "base/entity_tag.h"

#include <string_view>

#include "gtest/gtest.h"

namespace signet {
namespace {

bool Named(std::string_view condition,
           TagComparison comparison = TagComparison::kWeak) {
  return NamesTag(condition, "7", comparison);
}

TEST(NamesTag, FindsItAmongStrongAndWeakOnes) {
  for (const std::string_view condition :
       {"*", "\"7\"", "W/\"7\"", "\"1\", W/\"2\",\"7\"",
        "\"a, b\" , , \"7\""}) {
    EXPECT_TRUE(Named(condition)) << condition;
  }
}

TEST(NamesTag, FindsNoOther) {
  for (const std::string_view condition :
       {"", "7", "\"\"", "\"77\"", "\"7", "7\"", "w/\"7\"", "\"1\" x \"7\"",
        "*, \"1\"", "\", 7,\"", "\"7 \""}) {
    EXPECT_FALSE(Named(condition)) << condition;
  }
}

TEST(NamesTag, AWeakOneIsStronglyEqualToNone) {
  EXPECT_FALSE(Named("W/\"7\"", TagComparison::kStrong));
  EXPECT_TRUE(Named("W/\"7\", \"7\"", TagComparison::kStrong));
  EXPECT_TRUE(Named("*", TagComparison::kStrong));
}

TEST(IsTagCondition, TakesListsOfTags) {
  for (const std::string_view text :
       {"*", "\"7\"", "W/\"7\"", "\"1\",\"2\"", " , \"1\" ,, W/\"2\" ,",
        "\"!#[]~,\"", "\"a\\b\""}) {
    EXPECT_TRUE(IsTagCondition(text)) << text;
  }
}

TEST(IsTagCondition, TakesNothingElse) {
  for (const std::string_view text :
       {"", " ", ",", "7", "\"\"", "\"", "\"7", "7\"", "w/\"7\"", "*, \"7\"",
        "\"1\" \"2\"", "\"1\", 2", "\"1 2\"", "\"\xC3\xA9\"", "\"\x7F\"",
        "\"1\"W/\"2\""}) {
    EXPECT_FALSE(IsTagCondition(text)) << text;
  }
}

}  // namespace
}  // namespace signet
