// SPDX-License-Identifier: Apache-2.0
#include "policy/capability_key.h"

#include <string>

#include "gtest/gtest.h"

namespace signet::policy {
namespace {

TEST(IsCapabilityKey, WantsTwoWordsOrMore) {
  for (const char* key :
       {"auth.manage", "a.b", "dns_record.read", "a1.b2.c3", "a_.b_"}) {
    EXPECT_TRUE(IsCapabilityKey(key)) << key;
  }
  for (const char* text : {"", ".", "auth", "auth.", ".manage", "auth..manage",
                           "Auth.manage", "auth.Manage", "1a.b", "a.1b", "_a.b",
                           "a.b c", "a.b\n", "a.\xc3\xa9"}) {
    EXPECT_FALSE(IsCapabilityKey(text)) << text;
  }
}

TEST(IsCapabilityKey, HasAtMostAHundredCharacters) {
  EXPECT_TRUE(IsCapabilityKey("a." + std::string(98, 'b')));
  EXPECT_FALSE(IsCapabilityKey("a." + std::string(99, 'b')));
}

}  // namespace
}  // namespace signet::policy
