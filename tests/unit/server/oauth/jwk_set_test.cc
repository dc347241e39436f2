// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwk_set.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsNull;
using testing::NotNull;
constexpr auto kEs256 = crypto::SignatureAlgorithm::kEs256;
constexpr auto kEdDsa = crypto::SignatureAlgorithm::kEdDsa;

Json Ec(std::string_view kid) {
  return JwtSigner(JwtSigner::Kind::kEs256).PublicJwk(kid);
}
Json Ed(std::string_view kid) {
  return JwtSigner(JwtSigner::Kind::kEdDsa).PublicJwk(kid);
}

absl::StatusOr<JwkSet> Parse(const std::vector<Json>& keys) {
  Json set = Json::object();
  set["keys"] = keys;
  return JwkSet::Parse(set.dump());
}

TEST(JwkSet, FindsByIdAndAlgorithm) {
  const absl::StatusOr<JwkSet> set = Parse({Ec("a"), Ec("b"), Ed("c")});
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->Find({"a", kEs256}), NotNull());
  EXPECT_NE(set->Find({"a", kEs256}), set->Find({"b", kEs256}));
  EXPECT_THAT(set->Find({"c", kEdDsa}), NotNull());
  EXPECT_THAT(set->Find({"c", kEs256}), IsNull());
  EXPECT_THAT(set->Find({"d", kEs256}), IsNull());
  EXPECT_THAT(set->Find({"", kEs256}), IsNull());
  EXPECT_THAT(set->Find({"A", kEs256}), IsNull());
}

TEST(JwkSet, WithoutIdOnlyWhereOneKeyFits) {
  const absl::StatusOr<JwkSet> set = Parse({Ec("a"), Ec("b"), Ed("c")});
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->Find({std::nullopt, kEdDsa}), NotNull());
  EXPECT_THAT(set->Find({std::nullopt, kEs256}), IsNull());
  EXPECT_THAT(set->Find({std::nullopt, crypto::SignatureAlgorithm::kRs256}),
              IsNull());
}

TEST(JwkSet, KeyWithoutIdFitsNoTokenThatNamesOne) {
  const absl::StatusOr<JwkSet> set = Parse({Ec("")});
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->Find({std::nullopt, kEs256}), NotNull());
  EXPECT_THAT(set->Find({"a", kEs256}), IsNull());
}

TEST(JwkSet, OneIdMayNameKeysOfSeveralKinds) {
  const absl::StatusOr<JwkSet> set = Parse({Ec("a"), Ed("a")});
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->Find({"a", kEs256}), NotNull());
  EXPECT_THAT(set->Find({"a", kEdDsa}), NotNull());
  EXPECT_THAT(set->notes(), IsEmpty());
}

TEST(JwkSet, OneIdForTwoKeysOfAKindNamesNone) {
  const absl::StatusOr<JwkSet> set = Parse({Ec("a"), Ec("a")});
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(set->Find({"a", kEs256}), IsNull());
  EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("keys[1]: ")));
}

// Anybody can sign for such a key: it must not come in by a key set.
TEST(JwkSet, LeavesOutWeakKeysAndKeepsTheOthers) {
  Json identity = Ed("weak");  // The neutral element.
  identity["x"] = Base64Url(std::string(1, '\1') + std::string(31, '\0'));
  Json wrapped = Ed("weak");  // The same, as y = p + 1.
  wrapped["x"] =
      Base64Url("\xee" + std::string(30, '\xff') + std::string(1, '\x7f'));
  Json infinity = Ec("weak");
  infinity["x"] = infinity["y"] = Base64Url(std::string(32, '\0'));
  Json off_curve = Ec("weak");
  off_curve["y"] = off_curve["x"];
  Json even = JwtSigner(JwtSigner::Kind::kRs256).PublicJwk("weak");
  even["n"] = Base64Url(std::string(256, '\xfe'));
  Json small_factor = even;  // 255 * (256^255 + ... + 1)
  small_factor["n"] = Base64Url(std::string(256, '\xff'));
  Json one = JwtSigner(JwtSigner::Kind::kRs256).PublicJwk("weak");
  one["e"] = "AQ";
  for (const Json& weak :
       {identity, wrapped, infinity, off_curve, even, small_factor, one}) {
    const absl::StatusOr<JwkSet> set = Parse({Ec("a"), weak, Ed("c")});
    ASSERT_THAT(set, IsOk());
    EXPECT_EQ(set->size(), 2u) << weak.dump();
    EXPECT_THAT(set->Find({"a", kEs256}), NotNull());
    EXPECT_THAT(set->Find({"c", kEdDsa}), NotNull());
    EXPECT_THAT(set->notes(), ElementsAre(HasSubstr("keys[1]: ")));
  }
}

TEST(JwkSet, LeavesOutWhatItCannotUseAndSaysWhy) {
  Json for_encryption = Ec("b");
  for_encryption["use"] = "enc";
  const absl::StatusOr<JwkSet> set =
      Parse({Ec("a"), for_encryption, Json("text"), {{"kty", "PQ"}}});
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->size(), 1);
  EXPECT_FALSE(set->holds_secrets());
  EXPECT_THAT(set->notes(),
              ElementsAre(HasSubstr("keys[1]: use"), HasSubstr("keys[2]: "),
                          HasSubstr("keys[3]: kty")));
}

TEST(JwkSet, NoticesSecrets) {
  const absl::StatusOr<JwkSet> oct =
      Parse({Ec("a"), {{"kty", "oct"}, {"k", "c2VjcmV0"}}});
  ASSERT_THAT(oct, IsOk());
  EXPECT_TRUE(oct->holds_secrets());
  EXPECT_EQ(oct->size(), 1);
  EXPECT_THAT(oct->notes(), ElementsAre(testing::Not(HasSubstr("c2VjcmV0"))));

  Json owner = Ec("b");
  owner["d"] = "c2VjcmV0";
  const absl::StatusOr<JwkSet> with_private = Parse({owner});
  ASSERT_THAT(with_private, IsOk());
  EXPECT_TRUE(with_private->holds_secrets());
  EXPECT_EQ(with_private->size(), 0);
}

TEST(JwkSet, TakesSixtyFourKeysAndNoMore) {
  const std::vector<Json> most(JwkSet::kMaxKeys, Ec("a"));
  EXPECT_THAT(Parse(most), IsOk());
  const std::vector<Json> more(JwkSet::kMaxKeys + 1, Ec("a"));
  EXPECT_THAT(Parse(more), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JwkSet, MayBeEmpty) {
  EXPECT_THAT(Parse({}), IsOk());
  EXPECT_EQ(Parse({})->size(), 0);
}

TEST(JwkSet, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", "null", R"({"keys":{}})", R"({"keys":null})",
        R"({"keys":[],"keys":[]})", R"({"Keys":[]})",
        R"({"keys":[]} )"
        "{}",
        "<html>"}) {
    EXPECT_THAT(JwkSet::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

}  // namespace
}  // namespace signet::oauth
