// SPDX-License-Identifier: Apache-2.0
#include "server/domain/requirement.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Kind = Requirement::Kind;

const Uuid kHomeId = SampleId(1);
const Uuid kAwayId = SampleId(9);

Requirement Needs(RequiredCapability capability) {
  return {.kind = Kind::kCapability, .capability = std::move(capability)};
}
Requirement Needs(const char* key) {
  return Needs(RequiredCapability{.capability_key = key});
}
Requirement AllOf(std::vector<Requirement> of) {
  return {.kind = Kind::kAllOf, .of = std::move(of)};
}
Requirement AnyOf(std::vector<Requirement> of) {
  return {.kind = Kind::kAnyOf, .of = std::move(of)};
}

storage::AuthorizationRecord Holds(const char* key,
                                   const Uuid& account_id = kHomeId) {
  storage::AuthorizationRecord grant = SampleCapability(
      account_id, 50,
      {.type = storage::SubjectType::kServiceAccount, .id = "x"});
  grant.capability_key = key;
  return grant;
}
storage::AuthorizationRecord HoldsKind(storage::GrantKind kind,
                                       const Uuid& account_id = kHomeId) {
  return SampleGrant(account_id, 51,
                     {.type = storage::SubjectType::kServiceAccount, .id = "x"},
                     kind);
}

bool IsMet(const Requirement& requirement,
           const std::vector<storage::AuthorizationRecord>& held) {
  return requirement.IsMet(held, kHomeId);
}

TEST(Requirement, NothingIsMetByAnybody) {
  EXPECT_TRUE(IsMet(Requirement(), {}));
  EXPECT_TRUE(IsMet(AllOf({}), {}));
  EXPECT_FALSE(IsMet(AnyOf({}), {Holds("a.x")}));
}

TEST(Requirement, ACapabilityMustBeHeld) {
  EXPECT_FALSE(IsMet(Needs("a.x"), {}));
  EXPECT_TRUE(IsMet(Needs("a.x"), {Holds("a.x")}));
  EXPECT_FALSE(IsMet(Needs("a.x"), {Holds("a.y")}));
  EXPECT_TRUE(IsMet(Needs("a.x"), {Holds("a.y"), Holds("a.x")}));
  // `auth.manage` is a capability like others where others ask.
  EXPECT_FALSE(IsMet(Needs("a.x"), {Holds("auth.manage")}));
}

TEST(Requirement, TellsTheFirstThatIsLacked) {
  const std::vector<storage::AuthorizationRecord> held = {Holds("a.x")};
  const auto lacked = [&held](const Requirement& requirement) {
    const RequiredCapability* first = requirement.FirstLacked(held, kHomeId);
    return first == nullptr ? "" : first->capability_key;
  };
  EXPECT_EQ(lacked(Needs("a.x")), "");
  EXPECT_EQ(lacked(Needs("a.y")), "a.y");
  EXPECT_EQ(lacked(AllOf({Needs("a.x"), Needs("a.y"), Needs("a.z")})), "a.y");
  EXPECT_EQ(lacked(AnyOf({Needs("a.y"), Needs("a.x")})), "");
  EXPECT_EQ(lacked(AllOf({AnyOf({Needs("a.z"), Needs("a.y")})})), "a.z");
  EXPECT_EQ(lacked(AnyOf({})), "");
}

TEST(Requirement, AllAndAny) {
  const std::vector<storage::AuthorizationRecord> held = {Holds("a.x"),
                                                          Holds("a.y")};
  EXPECT_TRUE(IsMet(AllOf({Needs("a.x"), Needs("a.y")}), held));
  EXPECT_FALSE(IsMet(AllOf({Needs("a.x"), Needs("a.z")}), held));
  EXPECT_TRUE(IsMet(AnyOf({Needs("a.z"), Needs("a.y")}), held));
  EXPECT_FALSE(IsMet(AnyOf({Needs("a.z"), Needs("a.w")}), held));
  EXPECT_TRUE(
      IsMet(AllOf({Needs("a.x"), AnyOf({Needs("a.z"), AllOf({Needs("a.y")})})}),
            held));
  EXPECT_FALSE(
      IsMet(AnyOf({AllOf({Needs("a.x"), Needs("a.z")}), AllOf({Needs("a.w")})}),
            held));
}

TEST(Requirement, OwnersHaveEverythingOnTheirAccountAndSuperAdminsEverywhere) {
  const Requirement here = Needs({.capability_key = "a.x",
                                  .resource_type = "mailbox",
                                  .resource_id = SampleId(4)});
  const Requirement there =
      Needs({.capability_key = "a.x", .account_id = kAwayId});
  const std::vector<storage::AuthorizationRecord> owner = {
      HoldsKind(storage::GrantKind::kAccountOwner)};
  const std::vector<storage::AuthorizationRecord> super_admin = {
      HoldsKind(storage::GrantKind::kSuperAdmin, SampleId(77))};
  EXPECT_TRUE(IsMet(here, owner));
  EXPECT_FALSE(IsMet(there, owner));
  EXPECT_TRUE(IsMet(here, super_admin));
  EXPECT_TRUE(IsMet(there, super_admin));
}

TEST(Requirement, AnAccountIsNotAnother) {
  const Requirement there =
      Needs({.capability_key = "a.x", .account_id = kAwayId});
  EXPECT_FALSE(IsMet(there, {Holds("a.x")}));
  EXPECT_TRUE(IsMet(there, {Holds("a.x", kAwayId)}));
  EXPECT_FALSE(IsMet(Needs("a.x"), {Holds("a.x", kAwayId)}));
  EXPECT_TRUE(IsMet(Needs({.capability_key = "a.x", .account_id = kHomeId}),
                    {Holds("a.x")}));
}

TEST(Requirement, AResourceNeedsAGrantAtLeastAsWide) {
  const Requirement whole = Needs("a.x");
  const Requirement kind =
      Needs({.capability_key = "a.x", .resource_type = "mailbox"});
  const Requirement one = Needs({.capability_key = "a.x",
                                 .resource_type = "mailbox",
                                 .resource_id = SampleId(4)});
  storage::AuthorizationRecord of_kind = Holds("a.x");
  of_kind.resource_type = "mailbox";
  storage::AuthorizationRecord of_one = of_kind;
  of_one.resource_id = SampleId(4);
  storage::AuthorizationRecord of_other = of_kind;
  of_other.resource_id = SampleId(5);
  storage::AuthorizationRecord of_other_kind = of_kind;
  of_other_kind.resource_type = "domain";

  const struct {
    const char* label;
    storage::AuthorizationRecord held;
    bool whole, kind, one;
  } cases[] = {{"account", Holds("a.x"), true, true, true},
               {"kind", of_kind, false, true, true},
               {"one", of_one, false, false, true},
               {"another", of_other, false, false, false},
               {"another kind", of_other_kind, false, false, false}};
  for (const auto& c : cases) {
    EXPECT_EQ(IsMet(whole, {c.held}), c.whole) << c.label;
    EXPECT_EQ(IsMet(kind, {c.held}), c.kind) << c.label;
    EXPECT_EQ(IsMet(one, {c.held}), c.one) << c.label;
  }
}

TEST(Requirement, NamesTheOtherAccountsOnce) {
  EXPECT_THAT(AllOf({Needs("a.x"),
                     Needs({.capability_key = "a.x", .account_id = kHomeId})})
                  .OtherAccounts(kHomeId),
              IsEmpty());
  EXPECT_THAT(
      AllOf({Needs({.capability_key = "a.x", .account_id = kAwayId}),
             AnyOf({Needs({.capability_key = "a.y", .account_id = kAwayId}),
                    Needs({.capability_key = "a.y",
                           .account_id = SampleId(8)})})})
          .OtherAccounts(kHomeId),
      ElementsAre(kAwayId, SampleId(8)));
}

std::vector<std::string> FieldsOf(Violations violations) {
  if (violations.empty()) return {};
  std::vector<std::string> fields;
  for (const FieldViolation& violation :
       GetErrorDetail(std::move(violations).ToStatus()).violations) {
    fields.push_back(violation.field);
  }
  return fields;
}

// The fields at fault.
std::vector<std::string> Faults(const std::string& key,
                                const std::string& account_id = "",
                                const std::string& resource_type = "",
                                const std::string& resource_id = "") {
  Violations violations;
  ReadRequiredCapability("at", key, account_id, resource_type, resource_id,
                         violations);
  return FieldsOf(std::move(violations));
}

std::vector<std::string> FaultsOfAll(const std::vector<std::string>& keys,
                                     const std::string& account_id = "",
                                     const std::string& resource_type = "",
                                     const std::string& resource_id = "") {
  Violations violations;
  ReadAllOf(keys, account_id, resource_type, resource_id, violations);
  return FieldsOf(std::move(violations));
}

TEST(ReadRequiredCapability, ReadsWhatWasSent) {
  Violations violations;
  const std::string account =
      "01900000-0000-7000-8000-00000000ABCD";  // In either case.
  const RequiredCapability read = ReadRequiredCapability(
      "at", "a.x", account, "mailbox", SampleId(4).ToString(), violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_EQ(read.capability_key, "a.x");
  EXPECT_EQ(read.account_id, SampleId(0xABCD));
  EXPECT_EQ(read.resource_type, "mailbox");
  EXPECT_EQ(read.resource_id, SampleId(4));

  const RequiredCapability least =
      ReadRequiredCapability("at", "a.x", "", "", "", violations);
  EXPECT_TRUE(violations.empty());
  EXPECT_FALSE(least.account_id.has_value());
  EXPECT_FALSE(least.resource_type.has_value());
  EXPECT_FALSE(least.resource_id.has_value());
}

TEST(ReadRequiredCapability, NamesEveryFault) {
  const std::string id = SampleId(4).ToString();
  EXPECT_THAT(Faults(""), ElementsAre("at.capability_key"));
  EXPECT_THAT(Faults("Not a key"), ElementsAre("at.capability_key"));
  EXPECT_THAT(Faults("a.x", "1"), ElementsAre("at.account_id"));
  EXPECT_THAT(Faults("a.x", "", "planet"), ElementsAre("at.resource_type"));
  EXPECT_THAT(Faults("a.x", "", "mailbox", "1"), ElementsAre("at.resource_id"));
  EXPECT_THAT(Faults("a.x", "", "", id), ElementsAre("at.resource_id"));
  EXPECT_THAT(
      Faults("", "1", "planet", id),
      ElementsAre("at.capability_key", "at.account_id", "at.resource_type"));
}

TEST(ReadAllOf, WantsEachOnTheSamePlace) {
  Violations violations;
  EXPECT_EQ(ReadAllOf({}, "", "", "", violations), nullptr);
  const std::vector<std::string> keys = {"a.x", "a.y"};
  const auto read = ReadAllOf(keys, SampleId(3).ToString(), "mailbox",
                              SampleId(4).ToString(), violations);
  ASSERT_TRUE(violations.empty());
  ASSERT_EQ(read->kind, Requirement::Kind::kAllOf);
  ASSERT_EQ(read->of.size(), 2);
  for (size_t i = 0; i < keys.size(); ++i) {
    const RequiredCapability& one = read->of[i].capability;
    EXPECT_EQ(one.capability_key, keys[i]);
    EXPECT_EQ(one.account_id, SampleId(3));
    EXPECT_EQ(one.resource_type, "mailbox");
    EXPECT_EQ(one.resource_id, SampleId(4));
  }
}

TEST(ReadAllOf, NamesEveryFaultOnce) {
  EXPECT_THAT(FaultsOfAll({"a.x"}, "1", "planet", "2"),
              ElementsAre("account_id", "resource_type", "resource_id"));
  EXPECT_THAT(FaultsOfAll({"no", "a.x", ""}),
              ElementsAre("capability", "capability"));
  EXPECT_THAT(FaultsOfAll({}, "", "mailbox"), ElementsAre("resource_type"));
  EXPECT_THAT(FaultsOfAll({}, "", "", SampleId(4).ToString()),
              ElementsAre("resource_id"));
  EXPECT_THAT(FaultsOfAll(std::vector<std::string>(32, "a.x")), IsEmpty());
  EXPECT_THAT(FaultsOfAll(std::vector<std::string>(33, "a.x")),
              ElementsAre("capability"));
}

}  // namespace
}  // namespace signet::domain
