// SPDX-License-Identifier: Apache-2.0
#include "server/api/convert.h"

#include <string>

#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/rpc/wire.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/sample_records.h"

namespace signet::api {
namespace {

// Text format, sorted by field: what is absent does not appear.
std::string Text(const google::protobuf::Message& message) {
  std::string text;
  EXPECT_TRUE(google::protobuf::TextFormat::PrintToString(message, &text));
  return text;
}

TEST(ToProto, BareServiceAccountLeavesOutWhatIsAbsent) {
  v1::ServiceAccount out;
  ToProto(SampleServiceAccount(SampleId(1), 2), out);
  EXPECT_EQ(Text(out), R"(account_id: "01900000-0000-7000-8000-000000000001"
id: "01900000-0000-7000-8000-000000000002"
name: "service account 2"
token_prefix: "hbx_sa"
token_public_id: "0000000000000002"
token_last4: "a1B2"
created_at {
  seconds: 1893553445
  nanos: 678901234
}
updated_at {
  seconds: 1893553445
  nanos: 678901234
}
enabled: true
etag: "1"
)");
}

storage::ServiceAccountRecord FullRecord() {
  storage::ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 2);
  record.updated_at = SampleTime(1);
  record.created_by_user_id = SampleId(3);
  record.revoked_by_user_id = SampleId(4);
  record.token.expires_at = SampleTime(2);
  record.last_used_at = SampleTime(3);
  record.revoked_at = SampleTime(4);
  record.description = "what for";
  record.labels = {{"team", "edge"}};
  record.enabled = false;
  record.revision = 7;
  return record;
}

TEST(ToProto, EveryFieldLandsInItsPlace) {
  v1::ServiceAccount out;
  ToProto(FullRecord(), out);
  EXPECT_EQ(out.created_by_user_id(), SampleId(3).ToString());
  EXPECT_EQ(out.revoked_by_user_id(), SampleId(4).ToString());
  EXPECT_EQ(out.created_at().seconds(), 1893553445);
  EXPECT_EQ(out.updated_at().seconds(), 1893553446);
  EXPECT_EQ(out.expires_at().seconds(), 1893553447);
  EXPECT_EQ(out.last_used_at().seconds(), 1893553448);
  EXPECT_EQ(out.revoked_at().seconds(), 1893553449);
  EXPECT_EQ(out.description(), "what for");
  EXPECT_EQ(out.labels().at("team"), "edge");
  EXPECT_FALSE(out.enabled());
  EXPECT_EQ(out.etag(), "7");
  EXPECT_EQ(out.revoke_reason(), "");
}

TEST(ToProto, ARevocationSaysWhy) {
  storage::ServiceAccountRecord record = FullRecord();
  record.revoke_reason = storage::RevokeReason::kKeyCompromise;
  record.revoke_comment = "found in a log";
  v1::ServiceAccount out;
  ToProto(record, out);
  EXPECT_EQ(out.revoke_reason(), "key_compromise");
  EXPECT_EQ(out.revoke_comment(), "found in a log");
}

TEST(ToProto, IssuedIsTheServiceAccountAndItsToken) {
  domain::IssuedServiceAccount issued{
      .record = FullRecord(), .token = Secret(std::string("plaintext"))};
  v1::IssuedServiceAccount out;
  ToProto(issued, out);
  EXPECT_EQ(out.token(), "plaintext");
  // The two messages share the numbers of the other fields.
  out.clear_token();
  v1::ServiceAccount plain;
  ToProto(issued.record, plain);
  EXPECT_EQ(out.SerializeAsString(), plain.SerializeAsString());
}

TEST(ToProto, TimestampsCountForwardOnBothSidesOf1970) {
  EXPECT_EQ(ToProto(absl::UnixEpoch() - absl::Nanoseconds(1)).seconds(), -1);
  EXPECT_EQ(ToProto(absl::UnixEpoch() - absl::Nanoseconds(1)).nanos(),
            999'999'999);
  EXPECT_EQ(ToProto(MinTimestamp()).seconds(), -62135596800);
  EXPECT_EQ(ToProto(MaxTimestamp()).seconds(), 253402300799);
  EXPECT_EQ(ToProto(MaxTimestamp()).nanos(), 999'999'999);
}

TEST(ToProto, SelfOfAUser) {
  identity::Principal user;
  user.kind = identity::PrincipalKind::kUser;
  user.id = SampleId(5);
  user.oauth_subject = "alice";
  v1::Self out;
  ToProto(user, out);
  EXPECT_EQ(Text(out), R"(subject_type: "user"
subject_id: "01900000-0000-7000-8000-000000000005"
)");
}

TEST(ToProto, SelfOfAServiceAccount) {
  identity::Principal account;
  account.kind = identity::PrincipalKind::kServiceAccount;
  account.id = SampleId(5);
  account.home_account_id = SampleId(6);
  account.credential_expires_at = SampleTime();
  v1::Self out;
  ToProto(account, out);
  ToProto(
      domain::EffectiveGrants{.account_id = SampleId(6),
                              .account_owner = true,
                              .capabilities = {"a.b", "c.d"},
                              .on_resources = {{.capability_key = "e.f",
                                                .resource_type = "domain",
                                                .resource_id = SampleId(7)}}},
      out);
  EXPECT_EQ(Text(out), R"(subject_type: "service_account"
subject_id: "01900000-0000-7000-8000-000000000005"
account_id: "01900000-0000-7000-8000-000000000006"
expires_at {
  seconds: 1893553445
  nanos: 678901234
}
account_owner: true
capabilities: "a.b"
capabilities: "c.d"
resource_capabilities {
  capability_key: "e.f"
  resource_type: "domain"
  resource_id: "01900000-0000-7000-8000-000000000007"
}
)");
}

TEST(ToProto, LeavesNoCopyOfAnIssuedTokenBehind) {
  const std::string token = "canary-of-the-convert-test-0123456789";
  domain::IssuedServiceAccount issued;
  issued.token = Secret(std::string(token));
  const FreedMemoryWatch watch(token);
  {
    v1::IssuedServiceAccount out;
    ToProto(issued, out);
    EXPECT_EQ(out.token(), token);
    rpc::WipeToken(out);
  }
  EXPECT_EQ(watch.count(), 0);
}

}  // namespace
}  // namespace signet::api
