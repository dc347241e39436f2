// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/request_head.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/uuid.h"
#include "tests/support/seeded_random.h"

namespace signet {
namespace {

HttpRequest WithIds(const std::vector<std::string>& ids) {
  HttpRequest request;
  for (const std::string& id : ids)
    request.fields.push_back({"x-request-id", id});
  return request;
}

TEST(RequestIdFor, KeepsAGoodOne) {
  SeededRandom random;
  for (const std::string& id :
       {std::string("a"), std::string("A-z_0.9"), std::string(64, 'x')}) {
    EXPECT_EQ(RequestIdFor(WithIds({id}), absl::Now(), random), id);
  }
}

TEST(RequestIdFor, ReplacesAnyOther) {
  SeededRandom random;
  for (const std::string& id :
       {std::string(), std::string(65, 'x'), std::string("a b"),
        std::string("a\"b"), std::string("a,b"), std::string("\xC3\xA9"),
        std::string("a\x1b[2J")}) {
    const std::string got = RequestIdFor(WithIds({id}), absl::Now(), random);
    EXPECT_NE(got, id);
    EXPECT_TRUE(Uuid::Parse(got).has_value()) << got;
  }
  EXPECT_TRUE(
      Uuid::Parse(RequestIdFor(WithIds({}), absl::Now(), random)).has_value());
  EXPECT_TRUE(
      Uuid::Parse(RequestIdFor(WithIds({"a", "a"}), absl::Now(), random))
          .has_value());
}

TEST(RequestIdFor, NeverRepeatsItself) {
  SeededRandom random;
  const absl::Time now = absl::Now();
  EXPECT_NE(RequestIdFor({}, now, random), RequestIdFor({}, now, random));
}

TEST(IsJsonMediaType, TakesJsonInUtf8) {
  for (const char* good :
       {"application/json", "APPLICATION/JSON",
        "Application/Json; charset=utf-8", "application/json;charset=UTF-8",
        "application/json ; Charset=Utf-8",
        "application/json; charset=\"utf-8\"", "application/json;",
        "application/json\t;\tcharset=utf-8"}) {
    EXPECT_TRUE(IsJsonMediaType(good)) << good;
  }
}

TEST(IsJsonMediaType, TakesNothingElse) {
  for (const char* bad : {"",
                          "application",
                          "json",
                          "text/json",
                          "text/plain",
                          "application/json5",
                          "application/problem+json",
                          "application/json, application/json",
                          "application/json; charset=latin1",
                          "application/json; charset=utf-16",
                          "application/json; charset=utf8",
                          "application/json; charset=",
                          "application/json; charset",
                          "application/json; charset = utf-8",
                          "application/json; charset=utf-8; charset=utf-8",
                          "application/json; version=1",
                          "application/json charset=utf-8",
                          "application/json; charset='utf-8'",
                          "multipart/form-data",
                          "application/x-www-form-urlencoded",
                          "*/*",
                          "application/*"}) {
    EXPECT_FALSE(IsJsonMediaType(bad)) << bad;
  }
}

}  // namespace
}  // namespace signet
