// SPDX-License-Identifier: Apache-2.0
#include "server/quick_start.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::server {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(QuickStartTest, FirstStartHasRealValues) {
  const std::string text =
      FirstStartText({"127.0.0.1", 81}, {"127.0.0.1", 91}, "the-account",
                     "the-service-account", "the_token");
  EXPECT_THAT(text, HasSubstr("  token            the_token\n"));
  EXPECT_THAT(text, HasSubstr("  service account  the-service-account\n"));
  EXPECT_THAT(text, HasSubstr("curl http://127.0.0.1:81/v1/public/accounts/"
                              "the-account/auth/service-accounts "));
  EXPECT_THAT(text, HasSubstr("-H \"authorization: Bearer the_token\""));
  EXPECT_THAT(text, HasSubstr("127.0.0.1:91 signet.v1.ServiceAccounts/"
                              "CreateServiceAccount\n"));
  EXPECT_THAT(text, HasSubstr("{\"account_id\": \"the-account\", "));
  EXPECT_THAT(text, Not(HasSubstr("$")));
}

TEST(QuickStartTest, LaterStartHasVariables) {
  const std::string text = LaterStartText({"127.0.0.1", 81}, {"127.0.0.1", 91});
  EXPECT_THAT(text, HasSubstr("Bearer $SIGNET_TOKEN\""));
  EXPECT_THAT(text, HasSubstr("/accounts/$ACCOUNT_ID/auth/"));
  // Outside the single quotes, or the shell would not fill it in.
  EXPECT_THAT(text, HasSubstr("{\"account_id\": \"'$ACCOUNT_ID'\", "));
}

TEST(QuickStartTest, WildcardsAreReachedByLoopback) {
  EXPECT_THAT(LaterStartText({"0.0.0.0", 81}, {"::", 91}),
              testing::AllOf(HasSubstr("http://127.0.0.1:81/"),
                             HasSubstr("http://[::1]:91/")));
}

}  // namespace
}  // namespace signet::server
