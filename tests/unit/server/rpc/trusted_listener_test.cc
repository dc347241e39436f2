// SPDX-License-Identifier: Apache-2.0
//
// What a listener serves whose clients may ask about tokens without a
// credential, with answers from memory and without.
#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

class TrustedListener : public testing::TestWithParam<bool> {
 protected:
  TokensWorld::Ending Call(const std::string& method, const char* credential,
                           const google::protobuf::Message& request) {
    return TokensWorld::CallRaw(trusted_.channel, method, credential,
                                request.SerializeAsString());
  }
  std::string ReasonOf(const std::string& method, const char* credential,
                       const google::protobuf::Message& request) {
    return ReadError(Call(method, credential, request).status).reason;
  }

  TokensWorld world_;
  const TokensWorld::Server trusted_ = world_.StartServer(
      true, GetParam() ? &world_.world.token_parts : nullptr);
  const v1::IssuedServiceAccount good_ = world_.Issue();
  const v1::VerifyTokenRequest about_ = TokensWorld::About(good_.token());
};

INSTANTIATE_TEST_SUITE_P(Ways, TrustedListener, testing::Bool(),
                         [](const auto& info) {
                           return std::string(info.param ? "Memory"
                                                         : "Dispatcher");
                         });

TEST_P(TrustedListener, NobodyMayVerifyTokensOfEveryAccount) {
  world_.Write([&](storage::WriteTxn& txn) {
    const Uuid id = *Uuid::Parse(good_.id());
    storage::ServiceAccountRecord record =
        *txn.GetServiceAccount(SampleId(1), id);
    absl::Status status = txn.EnsureAccount(SampleId(9), SampleTime());
    status.Update(txn.DeleteServiceAccount(SampleId(1), id));
    record.account_id = SampleId(9);
    status.Update(txn.InsertServiceAccount(record));
    return status;
  });
  for (int i = 0; i < 2; ++i) {  // From the store, then from memory.
    const TokensWorld::Ending ending =
        Call("Tokens/VerifyToken", nullptr, about_);
    ASSERT_TRUE(ending.status.ok()) << ending.status.error_message();
    v1::VerifyTokenResponse answer;
    ASSERT_TRUE(answer.ParseFromString(ending.bytes));
    EXPECT_TRUE(answer.active());
    EXPECT_EQ(answer.account_id(), SampleId(9).ToString());
  }
  v1::VerifyTokenRequest elsewhere = about_;
  elsewhere.set_account_id(world_.world.account_id);
  const TokensWorld::Ending ending =
      Call("Tokens/VerifyToken", nullptr, elsewhere);
  v1::VerifyTokenResponse answer;
  ASSERT_TRUE(answer.ParseFromString(ending.bytes));
  EXPECT_EQ(answer.reason(), "TOKEN_UNKNOWN");
}

TEST_P(TrustedListener, ABadCredentialIsStillRefused) {
  world_.Verify(good_.token());
  for (const char* credential : {"Bearer junk", "", "Basic eA==", "Bearer "}) {
    for (const char* method :
         {"Tokens/VerifyToken", "Tokens/IntrospectToken"}) {
      EXPECT_EQ(Call(method, credential, about_).status.error_code(),
                grpc::UNAUTHENTICATED)
          << credential << " " << method;
    }
  }
  EXPECT_EQ(ReasonOf("Tokens/VerifyToken",
                     TokensWorld::CredentialOf(good_).c_str(), about_),
            "ACCESS_DENIED")
      << "who says who they are is asked for their rights";
  EXPECT_TRUE(
      Call("Tokens/VerifyToken", world_.asker.c_str(), about_).status.ok());
}

TEST_P(TrustedListener, NobodyMayDoAnythingElse) {
  v1::ListServiceAccountsRequest list;
  list.set_account_id(world_.world.account_id);
  v1::RevokeTokenRequest revoke;
  revoke.set_token(good_.token());
  const struct {
    const char* method;
    const google::protobuf::Message& request;
  } cases[] = {
      {"ServiceAccounts/CreateServiceAccount", world_.Good()},
      {"ServiceAccounts/ListServiceAccounts", list},
      {"Tokens/RevokeToken", revoke},
      {"Tokens/CheckAccess", v1::CheckAccessRequest::default_instance()},
      {"Identity/GetSelf", v1::GetSelfRequest::default_instance()}};
  for (const auto& c : cases) {
    EXPECT_EQ(ReasonOf(c.method, nullptr, c.request), "CREDENTIAL_MISSING")
        << c.method;
  }
  EXPECT_TRUE(world_.Verify(good_.token()).active());
}

// The fault is said, as a credential is not missing here.
TEST_P(TrustedListener, AMessageThatCannotBeReadIsMalformed) {
  EXPECT_EQ(ReadError(TokensWorld::CallRaw(trusted_.channel,
                                           "Tokens/VerifyToken", nullptr,
                                           "\x0A\x05"
                                           "ab")
                          .status)
                .reason,
            "MESSAGE_MALFORMED");
  v1::VerifyTokenRequest large = about_;
  large.set_account_id(std::string(65 * 1024, 'x'));
  EXPECT_EQ(ReasonOf("Tokens/VerifyToken", nullptr, large),
            "MESSAGE_TOO_LARGE");
  EXPECT_EQ(ReasonOf("Tokens/VerifyToken", nullptr,
                     v1::VerifyTokenRequest::default_instance()),
            "FIELD_INVALID");
}

TEST_P(TrustedListener, TheOtherListenerWantsACredential) {
  EXPECT_EQ(ReadError(TokensWorld::CallRaw(world_.channel, "Tokens/VerifyToken",
                                           nullptr, about_.SerializeAsString())
                          .status)
                .reason,
            "CREDENTIAL_MISSING");
}

TEST(TrustedStreams, NobodyMayVerifyAndWatch) {
  TokensWorld world;
  const TokensWorld::Server trusted =
      world.StartServer(true, &world.world.token_parts);
  const auto stub = v1::Tokens::NewStub(trusted.channel);
  const v1::IssuedServiceAccount good = world.Issue();
  for (const int credentials : {0, 1, 2}) {
    grpc::ClientContext context;
    TokensWorld::Prepare(context, nullptr);
    for (int i = 0; i < credentials; ++i) {
      context.AddMetadata("authorization", credentials == 1 ? "" : world.asker);
    }
    const auto stream = stub->VerifyTokens(&context);
    v1::VerifyTokenResponse answer;
    stream->Write(TokensWorld::About(good.token()));
    EXPECT_EQ(stream->Read(&answer), credentials == 0);
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    if (credentials == 0) {
      EXPECT_TRUE(answer.active());
      EXPECT_TRUE(status.ok());
    } else if (credentials == 1) {
      EXPECT_EQ(status.error_code(), grpc::UNAUTHENTICATED);
    } else {
      EXPECT_EQ(ReadError(status).reason, "INVALID_REQUEST");
    }
  }
  grpc::ClientContext context;
  TokensWorld::Prepare(context, nullptr);
  const auto watch = stub->WatchChanges(&context, {});
  v1::WatchChangesResponse message;
  ASSERT_TRUE(watch->Read(&message));
  ASSERT_TRUE(world.Revoke(good).ok());
  do {
    ASSERT_TRUE(watch->Read(&message));
  } while (message.service_account_ids_size() == 0);
  EXPECT_THAT(message.service_account_ids(), testing::Contains(good.id()));
  context.TryCancel();
  watch->Finish();
}

struct SizeCase {
  const char* label;
  const char* method;
  size_t bytes;
  grpc::StatusCode code;
};

class MessageSizes : public testing::TestWithParam<SizeCase> {};

// In the request an unknown field, which changes nothing, makes up the size.
TEST_P(MessageSizes, AreBounded) {
  TokensWorld world;
  world.Verify("junk");  // From now on all is in memory.
  std::string bytes;
  if (std::string(GetParam().method) == "Tokens/BatchVerifyTokens") {
    v1::BatchVerifyTokensRequest request;
    request.add_tokens("junk");
    bytes = request.SerializeAsString();
  } else {
    bytes = TokensWorld::About("junk").SerializeAsString();
  }
  const size_t padding = GetParam().bytes - bytes.size() - 5;
  bytes += "\xBA\x3E";  // Field 999, of a length in three bytes.
  bytes += static_cast<char>(0x80 | (padding & 0x7F));
  bytes += static_cast<char>(0x80 | (padding >> 7 & 0x7F));
  bytes += static_cast<char>(padding >> 14);
  bytes += std::string(padding, 'x');
  ASSERT_EQ(bytes.size(), GetParam().bytes);
  for (const bool memory : {true, false}) {
    const TokensWorld::Server server =
        world.StartServer(false, memory ? &world.world.token_parts : nullptr);
    EXPECT_EQ(TokensWorld::CallRaw(server.channel, GetParam().method,
                                   world.asker.c_str(), bytes)
                  .status.error_code(),
              GetParam().code);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sizes, MessageSizes,
    testing::Values(SizeCase{"One", "Tokens/VerifyToken", 64 * 1024, grpc::OK},
                    SizeCase{"OneTooLarge", "Tokens/VerifyToken", 64 * 1024 + 1,
                             grpc::RESOURCE_EXHAUSTED},
                    SizeCase{"Batch", "Tokens/BatchVerifyTokens", 256 * 1024,
                             grpc::OK},
                    SizeCase{"BatchTooLarge", "Tokens/BatchVerifyTokens",
                             256 * 1024 + 1, grpc::RESOURCE_EXHAUSTED}),
    [](const auto& info) { return std::string(info.param.label); });

}  // namespace
}  // namespace signet::rpc
