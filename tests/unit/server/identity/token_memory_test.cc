// SPDX-License-Identifier: Apache-2.0
//
// What the directory remembers, and that it forgets what has changed. Its store
// is watched, as in the server.
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/base62.h"
#include "base/crc32.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/identity/token_directory.h"
#include "server/token/token.h"
#include "server/upkeep/last_uses.h"
#include "storage/store.h"
#include "tests/support/faulty_store.h"
#include "tests/support/heap_in_use.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::identity {
namespace {

class TokenMemory {
 public:
  explicit TokenMemory(TokenDirectoryOptions options = {})
      : directory(&store, keyring_.get(), &last_uses, options) {
    store.Subscribe(std::nullopt, [this](const storage::ChangeNotice& notice) {
      directory.OnChange(notice.changes);
    });
    Write([](storage::WriteTxn& txn) {
      return txn.EnsureAccount(SampleId(1), SampleTime());
    });
    Write([](storage::WriteTxn& txn) {
      return txn.EnsureAccount(SampleId(9), SampleTime());
    });
  }

  void Write(storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(store, std::move(body)), IsOk());
  }

  // A token, and the record of a service account whose current one it is.
  struct Issued {
    std::string token;
    storage::ServiceAccountRecord record;
  };
  Issued Mint(uint32_t number) {
    token::MintedToken token =
        token::MintToken("hbx_sa", SampleTime(), random_);
    Issued issued = {.token = std::string(token.text.Expose()),
                     .record = SampleServiceAccount(SampleId(1), number)};
    issued.record.token.public_id = token.public_id;
    issued.record.token.key_version = keyring_->current_version();
    issued.record.token.mac = keyring_->Compute(token.text.Expose());
    return issued;
  }
  void Insert(const storage::ServiceAccountRecord& record) {
    Write([&record](storage::WriteTxn& txn) {
      return txn.InsertServiceAccount(record);
    });
  }
  Issued Issue(uint32_t number = 2) {
    Issued issued = Mint(number);
    Insert(issued.record);
    return issued;
  }

  // Asks the store where it must.
  absl::StatusOr<LookupResult> Find(std::string_view token,
                                    absl::Time now = SampleTime()) {
    std::optional<absl::StatusOr<LookupResult>> result;
    directory.Find(token, now, std::nullopt,
                   [&result](absl::StatusOr<LookupResult> found) {
                     result.emplace(std::move(found));
                   });
    return *std::move(result);
  }
  TokenState StateNow(std::string_view token) {
    return Find(token).value().state;
  }
  bool IsRemembered(std::string_view token) {
    return directory.FindAtOnce(token, SampleTime()).has_value();
  }
  int CountRemembered(const std::vector<std::string>& tokens) {
    int count = 0;
    for (const std::string& token : tokens) count += IsRemembered(token);
    return count;
  }

  FaultyStore store;

 private:
  SeededRandom random_;
  std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  RecordingLogger logger_;

 public:
  upkeep::LastUses last_uses{&logger_};
  TokenDirectory directory;
};

storage::AuthorizationRecord GrantTo(
    const storage::ServiceAccountRecord& record, const Uuid& account_id) {
  return SampleCapability(account_id, 50,
                          {.type = storage::SubjectType::kServiceAccount,
                           .id = record.id.ToString()});
}

// The same token with another secret, and a checksum that is right.
std::string WithOtherSecret(const std::string& token, SeededRandom& random) {
  const std::string other(
      token::MintToken("hbx_sa", SampleTime(), random).text.Expose());
  const std::string public_id(token::ParseToken(token)->public_id);
  const size_t at = other.find(token::ParseToken(other)->public_id);
  std::string forged = other;
  forged.replace(at, public_id.size(), public_id);
  const std::span<char> checksum = std::span(forged).last(6);
  EncodeBase62(Crc32(std::string_view(forged).substr(0, forged.size() - 6)),
               checksum);
  return forged;
}

TEST(TokenMemory, AnswersAgainWithoutTheStore) {
  TokenMemory memory;
  const std::string token = memory.Issue().token;
  EXPECT_FALSE(memory.IsRemembered(token));
  const absl::StatusOr<LookupResult> first = memory.Find(token);
  ASSERT_THAT(first, IsOk());
  const int reads = memory.store.reads();
  for (int i = 1; i <= 3; ++i) {
    const absl::StatusOr<LookupResult> again =
        memory.Find(token, SampleTime(i));
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->state, TokenState::kLive);
    EXPECT_EQ(again->snapshot, first->snapshot);
    EXPECT_EQ(memory.last_uses.Latest(SampleId(2)), WholeMicros(SampleTime(i)));
  }
  EXPECT_EQ(memory.store.reads(), reads);
}

// Or the time that it takes would tell the two apart.
TEST(TokenMemory, AnUnknownTokenCostsTheMakingOfAnAnswerToo) {
  int rendered = 0;
  TokenMemory memory({.render = [&rendered](const TokenSnapshot&) {
    ++rendered;
    return std::string("answer");
  }});
  EXPECT_EQ(memory.StateNow(memory.Issue(2).token), TokenState::kLive);
  EXPECT_EQ(rendered, 1);
  const TokenMemory::Issued unknown = memory.Mint(3);
  EXPECT_EQ(memory.StateNow(unknown.token), TokenState::kUnknown);
  EXPECT_EQ(rendered, 2);
  EXPECT_EQ(memory.Find(unknown.token)->snapshot, nullptr);
}

// Three times as many as there is room for, and as many that are unknown.
TEST(TokenMemory, TakesAsMuchMemoryAsItMay) {
  constexpr size_t kLimit = size_t{4} << 20;
  TokenMemory memory({.max_bytes = kLimit, .render = [](const TokenSnapshot&) {
                        return std::string(120, 'x');
                      }});
  std::vector<std::string> tokens;
  for (uint32_t i = 0; i < 24'000; ++i) {
    TokenMemory::Issued issued = memory.Mint(2 + i);
    issued.record.enabled = false;  // Its uses are not noted.
    memory.Insert(issued.record);
    tokens.push_back(issued.token);
  }
  const size_t before = HeapInUse();
  for (const std::string& token : tokens) {
    ASSERT_EQ(memory.StateNow(token), TokenState::kDisabled);
    ASSERT_EQ(memory.StateNow(memory.Mint(1).token), TokenState::kUnknown);
  }
  const size_t taken = HeapInUse() - before;
  EXPECT_LT(taken, kLimit);
  EXPECT_GT(taken, kLimit / 4 * 3);
  EXPECT_FALSE(memory.IsRemembered(tokens.front()));
  EXPECT_TRUE(memory.IsRemembered(tokens.back()));
}

TEST(TokenMemory, WhatIsRememberedDiesInTime) {
  TokenMemory memory;
  TokenMemory::Issued issued = memory.Mint(2);
  issued.record.token.expires_at = SampleTime(60);
  memory.Insert(issued.record);
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kLive);
  EXPECT_EQ(memory.directory.FindAtOnce(issued.token, SampleTime(59))->state,
            TokenState::kLive);
  EXPECT_EQ(memory.directory.FindAtOnce(issued.token, SampleTime(60))->state,
            TokenState::kExpired);
}

TEST(TokenMemory, RemembersThatATokenIsUnknown) {
  TokenMemory memory;
  const std::string token = memory.Mint(2).token;
  EXPECT_EQ(memory.StateNow(token), TokenState::kUnknown);
  const int reads = memory.store.reads();
  EXPECT_EQ(memory.StateNow(token), TokenState::kUnknown);
  EXPECT_EQ(memory.store.reads(), reads);
  memory.directory.ForgetAll();
  EXPECT_FALSE(memory.IsRemembered(token));
}

TEST(TokenMemory, CanBeSwitchedOff) {
  TokenMemory memory({.max_entries = 0});
  const std::string token = memory.Issue().token;
  const std::string unknown = memory.Mint(3).token;
  memory.StateNow(token);
  memory.StateNow(unknown);
  EXPECT_FALSE(memory.IsRemembered(token));
  EXPECT_FALSE(memory.IsRemembered(unknown));
}

struct ChangeCase {
  const char* label;
  // Of the service account that has the token.
  absl::Status (*change)(storage::WriteTxn&, storage::ServiceAccountRecord&);
  TokenState state;
  size_t held = 0;
};

class TokenMemoryChanges : public testing::TestWithParam<ChangeCase> {};

TEST_P(TokenMemoryChanges, AreSeenAtOnce) {
  TokenMemory memory;
  const TokenMemory::Issued issued = memory.Issue();
  const TokenMemory::Issued other = memory.Issue(3);
  ASSERT_EQ(memory.StateNow(issued.token), TokenState::kLive);
  ASSERT_EQ(memory.StateNow(other.token), TokenState::kLive);

  memory.Write([&issued](storage::WriteTxn& txn) {
    storage::ServiceAccountRecord record = issued.record;
    return GetParam().change(txn, record);
  });
  EXPECT_FALSE(memory.IsRemembered(issued.token));
  EXPECT_TRUE(memory.IsRemembered(other.token));
  const absl::StatusOr<LookupResult> found = memory.Find(issued.token);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->state, GetParam().state);
  if (found->snapshot != nullptr) {
    EXPECT_EQ(found->snapshot->held.size(), GetParam().held);
  }
  EXPECT_TRUE(memory.IsRemembered(issued.token)) << "as it is now";
  EXPECT_EQ(memory.StateNow(issued.token), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(
    Each, TokenMemoryChanges,
    testing::Values(
        ChangeCase{
            "Revocation",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              record.revoked_at = SampleTime();
              return txn.UpdateServiceAccount(record);
            },
            TokenState::kRevoked},
        ChangeCase{
            "Disabling",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              record.enabled = false;
              return txn.UpdateServiceAccount(record);
            },
            TokenState::kDisabled},
        ChangeCase{
            "Expiry",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              record.token.expires_at = SampleTime(-1);
              return txn.UpdateServiceAccount(record);
            },
            TokenState::kExpired},
        ChangeCase{
            "Rotation",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              return ReplaceIn(txn, WithToken(record, 77), SampleTime());
            },
            TokenState::kReplaced},
        ChangeCase{
            "RotationWithOverlap",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              return ReplaceIn(txn, WithToken(record, 77), SampleTime(60));
            },
            TokenState::kLive},
        ChangeCase{
            "RotationThatEndsItWhateverTheClockSays",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              return ReplaceIn(txn, WithToken(record, 77), SampleTime(60),
                               /*ended=*/true);
            },
            TokenState::kReplaced},
        ChangeCase{
            "ALaterStart",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              record.token.not_before = SampleTime(60);
              return txn.UpdateServiceAccount(record);
            },
            TokenState::kDisabled},
        ChangeCase{
            "Grant",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              return txn.InsertAuthorization(
                  GrantTo(record, record.account_id));
            },
            TokenState::kLive, 1},
        ChangeCase{
            "SuperAdminGrantedElsewhere",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              storage::AuthorizationRecord grant = GrantTo(record, SampleId(9));
              grant.grant_kind = storage::GrantKind::kSuperAdmin;
              grant.capability_key.reset();
              return txn.InsertAuthorization(grant);
            },
            TokenState::kLive, 1},
        ChangeCase{
            "Deletion",
            [](storage::WriteTxn& txn, storage::ServiceAccountRecord& record) {
              return txn.DeleteServiceAccount(record.account_id, record.id);
            },
            TokenState::kUnknown}),
    [](const auto& info) { return std::string(info.param.label); });

TEST(TokenMemory, ARetirementAloneIsSeenAtOnce) {
  TokenMemory memory;
  const TokenMemory::Issued issued = memory.Issue();
  memory.Write([&](storage::WriteTxn& txn) {
    return ReplaceIn(txn, WithToken(issued.record, 77), SampleTime(60));
  });
  const absl::StatusOr<LookupResult> overlapping = memory.Find(issued.token);
  EXPECT_EQ(overlapping->state, TokenState::kLive);
  EXPECT_EQ(overlapping->snapshot->death(), SampleTime(60));
  memory.Write([&](storage::WriteTxn& txn) {
    storage::TokenRecord retired = issued.record.token;
    retired.retires_at = SampleTime();
    return txn.UpdateToken(issued.record.account_id, issued.record.id, retired);
  });
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kReplaced);
}

TEST(TokenMemory, TheEndOfAGrantIsSeenAtOnce) {
  for (const Uuid& account_id : {SampleId(1), SampleId(9)}) {
    TokenMemory memory;
    const TokenMemory::Issued issued = memory.Issue();
    storage::AuthorizationRecord grant = GrantTo(issued.record, account_id);
    grant.grant_kind = storage::GrantKind::kSuperAdmin;
    grant.capability_key.reset();
    memory.Write(
        [&](storage::WriteTxn& txn) { return txn.InsertAuthorization(grant); });
    EXPECT_EQ(memory.Find(issued.token)->snapshot->held.size(), 1u);
    memory.Write([&](storage::WriteTxn& txn) {
      return txn.RevokeAuthorization(account_id, grant.id, SampleTime(), {});
    });
    EXPECT_EQ(memory.Find(issued.token)->snapshot->held.size(), 0u);
  }
}

TEST(TokenMemory, ATokenBehindARememberedUnknownIdIsSeenAtOnce) {
  TokenMemory memory;
  const TokenMemory::Issued made = memory.Mint(2);
  EXPECT_EQ(memory.StateNow(made.token), TokenState::kUnknown);
  memory.Insert(made.record);
  EXPECT_EQ(memory.StateNow(made.token), TokenState::kLive);

  TokenMemory::Issued rotated = memory.Mint(2);
  EXPECT_EQ(memory.StateNow(rotated.token), TokenState::kUnknown);
  memory.Write([&](storage::WriteTxn& txn) {
    return ReplaceIn(txn, rotated.record, SampleTime());
  });
  EXPECT_EQ(memory.StateNow(rotated.token), TokenState::kLive);
}

TEST(TokenMemory, ARemovedTokenIsRememberedAsUnknown) {
  TokenMemory memory;
  const TokenMemory::Issued issued = memory.Issue();
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kLive);
  memory.Write([&](storage::WriteTxn& txn) {
    return txn.DeleteServiceAccount(SampleId(1), SampleId(2));
  });
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kUnknown);
  const int reads = memory.store.reads();
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kUnknown);
  EXPECT_EQ(memory.store.reads(), reads);
}

void Revoke(TokenMemory& memory, storage::ServiceAccountRecord record) {
  record.revoked_at = SampleTime();
  memory.Write([&record](storage::WriteTxn& txn) {
    return txn.UpdateServiceAccount(record);
  });
}

TEST(TokenMemory, WhatAChangeOvertookIsNotRemembered) {
  TokenMemory memory;
  const TokenMemory::Issued issued = memory.Issue();
  memory.store.after_next_read_body = [&] { Revoke(memory, issued.record); };
  memory.StateNow(
      issued.token);  // Asked before the revocation: either will do.
  EXPECT_FALSE(memory.IsRemembered(issued.token));
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kRevoked);

  const TokenMemory::Issued next = memory.Mint(3);
  memory.store.after_next_read_body = [&] { memory.Insert(next.record); };
  memory.StateNow(next.token);
  EXPECT_FALSE(memory.IsRemembered(next.token));
  EXPECT_EQ(memory.StateNow(next.token), TokenState::kLive);
}

TEST(TokenMemory, AnOldAnswerThatComesLateIsNotBelieved) {
  TokenMemory memory;
  const TokenMemory::Issued issued = memory.Issue();
  memory.store.after_next_read_body = [&] {
    Revoke(memory, issued.record);
    EXPECT_EQ(memory.StateNow(issued.token), TokenState::kRevoked);
  };
  memory.StateNow(issued.token);
  EXPECT_EQ(memory.StateNow(issued.token), TokenState::kRevoked);

  const TokenMemory::Issued next = memory.Mint(3);
  memory.store.after_next_read_body = [&] {
    memory.Insert(next.record);
    EXPECT_EQ(memory.StateNow(next.token), TokenState::kLive);
  };
  memory.StateNow(next.token);
  EXPECT_EQ(memory.StateNow(next.token), TokenState::kLive);
}

TEST(TokenMemory, ErrorsAreNotRemembered) {
  TokenMemory memory;
  const std::string token = memory.Issue().token;
  const std::string unknown = memory.Mint(3).token;
  memory.store.read_outcomes = {absl::UnavailableError("away"),
                                absl::UnavailableError("away")};
  EXPECT_FALSE(memory.Find(token).ok());
  EXPECT_FALSE(memory.Find(unknown).ok());
  EXPECT_FALSE(memory.IsRemembered(token));
  EXPECT_FALSE(memory.IsRemembered(unknown));
  EXPECT_EQ(memory.StateNow(token), TokenState::kLive);
}

TEST(TokenMemory, AWrongSecretIsUnknownWhateverTheStateIs) {
  TokenMemory memory;
  SeededRandom random(2);
  for (const bool revoked : {false, true}) {
    TokenMemory::Issued issued = memory.Mint(revoked ? 2 : 3);
    if (revoked) issued.record.revoked_at = SampleTime();
    memory.Insert(issued.record);
    memory.StateNow(issued.token);
    const std::string forged = WithOtherSecret(issued.token, random);
    ASSERT_TRUE(token::ParseToken(forged).has_value());
    const std::optional<LookupResult> found =
        memory.directory.FindAtOnce(forged, SampleTime(9));
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->state, TokenState::kUnknown);
    EXPECT_EQ(found->snapshot, nullptr);
    EXPECT_LT(memory.last_uses.Latest(issued.record.id), SampleTime(9));
  }
}

TEST(TokenMemory, InventedTokensPushOutOnlyEachOther) {
  TokenMemory memory({.max_entries = 256});
  const std::string real = memory.Issue().token;
  EXPECT_EQ(memory.StateNow(real), TokenState::kLive);
  std::vector<std::string> invented;
  for (int i = 0; i < 2000; ++i) {
    invented.push_back(memory.Mint(3).token);
    EXPECT_EQ(memory.StateNow(invented.back()), TokenState::kUnknown);
  }
  EXPECT_TRUE(memory.IsRemembered(real));
  const int remembered = memory.CountRemembered(invented);
  EXPECT_GT(remembered, 0);
  EXPECT_LE(remembered, 64);
}

TEST(TokenMemory, HoldsNoMoreThanItMay) {
  const TokenDirectoryOptions bounds[] = {
      {.max_entries = 128},
      {.max_entries = 1000, .max_bytes = 128 * (sizeof(TokenSnapshot) + 96)}};
  for (const TokenDirectoryOptions& options : bounds) {
    TokenMemory memory(options);
    std::vector<std::string> tokens;
    for (int i = 0; i < 600; ++i) {
      tokens.push_back(memory.Issue(100 + i).token);
      EXPECT_EQ(memory.StateNow(tokens.back()), TokenState::kLive);
    }
    const int remembered = memory.CountRemembered(tokens);
    EXPECT_GT(remembered, 20);
    EXPECT_LE(remembered, 128);
  }
}

}  // namespace
}  // namespace signet::identity
