// SPDX-License-Identifier: Apache-2.0
#include "server/token/credential_text.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token/token.h"
#include "tests/support/seeded_random.h"

namespace signet::token {
namespace {

// As in an RFC 7519 example: header, claims, signature.
constexpr std::string_view kJwt =
    "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UifQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

std::string Mint(std::string_view prefix = "hbx_sa", uint64_t seed = 1) {
  SeededRandom random(seed);
  return std::string(
      MintToken(prefix, absl::FromUnixSeconds(1893553445), random)
          .text.Expose());
}

TEST(CredentialText, ATokenIsFoundWhateverIsAroundIt) {
  for (const std::string& token :
       {Mint(), Mint("t"), Mint(std::string(32, 'p')), Mint("a_b_c", 2)}) {
    for (const auto& [before, after] :
         {std::pair<std::string, std::string>{"", ""},
          {"curl/8 ", " (x)"},
          {"token=", "&x=1"},
          {"Bearer_", "_and_more"},
          {"xyz", "0123456789"},
          {"_", "_"},
          {std::string(200, '_'), std::string(200, 'a')}}) {
      const std::string text = absl::StrCat(before, token, after);
      EXPECT_TRUE(HoldsCredential(text)) << text;
      const std::string kept = WithoutCredentials(text);
      EXPECT_THAT(kept, testing::HasSubstr("[redacted]")) << text;
      EXPECT_THAT(
          kept,
          testing::Not(testing::HasSubstr(token.substr(token.size() - 49))))
          << text;
      EXPECT_TRUE(kept.ends_with(after)) << kept;
    }
  }
}

TEST(CredentialText, AllOfThemAreTakenOut) {
  EXPECT_TRUE(HoldsCredential(kJwt));
  const std::string text =
      absl::StrCat(Mint(), " ", Mint("x", 2), Mint("y", 3), "\n",
                   std::string(kJwt), "/", std::string(kJwt));
  EXPECT_EQ(WithoutCredentials(text),
            "[redacted] [redacted][redacted]\n[redacted]/[redacted]");
}

// What begins like one may stand right before it, as often as it likes.
TEST(CredentialText, AJwtIsFoundBehindWhatBeginsLikeOne) {
  std::string begun;
  for (int i = 0; i < 100'000; ++i) begun.append("eyJ");
  for (const std::string& before :
       {begun, absl::StrCat(begun, "."), std::string("eyJ.eyJhbGciOiJI."),
        std::string("eyJhbGciOiJI.eyJ ")}) {
    const std::string kept =
        WithoutCredentials(absl::StrCat(before, std::string(kJwt), "!"));
    EXPECT_TRUE(kept.ends_with("[redacted]!"));
    EXPECT_FALSE(HoldsCredential(kept));
  }
  EXPECT_FALSE(HoldsCredential(begun));
}

// What is refused for it must have been a token.
TEST(CredentialText, WhatOnlyLooksLikeOneIsNone) {
  std::string mistyped = Mint();
  mistyped.back() = mistyped.back() == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), mistyped, Mint().substr(0, 72), Mint().substr(7),
        absl::StrCat("sha_0123456789abcdef_", std::string(64, 'a')),
        std::string(5000, '_'), std::string("eyJ.eyJ.eyJ"),
        std::string(kJwt.substr(0, 60)),
        std::string("019a5b6e-0000-7000-8000-000000000001")}) {
    EXPECT_FALSE(HoldsCredential(text)) << text;
    EXPECT_EQ(WithoutCredentials(text), text);
  }
}

}  // namespace
}  // namespace signet::token
