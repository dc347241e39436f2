// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/media_type.h"

#include "gtest/gtest.h"

namespace signet::transcode {
namespace {

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

TEST(IsFormMediaType, IsAsStrict) {
  for (const char* good :
       {"application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded ; charset=UTF-8"}) {
    EXPECT_TRUE(IsFormMediaType(good)) << good;
    EXPECT_FALSE(IsJsonMediaType(good)) << good;
  }
  for (const char* bad : {"", "application/json", "multipart/form-data",
                          "application/x-www-form-urlencoded; charset=latin1",
                          "application/x-www-form-urlencoded, text/plain"}) {
    EXPECT_FALSE(IsFormMediaType(bad)) << bad;
  }
}

TEST(HasContentCoding, SaysSoUnlessAllAreIdentity) {
  http::Request request;
  EXPECT_FALSE(HasContentCoding(request));
  request.fields.push_back({"content-encoding", "Identity"});
  EXPECT_FALSE(HasContentCoding(request));
  request.fields.push_back({"content-encoding", "gzip"});
  EXPECT_TRUE(HasContentCoding(request));
}

}  // namespace
}  // namespace signet::transcode
