// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>

#include "base/rfc3339.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;

TEST_P(StoreConformance, TimesAreKeptToTheNanosecondOverTheWholeRange) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const absl::Duration tick = absl::Nanoseconds(1);
  uint32_t number = 10;
  for (absl::Time time : {
           MinTimestamp(),
           MinTimestamp() + tick,
           absl::UnixEpoch() - tick,
           absl::UnixEpoch(),
           absl::UnixEpoch() + tick,
           absl::FromUnixSeconds(1) - tick,
           absl::FromUnixSeconds(int64_t{1} << 31),
           absl::FromUnixNanos(INT64_MAX),  // 2262-04-11
           absl::FromUnixNanos(INT64_MAX) + tick,
           MaxTimestamp() - tick,
           MaxTimestamp(),
       }) {
    SCOPED_TRACE(FormatRfc3339(time));
    ServiceAccountRecord record = SampleServiceAccount(account_, ++number);
    record.created_at = time;
    record.updated_at = time;
    record.last_used_at = time;
    record.revoked_at = time;
    record.token.created_at = time;
    record.token.expires_at = time;
    ASSERT_THAT(Insert(record), IsOk());
    EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));
  }
}

TEST_P(StoreConformance, TextsAreKeptByteByByte) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  uint32_t number = 10;
  for (const std::string& name : {
           std::string(" leading, trailing and  double spaces "),
           std::string("'; DROP TABLE tokens; --"),
           std::string("\"double\" `back` \\ % _ ? ?1 :a @b $c"),
           std::string("e\u0301 and \u00e9: decomposed and not"),
           std::string("\u0000 inside", 8),
           std::string("\x01\x7f"),
           std::string("\u07ff\u0800\uffff: two and three bytes"),
           std::string("\U00010000 \U0001F511 \U0010FFFF: the other planes"),
           std::string("\u202e\u200b\ufeff"),
           std::string(480, 'x'),
           std::string("12"),
           std::string("1e3"),
           std::string("NULL"),
       }) {
    SCOPED_TRACE(name);
    ServiceAccountRecord record = SampleServiceAccount(account_, ++number);
    record.name = name;
    ASSERT_THAT(Insert(record), IsOk());
    EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));

    const Subject subject = {SubjectType::kUser, name};
    AuthorizationRecord grant = SampleCapability(account_, ++number, subject);
    grant.capability_key = name;
    grant.resource_type = name;
    ASSERT_THAT(Insert(grant), IsOk());
    EXPECT_THAT(Held({subject}, account_), IsOkAndHolds(std::vector{grant}));
  }
}

TEST_P(StoreConformance, MacsMayHoldAnyBytes) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  for (size_t i = 0; i < record.token.mac.size(); ++i) {
    record.token.mac[i] = static_cast<uint8_t>(i * 8);
  }
  ASSERT_THAT(Insert(record), IsOk());
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));
}

TEST_P(StoreConformance, ABrokenServiceAccountIsOurMistake) {
  using Break = std::function<void(ServiceAccountRecord&)>;
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const absl::Time early = MinTimestamp() - absl::Nanoseconds(1);
  const absl::Time late = MaxTimestamp() + absl::Nanoseconds(1);
  const absl::Time fine = SampleTime() + absl::Nanoseconds(1) / 2;
  for (const Break& spoil : {
           Break([&](auto& r) { r.name.clear(); }),
           Break([&](auto& r) { r.token.public_id.clear(); }),
           Break([&](auto& r) { r.created_at = early; }),
           Break([&](auto& r) { r.updated_at = late; }),
           Break([&](auto& r) { r.last_used_at = fine; }),
           Break([&](auto& r) { r.revoked_at = absl::InfiniteFuture(); }),
           Break([&](auto& r) { r.token.created_at = absl::InfinitePast(); }),
           Break([&](auto& r) { r.token.expires_at = late; }),
       }) {
    ServiceAccountRecord record = SampleServiceAccount(account_, 10);
    spoil(record);
    EXPECT_THAT(Insert(record), StatusIs(StatusCode::kInternal));
    EXPECT_THAT(Get(account_, record.id), StatusIs(StatusCode::kNotFound));
  }
}

TEST_P(StoreConformance, ABrokenAuthorizationIsOurMistake) {
  using Break = std::function<void(AuthorizationRecord&)>;
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const Subject subject = {SubjectType::kUser, "u"};
  const absl::Time late = MaxTimestamp() + absl::Nanoseconds(1);
  for (const Break& spoil : {
           Break([&](auto& r) { r.subject.id.clear(); }),
           Break([&](auto& r) { r.capability_key.reset(); }),
           Break([&](auto& r) { r.capability_key = ""; }),
           Break([&](auto& r) { r.grant_kind = GrantKind::kSuperAdmin; }),
           Break([&](auto& r) { r.resource_type = ""; }),
           Break([&](auto& r) { r.created_at = late; }),
           Break([&](auto& r) { r.revoked_at = late; }),
       }) {
    AuthorizationRecord record = SampleCapability(account_, 10, subject);
    spoil(record);
    EXPECT_THAT(Insert(record), StatusIs(StatusCode::kInternal));
  }
  EXPECT_THAT(Held({subject}, account_),
              IsOkAndHolds(std::vector<AuthorizationRecord>()));
}

}  // namespace
}  // namespace signet::storage
