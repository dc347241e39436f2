// SPDX-License-Identifier: Apache-2.0
#include "server/domain/violations.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {
namespace {

TEST(Violations, NamesEveryField) {
  Violations violations;
  EXPECT_TRUE(violations.empty());
  violations.Add("name", absl::OkStatus());
  EXPECT_TRUE(violations.empty());
  violations.Add("name", absl::InvalidArgumentError("want one"));
  violations.Add("id", "want a UUID");
  EXPECT_FALSE(violations.full());
  const absl::Status status = std::move(violations).ToStatus();
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_EQ(status.message(), "name: want one; id: want a UUID");
  EXPECT_EQ(GetErrorDetail(status).violations,
            (std::vector<FieldViolation>{{"name", "want one"},
                                         {"id", "want a UUID"}}));
}

TEST(Violations, OfManyTellsTheFirstAndThatThereAreMore) {
  Violations violations;
  for (int i = 0; i < 100'000; ++i) {
    violations.Add(absl::StrCat("field", i), std::string(50, 'x'));
  }
  EXPECT_TRUE(violations.full());
  const absl::Status status = std::move(violations).ToStatus();
  const std::string message(status.message());
  EXPECT_TRUE(message.starts_with("field0: xx")) << message;
  EXPECT_TRUE(message.ends_with("; and more")) << message;
  EXPECT_GT(message.size(), Violations::kMostBytes / 2);
  EXPECT_LT(message.size(), Violations::kMostBytes * 3 / 2);
  EXPECT_LT(GetErrorDetail(status).violations.size(), 30u);
}

TEST(Violations, KeepsTheFirstAtAnyLength) {
  Violations violations;
  violations.Add("f", std::string(2 * Violations::kMostBytes, 'x'));
  EXPECT_FALSE(violations.empty());
  violations.Add("g", "y");
  EXPECT_EQ(GetErrorDetail(std::move(violations).ToStatus()).violations.size(),
            1u);
}

}  // namespace
}  // namespace signet::domain
