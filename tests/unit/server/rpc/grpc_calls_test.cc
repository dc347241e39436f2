// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_calls.h"

#include <string>
#include <vector>

#include "base/uuid.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token/token.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/server/rpc/grpc_world.h"
#include "tests/unit/server/rpc/rpc_error.h"

namespace signet::rpc {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;

class GrpcCallsTest : public testing::Test {
 protected:
  std::vector<RecordingLogger::Line> Lines() const {
    return grpc_.world.logger.lines();
  }

  GrpcWorld<FaultyStore> grpc_;
  const int writes_at_start_ = grpc_.store.writes();
};

TEST_F(GrpcCallsTest, CreatesAndReads) {
  v1::IssuedServiceAccount issued;
  const grpc::Status status = grpc_.Create(kOwner, grpc_.Good(), &issued);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(issued.account_id(), grpc_.world.account_id);
  EXPECT_EQ(issued.name(), "ci");
  EXPECT_TRUE(token::ParseToken(issued.token()).has_value());
  EXPECT_FALSE(issued.has_expires_at());

  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  v1::GetServiceAccountRequest get;
  get.set_account_id(issued.account_id());
  get.set_service_account_id(issued.id());
  v1::ServiceAccount read;
  ASSERT_TRUE(grpc_.stub->GetServiceAccount(&context, get, &read).ok());
  EXPECT_EQ(read.token_public_id(), issued.token_public_id());
}

struct RefusalCase {
  const char* label;
  const char* credential;
  const char* name;
  grpc::StatusCode code;
  const char* reason;
};

class GrpcRefusals : public testing::TestWithParam<RefusalCase> {
 protected:
  GrpcWorld<FaultyStore> grpc_;
};

TEST_P(GrpcRefusals, CarryTheirDetails) {
  v1::CreateServiceAccountRequest request = grpc_.Good();
  request.set_name(GetParam().name);
  const grpc::Status status = grpc_.Create(GetParam().credential, request);
  EXPECT_EQ(status.error_code(), GetParam().code);
  const RpcError error = ReadError(status);
  EXPECT_EQ(error.reason, GetParam().reason);
  EXPECT_EQ(error.domain, "signet.v1");
}

INSTANTIATE_TEST_SUITE_P(
    Refusals, GrpcRefusals,
    testing::Values(RefusalCase{"NoCredential", nullptr, "",
                                grpc::UNAUTHENTICATED, "CREDENTIAL_MISSING"},
                    RefusalCase{"BadToken", "Bearer junk", "",
                                grpc::UNAUTHENTICATED, "TOKEN_INVALID"},
                    RefusalCase{"NoRight", kNobody, "", grpc::PERMISSION_DENIED,
                                "ACCESS_DENIED"},
                    RefusalCase{"BadName", kOwner, "", grpc::INVALID_ARGUMENT,
                                "FIELD_INVALID"}),
    [](const auto& info) { return std::string(info.param.label); });

TEST_F(GrpcCallsTest, TwoCredentialsAreRefused) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  context.AddMetadata("authorization", kOwner);
  EXPECT_EQ(
      ReadError(grpc_.CreateRaw(context, grpc_.Good().SerializeAsString()))
          .reason,
      "INVALID_REQUEST");
}

TEST_F(GrpcCallsTest, AMessageThatCannotBeReadIsInvalidOnceTheCallerIsKnown) {
  const std::vector<std::string> unreadable = {
      "\x12\x05"
      "ab",                // Cut short.
      "\x12\x02\xC0\xAF",  // A name that is not UTF-8.
      "\x12\x03\xED\xA0\x80", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"};
  for (const std::string& bytes : unreadable) {
    const grpc::Status known = grpc_.CreateRaw(kNobody, bytes);
    EXPECT_EQ(known.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_EQ(ReadError(known).reason, "MESSAGE_MALFORMED");
    const grpc::Status unknown = grpc_.CreateRaw("Bearer junk", bytes);
    EXPECT_EQ(ReadError(unknown).reason, "TOKEN_INVALID");
  }
  EXPECT_EQ(grpc_.store.writes(), writes_at_start_);
}

TEST_F(GrpcCallsTest, UnknownFieldsAreLetPass) {
  const std::string extended =
      grpc_.Good().SerializeAsString() + "\xB8\x3E\x01";  // Field 999.
  EXPECT_TRUE(grpc_.CreateRaw(kOwner, extended).ok());
}

TEST_F(GrpcCallsTest, OutputOnlyFieldsCannotBeSent) {
  // token, in the number that the answer uses, and revoked_at.
  const std::string extended =
      grpc_.Good().SerializeAsString() + std::string(
                                             "\x72\x03"
                                             "abc\x6A\x02\x08\x01");
  ASSERT_TRUE(grpc_.CreateRaw(kOwner, extended).ok());
  v1::IssuedServiceAccount issued;
  ASSERT_TRUE(grpc_.Create(kOwner, grpc_.Good(), &issued).ok());
  EXPECT_FALSE(issued.has_revoked_at());
}

TEST_F(GrpcCallsTest, TimestampsOutOfRangeAreFieldViolations) {
  v1::CreateServiceAccountRequest request = grpc_.Good();
  request.mutable_expires_at()->set_seconds(4102444800);
  request.mutable_expires_at()->set_nanos(-1);
  EXPECT_THAT(ReadError(grpc_.Create(kOwner, request)).fields,
              ElementsAre("expires_at: got -1 nanos, want 0 to 999999999"));
  request.mutable_expires_at()->set_seconds(253402300800);
  request.mutable_expires_at()->set_nanos(0);
  EXPECT_THAT(ReadError(grpc_.Create(kOwner, request)).fields,
              ElementsAre("expires_at: got 253402300800 seconds, want a time "
                          "in the years 0001 to 9999"));
}

TEST_F(GrpcCallsTest, AFullQueueSaysWhenToComeBack) {
  grpc_.store.write_outcomes = {MakeError(
      absl::StatusCode::kResourceExhausted, "busy",
      {.reason = "WRITE_QUEUE_FULL", .retry_after = absl::Milliseconds(250)})};
  const grpc::Status status = grpc_.Create(kOwner, grpc_.Good());
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  const RpcError error = ReadError(status);
  EXPECT_EQ(error.reason, "WRITE_QUEUE_FULL");
  EXPECT_EQ(error.retry_after, absl::Milliseconds(250));
}

TEST_F(GrpcCallsTest, InternalTextStaysInside) {
  grpc_.store.write_outcomes = {absl::DataLossError("page 7 is gone")};
  const grpc::Status status = grpc_.Create(kOwner, grpc_.Good());
  EXPECT_EQ(status.error_code(), grpc::DATA_LOSS);
  EXPECT_EQ(status.error_message(), "internal error");
  EXPECT_THAT(status.error_details(), Not(HasSubstr("page 7")));
  ASSERT_THAT(Lines(), SizeIs(2));
  EXPECT_THAT(Lines()[0].fields.at("detail"), HasSubstr("page 7 is gone"));
  EXPECT_EQ(Lines()[0].fields.at("request_id"),
            Lines()[1].fields.at("request_id"));
}

TEST_F(GrpcCallsTest, AdmitIsAnsweredByAnEmptyMessageAndWritesNothing) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  context.AddMetadata("signet-call-scope", "admit");
  v1::IssuedServiceAccount issued;
  v1::CreateServiceAccountRequest request;
  request.set_account_id(grpc_.world.account_id);
  ASSERT_TRUE(
      grpc_.stub->CreateServiceAccount(&context, request, &issued).ok());
  EXPECT_EQ(issued.ByteSizeLong(), 0u);
  EXPECT_EQ(grpc_.store.writes(), writes_at_start_);
}

TEST_F(GrpcCallsTest, AScopeThatWeDoNotKnowDoesNotPassForNone) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  context.AddMetadata("signet-call-scope", "dry-run");
  EXPECT_EQ(
      ReadError(grpc_.CreateRaw(context, grpc_.Good().SerializeAsString()))
          .reason,
      "INVALID_REQUEST");
  EXPECT_EQ(grpc_.store.writes(), writes_at_start_);
}

// The ids that come back for the ids that were sent.
class GrpcRequestIds : public GrpcCallsTest {
 protected:
  std::string Returned(const std::vector<std::string>& sent,
                       const char* credential) {
    grpc::ClientContext context;
    grpc_.Prepare(context, credential);
    for (const std::string& id : sent) context.AddMetadata("x-request-id", id);
    grpc_.CreateRaw(context, grpc_.Good().SerializeAsString());
    const auto& metadata = context.GetServerInitialMetadata();
    EXPECT_EQ(metadata.count("x-request-id"), 1u);
    const auto found = metadata.find("x-request-id");
    if (found == metadata.end()) return "";
    return {found->second.data(), found->second.size()};
  }
};

TEST_F(GrpcRequestIds, AGoodOneIsKept) {
  EXPECT_EQ(Returned({"Az09._-"}, kOwner), "Az09._-");
  EXPECT_EQ(Returned({std::string(64, 'a')}, kNobody), std::string(64, 'a'));
  EXPECT_EQ(Lines()[0].fields.at("request_id"), "Az09._-");
}

TEST_F(GrpcRequestIds, AnotherIsReplaced) {
  const std::vector<std::vector<std::string>> bad = {
      {}, {""}, {std::string(65, 'a')}, {"a b"}, {"a\"b"}, {"a", "b"}};
  for (const std::vector<std::string>& sent : bad) {
    EXPECT_TRUE(Uuid::Parse(Returned(sent, nullptr)).has_value());
  }
}

TEST_F(GrpcCallsTest, EachCallLeavesOneLine) {
  grpc_.Create(kOwner, grpc_.Good());
  grpc_.Create(kNobody, grpc_.Good());
  grpc_.Create(nullptr, grpc_.Good());
  grpc_.CreateRaw(kOwner, "\xFF");
  ASSERT_THAT(Lines(), SizeIs(4));
  const char* const codes[] = {"OK", "PERMISSION_DENIED", "UNAUTHENTICATED",
                               "INVALID_ARGUMENT"};
  for (int i = 0; i < 4; ++i) {
    const auto fields = Lines()[i].fields;
    EXPECT_EQ(Lines()[i].message, "grpc call");
    EXPECT_EQ(fields.at("code"), codes[i]);
    EXPECT_EQ(fields.at("method"),
              "signet.v1.ServiceAccounts.CreateServiceAccount");
    EXPECT_EQ(fields.at("latency_us"), "0");
    EXPECT_THAT(fields.at("peer"), MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
    EXPECT_TRUE(Uuid::Parse(fields.at("request_id")).has_value());
  }
  EXPECT_EQ(Lines()[0].fields.at("principal"),
            "user:" + SampleId(11).ToString());
  EXPECT_EQ(Lines()[2].fields.at("principal"), "");
}

TEST_F(GrpcCallsTest, NoCredentialReachesTheLog) {
  constexpr char kCanary[] = "Bearer canary-credential";
  grpc_.world.authenticator.callers.emplace(kCanary, SampleUser(11));
  v1::IssuedServiceAccount issued;
  ASSERT_TRUE(grpc_.Create(kCanary, grpc_.Good(), &issued).ok());
  grpc_.store.write_outcomes = {absl::InternalError("broken")};
  grpc_.Create(kCanary, grpc_.Good());
  grpc_.Create("Bearer canary-credential-that-is-not-known", grpc_.Good());
  grpc_.CreateRaw(kCanary, "\xFF");
  ASSERT_FALSE(issued.token().empty());
  for (const RecordingLogger::Line& line : Lines()) {
    for (const auto& [key, value] : line.fields) {
      EXPECT_THAT(value, AllOf(Not(HasSubstr("canary")),
                               Not(HasSubstr(issued.token()))))
          << key;
    }
  }
}

}  // namespace
}  // namespace signet::rpc
