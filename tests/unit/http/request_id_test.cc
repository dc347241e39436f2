// SPDX-License-Identifier: Apache-2.0
#include "http/request_id.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/uuid.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"

namespace signet::http {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1893553445);

std::string Choose(const std::vector<std::string_view>& offered) {
  SeededRandom random;
  return ChooseRequestId(offered, kNow, random);
}

TEST(ChooseRequestId, KeepsAGoodOne) {
  for (const std::string& id :
       {std::string("a"), std::string("A-z_0.9"), std::string(64, 'x')}) {
    EXPECT_EQ(Choose({id}), id);
  }
}

TEST(ChooseRequestId, ReplacesAnyOther) {
  const std::string too_long(65, 'x');
  for (const std::string_view id :
       {std::string_view(), std::string_view(too_long), std::string_view("a b"),
        std::string_view("a\"b"), std::string_view("a,b"),
        std::string_view("\xC3\xA9"), std::string_view("a\x1b[2J")}) {
    EXPECT_TRUE(Uuid::Parse(Choose({id})).has_value()) << id;
  }
  EXPECT_TRUE(Uuid::Parse(Choose({})).has_value());
  EXPECT_TRUE(Uuid::Parse(Choose({"a", "a"})).has_value());
}

TEST(ChooseRequestId, NeverRepeatsItself) {
  SeededRandom random;
  EXPECT_NE(ChooseRequestId({}, kNow, random),
            ChooseRequestId({}, kNow, random));
}

}  // namespace
}  // namespace signet::http
