// SPDX-License-Identifier: Apache-2.0
#include "server/seal/seal.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::seal {
namespace {

const Uuid kAccount = SampleId(1);

storage::TokenRecord Token() { return SampleServiceAccount(kAccount, 2).token; }

std::string Message(const storage::TokenRecord& token) {
  return SealMessage(kAccount, SampleId(2), token);
}

// One change to each member that a seal covers.
const std::vector<std::function<void(storage::TokenRecord&)>> kTokenChanges = {
    [](auto& t) { t.public_id = SamplePublicId(3); },
    [](auto& t) { t.key_version = 2; },
    [](auto& t) { t.mac[31] ^= 1; },
    [](auto& t) { t.expires_at = SampleTime(1); },
    [](auto& t) { t.expires_at = SampleTime(1) + absl::Nanoseconds(1); },
    [](auto& t) { t.retires_at = SampleTime(1); },
    [](auto& t) { t.not_before = SampleTime(1); },
    [](auto& t) { t.ended = true; },
};

const std::vector<std::function<void(storage::ServiceAccountRecord&)>>
    kAccountChanges = {
        [](auto& r) { r.account_id = SampleId(9); },
        [](auto& r) { r.id = SampleId(9); },
        [](auto& r) { r.token.public_id = SamplePublicId(9); },
        [](auto& r) { r.enabled = false; },
        [](auto& r) { r.revoked_at = SampleTime(); },
        [](auto& r) {
          r.labels = {{"a", "bc"}};
        },
        [](auto& r) {
          r.labels = {{"ab", "c"}};
        },
        [](auto& r) {
          r.labels = {{"a", ""}, {"b", "c"}};
        },
        [](auto& r) { r.owner = "a"; },
        [](auto& r) { r.allowed_addresses = "a"; },
        [](auto& r) { r.token_shown_to = "a"; },
};

storage::AuthorizationRecord Grant() {
  storage::AuthorizationRecord grant =
      SampleCapability(kAccount, 5, {storage::SubjectType::kUser, "u"});
  return grant;
}

const std::vector<std::function<void(storage::AuthorizationRecord&)>>
    kGrantChanges = {
        [](auto& g) { g.id = SampleId(9); },
        [](auto& g) { g.account_id = SampleId(9); },
        [](auto& g) {
          g.grant_kind = storage::GrantKind::kAccountOwner;
          g.capability_key.reset();
        },
        [](auto& g) {
          g.grant_kind = storage::GrantKind::kSuperAdmin;
          g.capability_key.reset();
        },
        [](auto& g) { g.subject.type = storage::SubjectType::kGroup; },
        [](auto& g) { g.subject.id = "v"; },
        [](auto& g) { g.capability_key = "auth.manager"; },
        [](auto& g) { g.resource_type = "mailbox"; },
        [](auto& g) { g.resource_id = SampleId(7); },
        [](auto& g) { g.created_at += absl::Nanoseconds(1); },
        [](auto& g) { g.revoked_at = SampleTime(); },
        [](auto& g) { g.subject_issuer = "mailbox"; },
};

// Each change alone, and every two of them.
template <typename Record>
std::vector<Record> Variants(
    const Record& plain,
    const std::vector<std::function<void(Record&)>>& changes) {
  std::vector<Record> variants = {plain};
  for (size_t i = 0; i < changes.size(); ++i) {
    Record one = plain;
    changes[i](one);
    variants.push_back(one);
    for (size_t j = i + 1; j < changes.size(); ++j) {
      Record two = one;
      changes[j](two);
      if (two != one) variants.push_back(two);
    }
  }
  return variants;
}

// As many messages as there are different rows.
template <typename Record, typename Write>
void ExpectOneMessageEach(const std::vector<Record>& rows, Write write,
                          std::set<std::string>& messages) {
  std::vector<Record> different;
  for (const Record& row : rows) {
    if (std::find(different.begin(), different.end(), row) == different.end()) {
      different.push_back(row);
    }
  }
  const size_t before = messages.size();
  for (const Record& row : different) messages.insert(write(row));
  EXPECT_EQ(messages.size() - before, different.size());
}

TEST(SealMessage, NoTwoRowsShareOne) {
  std::set<std::string> messages;
  ExpectOneMessageEach(
      Variants(Token(), kTokenChanges),
      [](const auto& token) { return Message(token); }, messages);
  ExpectOneMessageEach(
      Variants(SampleServiceAccount(kAccount, 2), kAccountChanges),
      [](const auto& record) { return SealMessage(record); }, messages);
  ExpectOneMessageEach(
      Variants(Grant(), kGrantChanges),
      [](const auto& grant) { return SealMessage(grant); }, messages);
}

TEST(SealMessage, ATokenIsOfOneServiceAccount) {
  EXPECT_NE(SealMessage(kAccount, SampleId(2), Token()),
            SealMessage(kAccount, SampleId(3), Token()));
  EXPECT_NE(SealMessage(kAccount, SampleId(2), Token()),
            SealMessage(SampleId(2), kAccount, Token()));
}

// A member that comes later, at its default, adds nothing: what is written here
// is what a row of today has for ever.
TEST(SealMessage, DefaultsAreLeftOut) {
  storage::TokenRecord token = Token();
  const std::string bare = Message(token);
  // Format and kind; five members, each with a tag and a length.
  EXPECT_EQ(bare.size(), 2 + (5 + 16) + 2 * (5 + 16) + (5 + 8) + (5 + 32));
  EXPECT_EQ(bare.substr(0, 2), std::string("\x01\x01"));
  EXPECT_EQ(bare.substr(2, 5), std::string("\x01\0\0\0\x10", 5));
  token.ended = true;
  EXPECT_EQ(Message(token), bare + std::string("\x09\0\0\0\x08", 5) +
                                std::string("\0\0\0\0\0\0\0\x01", 8));
  // enabled is true by default.
  EXPECT_EQ(SealMessage(SampleServiceAccount(kAccount, 2)).size(),
            2 + 3 * (5 + 16));
}

class SealTest : public testing::Test {
 protected:
  storage::ServiceAccountRecord Account() {
    return Sealed(*keyring_, SampleServiceAccount(kAccount, 2));
  }

  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
};

TEST_F(SealTest, VerifiesWhatWasSealedAndNothingElse) {
  const storage::ServiceAccountRecord good = Account();
  EXPECT_TRUE(IsSealed(*keyring_, good));
  for (const auto& change : kAccountChanges) {
    storage::ServiceAccountRecord altered = good;
    change(altered);
    EXPECT_FALSE(IsSealedAlone(*keyring_, altered));
  }
  for (const auto& change : kTokenChanges) {
    storage::ServiceAccountRecord altered = good;
    change(altered.token);
    EXPECT_FALSE(IsSealed(*keyring_, altered));
  }
  storage::AuthorizationRecord grant = Grant();
  grant.seal = MakeSeal(*keyring_, grant);
  EXPECT_TRUE(IsSealed(*keyring_, grant));
  for (const auto& change : kGrantChanges) {
    storage::AuthorizationRecord altered = grant;
    change(altered);
    EXPECT_FALSE(IsSealed(*keyring_, altered));
  }
}

TEST_F(SealTest, WhatIsNoAuthorityIsNotCovered) {
  storage::ServiceAccountRecord record = Account();
  record.name = "other";
  record.last_used_at = SampleTime(9);
  record.updated_at = SampleTime(9);
  ++record.revision;
  EXPECT_TRUE(IsSealed(*keyring_, record));
}

TEST_F(SealTest, NoSealIsNone) {
  storage::ServiceAccountRecord record = Account();
  record.seal = {};
  EXPECT_FALSE(IsSealed(*keyring_, record));
  record = Account();
  record.token.seal = {};
  EXPECT_FALSE(IsSealed(*keyring_, record));
  record = Account();
  record.seal.key_version = 2;  // No such key.
  EXPECT_FALSE(IsSealed(*keyring_, record));
}

// Both tokens, also where the one looked up was replaced: what is read together
// is written back together.
TEST_F(SealTest, AReplacedTokenComesWithTheCurrentOne) {
  storage::TokenOwner found = {.token = SampleServiceAccount(kAccount, 3).token,
                               .owner = Account()};
  found.token.retires_at = SampleTime(5);
  EXPECT_FALSE(IsSealed(*keyring_, found));
  found.token.seal = MakeSeal(*keyring_, kAccount, SampleId(2), found.token);
  EXPECT_TRUE(IsSealed(*keyring_, found));
  found.owner.token.expires_at = SampleTime(7);
  EXPECT_FALSE(IsSealed(*keyring_, found));
}

// The keyring's own MACs, and those of another purpose, are no seals.
TEST_F(SealTest, TheKeysAreOfTheirOwn) {
  storage::AuthorizationRecord grant = Grant();
  grant.seal = {.key_version = 1, .mac = keyring_->Compute(SealMessage(grant))};
  EXPECT_FALSE(IsSealed(*keyring_, grant));
  grant.seal.mac =
      keyring_->Compute(crypto::MacPurpose::kAuditHead, SealMessage(grant));
  EXPECT_FALSE(IsSealed(*keyring_, grant));
}

}  // namespace
}  // namespace signet::seal
