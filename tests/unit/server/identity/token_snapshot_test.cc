// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_snapshot.h"

#include "gtest/gtest.h"
#include "storage/queries.h"
#include "tests/support/sample_records.h"

namespace signet::identity {
namespace {

storage::ServiceAccountState Listed(TokenState state) {
  switch (state) {
    case TokenState::kLive:
      return storage::ServiceAccountState::kActive;
    case TokenState::kExpired:
      return storage::ServiceAccountState::kExpired;
    case TokenState::kDisabled:
      return storage::ServiceAccountState::kDisabled;
    default:
      return storage::ServiceAccountState::kRevoked;
  }
}

// Of several states that apply, a listing and a verification name the same.
TEST(TokenSnapshot, SayOfACurrentTokenWhatListingsSay) {
  for (const bool revoked : {false, true}) {
    for (const bool enabled : {false, true}) {
      for (const bool expired : {false, true}) {
        storage::ServiceAccountRecord record =
            SampleServiceAccount(SampleId(1), 2);
        record.enabled = enabled;
        if (revoked) record.revoked_at = SampleTime(1);
        record.token.expires_at = SampleTime(expired ? 2 : 4);
        const absl::Time now = SampleTime(3);
        const TokenSnapshot snapshot =
            FactsOf({.token = record.token, .owner = record}, {});
        EXPECT_EQ(Listed(StateOf(snapshot, now)), StateOf(record, now))
            << revoked << enabled << expired;
      }
    }
  }
}

}  // namespace
}  // namespace signet::identity
