// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/entity_tags.h"

#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace signet::transcode {
namespace {

bool Named(std::vector<std::string_view> values) {
  return NamesTag(values, "7");
}

TEST(NamesTag, FindsItAmongStrongAndWeakOnes) {
  EXPECT_TRUE(Named({"*"}));
  EXPECT_TRUE(Named({"\"7\""}));
  EXPECT_TRUE(Named({"W/\"7\""}));
  EXPECT_TRUE(Named({"\"1\", W/\"2\",\"7\""}));
  EXPECT_TRUE(Named({"\"a, b\" , , \"7\""}));
  EXPECT_TRUE(Named({"\"1\"", "\"7\""}));
}

TEST(NamesTag, FindsNoOther) {
  EXPECT_FALSE(Named({}));
  for (const std::string_view value :
       {"", "7", "\"\"", "\"77\"", "\"7", "7\"", "w/\"7\"", "\"1\" x \"7\"",
        "*, \"1\"", "\", 7,\"", "\"7 \""}) {
    EXPECT_FALSE(Named({value})) << value;
  }
}

}  // namespace
}  // namespace signet::transcode
