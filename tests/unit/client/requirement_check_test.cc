// SPDX-License-Identifier: Apache-2.0
#include "client/requirement_check.h"

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/api/convert_tokens.h"
#include "server/domain/requirement.h"
#include "server/domain/token_verifier.h"
#include "tests/support/sample_records.h"

namespace signet::client {
namespace {

v1::Requirement Capability(const std::string& key,
                           const std::string& account_id = "",
                           const std::string& resource_type = "",
                           const std::string& resource_id = "") {
  v1::Requirement requirement;
  v1::RequiredCapability& capability = *requirement.mutable_capability();
  capability.set_capability_key(key);
  capability.set_account_id(account_id);
  capability.set_resource_type(resource_type);
  capability.set_resource_id(resource_id);
  return requirement;
}

v1::Requirement AllOf(int size, const v1::Requirement& part) {
  v1::Requirement requirement;
  requirement.mutable_all_of();
  for (int i = 0; i < size; ++i) {
    *requirement.mutable_all_of()->add_requirements() = part;
  }
  return requirement;
}

TEST(RequirementCheckTest, RefusesWhatTheServerRefuses) {
  const std::string id = SampleId(7).ToString();
  const v1::Requirement good = Capability("a.b");
  const struct {
    const char* what;
    v1::Requirement requirement;
    bool well_formed;
  } kCases[] = {
      {"key", good, true},
      {"nothing", v1::Requirement(), false},
      {"empty list", AllOf(0, good), true},
      {"no key", Capability(""), false},
      {"one word", Capability("a"), false},
      {"upper case", Capability("a.B"), false},
      {"empty word", Capability("a..b"), false},
      {"digit first", Capability("a.1b"), false},
      {"ends in a dot", Capability("a.b."), false},
      {"100 characters", Capability("a." + std::string(98, 'b')), true},
      {"101 characters", Capability("a." + std::string(99, 'b')), false},
      {"account", Capability("a.b", id), true},
      {"no account", Capability("a.b", "x"), false},
      {"type", Capability("a.b", "", "domain"), true},
      {"no type", Capability("a.b", "", "Domain"), false},
      {"no type that there is", Capability("a.b", "", "domains"), false},
      {"resource", Capability("a.b", "", "domain", id), true},
      {"resource of no type", Capability("a.b", "", "", id), false},
      {"no resource", Capability("a.b", "", "domain", "x"), false},
      {"4 deep", AllOf(1, AllOf(1, AllOf(1, good))), true},
      {"5 deep", AllOf(1, AllOf(1, AllOf(1, AllOf(1, good)))), false},
      {"32", AllOf(32, good), true},
      {"33", AllOf(33, good), false},
      {"128 parts", AllOf(127, AllOf(0, good)), true},
      {"129 parts", AllOf(128, AllOf(0, good)), false},
      {"33 in all", AllOf(3, AllOf(11, good)), false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(IsWellFormed(c.requirement), c.well_formed);
    domain::Violations violations;
    api::ReadRequirement("requirement", c.requirement, violations);
    EXPECT_EQ(violations.empty(), c.well_formed);
  }
}

// A small world, so that chance often hits what is held.
class Chance {
 public:
  explicit Chance(uint32_t seed) : engine_(seed) {}

  uint32_t Below(uint32_t end) {
    return static_cast<uint32_t>(engine_()) % end;
  }
  std::string Key() { return Below(2) == 0 ? "a.x" : "a.y"; }
  std::string Type() { return Below(2) == 0 ? "domain" : "route"; }
  Uuid Id(uint32_t base) { return SampleId(base + Below(2)); }

  storage::AuthorizationRecord Grant(uint32_t number) {
    storage::AuthorizationRecord grant = SampleCapability(Id(1), number, {});
    grant.capability_key = Key();
    const uint32_t kind = Below(16);
    if (kind <= 1) {
      grant.grant_kind = kind == 0 ? storage::GrantKind::kSuperAdmin
                                   : storage::GrantKind::kAccountOwner;
      grant.capability_key.reset();
    } else if (kind < 9) {
      grant.resource_type = Type();
      if (Below(2) == 0) grant.resource_id = Id(21);
    }
    return grant;
  }

  v1::Requirement Requirement(int depth) {
    const uint32_t kind = depth == 4 ? 0 : Below(3);
    if (kind == 0) {
      std::string resource_type;
      std::string resource_id;
      if (Below(2) == 0) resource_type = Type();
      if (!resource_type.empty() && Below(2) == 0) {
        resource_id = Id(21).ToString();
      }
      const uint32_t account = Below(6);
      return Capability(Key(),
                        account > 1 ? "" : SampleId(1 + account).ToString(),
                        resource_type, resource_id);
    }
    v1::Requirement requirement;
    v1::RequirementList* const list =
        kind == 1 ? requirement.mutable_all_of() : requirement.mutable_any_of();
    for (uint32_t i = Below(4); i > 0; --i) {
      *list->add_requirements() = Requirement(depth + 1);
    }
    return requirement;
  }

 private:
  std::mt19937 engine_;
};

TEST(RequirementCheckTest, MeansWhatTheServerMeans) {
  const Uuid home = SampleId(1);
  int met = 0, not_met = 0, ask = 0;
  for (uint32_t seed = 0; seed < 20'000; ++seed) {
    Chance chance(seed);
    auto snapshot = std::make_shared<identity::TokenSnapshot>();
    snapshot->account_id = home;
    snapshot->expires_at = absl::InfiniteFuture();
    for (uint32_t i = chance.Below(4); i > 0; --i) {
      snapshot->held.push_back(chance.Grant(100 + i));
    }
    v1::VerifyTokenResponse answer;
    api::ToProto(
        {.verdict = domain::TokenVerdict::kActive, .snapshot = snapshot},
        SampleTime(), answer);
    const v1::Requirement wanted = chance.Requirement(1);
    ASSERT_TRUE(IsWellFormed(wanted)) << wanted.DebugString();
    domain::Violations violations;
    const domain::Requirement servers =
        api::ReadRequirement("", wanted, violations);
    ASSERT_TRUE(violations.empty()) << wanted.DebugString();
    const RequirementVerdict verdict = CheckRequirement(wanted, answer);
    if (verdict == RequirementVerdict::kAskServer) {
      EXPECT_FALSE(servers.OtherAccounts(home).empty());
      EXPECT_FALSE(answer.super_admin());
      ++ask;
      continue;
    }
    EXPECT_TRUE(answer.super_admin() || servers.OtherAccounts(home).empty());
    EXPECT_EQ(verdict == RequirementVerdict::kMet,
              servers.IsMet(snapshot->held, home))
        << wanted.DebugString() << answer.DebugString();
    ++(verdict == RequirementVerdict::kMet ? met : not_met);
  }
  EXPECT_GT(met, 1000);
  EXPECT_GT(not_met, 1000);
  EXPECT_GT(ask, 1000);
}

TEST(RequirementCheckTest, IdsAreReadInAnyLetterCase) {
  v1::VerifyTokenResponse answer;
  answer.set_account_id("0197b1c0-0000-7000-8000-0000000000ab");
  v1::ResourceCapability& held = *answer.add_resource_capabilities();
  held.set_capability_key("a.x");
  held.set_resource_type("domain");
  held.set_resource_id("0197b1c0-0000-7000-8000-0000000000cd");
  EXPECT_EQ(CheckRequirement(
                Capability("a.x", "0197B1C0-0000-7000-8000-0000000000AB",
                           "domain", "0197B1C0-0000-7000-8000-0000000000CD"),
                answer),
            RequirementVerdict::kMet);
}

}  // namespace
}  // namespace signet::client
