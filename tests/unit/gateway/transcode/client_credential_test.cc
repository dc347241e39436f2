// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/client_credential.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"

namespace signet::transcode {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string Basic(const std::string& pair) {
  return absl::StrCat("Basic ", absl::Base64Escape(pair));
}

std::string Taken(std::string value) {
  std::vector<std::string> authorization = {std::move(value)};
  TakeClientCredential(authorization);
  return authorization.at(0);
}

TEST(TakeClientCredential, ThePasswordIsTheToken) {
  // As RFC 7617 section 2 has it.
  EXPECT_EQ(Taken("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Bearer open sesame");
  EXPECT_EQ(Taken(Basic("client:hbx_sa_1")), "Bearer hbx_sa_1");
  EXPECT_EQ(Taken("bASIC " + absl::Base64Escape("client:a.b-c")),
            "Bearer a.b-c");
}

TEST(TakeClientCredential, WhoeverTheClientSaysItIs) {
  EXPECT_EQ(Taken(Basic(":t")), "Bearer t");
  EXPECT_EQ(Taken(Basic("%zz\xff:t")), "Bearer t");
}

TEST(TakeClientCredential, AnIdThatAServiceAccountMayHaveIsTold) {
  const auto id = [](const std::string& pair) {
    std::vector<std::string> authorization = {Basic(pair)};
    return TakeClientCredential(authorization);
  };
  const std::string uuid = "0192d5a0-7c1e-7b50-9c2a-8dd25736052a";
  EXPECT_EQ(id(uuid + ":t"), Uuid::Parse(uuid));
  EXPECT_EQ(id("0192d5a0%2D7c1e-7b50-9c2a-8DD25736052A:t"), Uuid::Parse(uuid));
  for (const char* name : {"", "api", "%zz", "0192d5a0-7c1e-7b50-9c2a"}) {
    EXPECT_EQ(id(std::string(name) + ":t"), std::nullopt) << name;
  }
  EXPECT_EQ(id(uuid), std::nullopt);
}

TEST(TakeClientCredential, IsFormEncoded) {
  EXPECT_EQ(Taken(Basic("id:a%3Ab+c:d")), "Bearer a:b c:d");
}

TEST(TakeClientCredential, LeavesWhatIsNoClientCredential) {
  for (const std::string& value :
       {std::string(), std::string("Basic"), std::string("Basic "),
        std::string("Basicx dTpw"), std::string("Bearer dTpw"),
        std::string("Basic !"), std::string("Basic dTpw dTpw!"),
        Basic("no colon"), Basic("id:bad%zz"), Basic("id:\xff")}) {
    EXPECT_EQ(Taken(value), value);
  }
}

TEST(TakeClientCredential, LeavesSeveralToBeRefused) {
  std::vector<std::string> two = {Basic("id:a"), Basic("id:b")};
  TakeClientCredential(two);
  EXPECT_THAT(two, ElementsAre(Basic("id:a"), Basic("id:b")));
  std::vector<std::string> none;
  TakeClientCredential(none);
  EXPECT_THAT(none, IsEmpty());
}

TEST(TakeClientCredential, LeavesNoCopyBehind) {
  const std::string secret = "a-clients-secret-0123456789-0123456789";
  for (const std::string end : {"", "%zz"}) {
    std::vector<std::string> plain = {Basic("id:" + secret + end)};
    const FreedMemoryWatch watch(secret);
    TakeClientCredential(plain);
    EXPECT_EQ(watch.count(), 0);
  }
  const std::string encoded = absl::Base64Escape("id1:" + secret);
  std::vector<std::string> coded = {absl::StrCat("Basic ", encoded)};
  const FreedMemoryWatch watch(encoded);
  TakeClientCredential(coded);
  EXPECT_EQ(watch.count(), 0);
}

}  // namespace
}  // namespace signet::transcode
