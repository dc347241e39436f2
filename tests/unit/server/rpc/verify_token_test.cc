// SPDX-License-Identifier: Apache-2.0
//
// VerifyToken and BatchVerifyTokens, from memory and through the dispatcher.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/credential_size.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/api/convert_tokens.h"
#include "server/rpc/token_fast_path.h"
#include "tests/support/requirements.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;

v1::Requirement Nested(int depth) {
  v1::Requirement requirement = NeedsCapability("billing.view");
  for (int i = 1; i < depth; ++i) {
    v1::Requirement outer;
    *outer.mutable_any_of()->add_requirements() = std::move(requirement);
    requirement = std::move(outer);
  }
  return requirement;
}

v1::Requirement Many(int capabilities) {
  v1::Requirement requirement;
  for (int i = 0; i < capabilities; ++i) {
    *requirement.mutable_all_of()->add_requirements() =
        NeedsCapability("billing.view");
  }
  return requirement;
}

class VerifyTokenTest : public testing::Test {
 protected:
  VerifyTokenTest() {
    storage::AuthorizationRecord root = SampleGrant(
        SampleId(1), 400,
        {.type = storage::SubjectType::kServiceAccount, .id = root_.id()},
        storage::GrantKind::kSuperAdmin);
    world_.Write([&root](storage::WriteTxn& txn) {
      const storage::ServiceAccountRecord away =
          SampleServiceAccount(SampleId(9), 90);
      absl::Status status = txn.EnsureAccount(SampleId(9), SampleTime());
      status.Update(txn.InsertServiceAccount(away));
      status.Update(txn.InsertAuthorization(root));
      return status;
    });
    EXPECT_TRUE(world_.Revoke(revoked_).ok());
    Change(expired_, [](storage::ServiceAccountRecord& it) {
      it.token.expires_at = SampleTime(-86400);
    });
    Change(disabled_,
           [](storage::ServiceAccountRecord& it) { it.enabled = false; });
    Change(good_, [this](storage::ServiceAccountRecord& it) {
      it.labels = {{"team", "core"}};
      it.token.expires_at = world_.world.clock.Now() + absl::Seconds(3);
    });
    Change(lasting_, [this](storage::ServiceAccountRecord& it) {
      it.token.expires_at =
          world_.world.clock.Now() + absl::Milliseconds(3600'250);
    });
    // What every call below needs is in memory.
    for (const auto* issued :
         {&good_, &lasting_, &revoked_, &expired_, &disabled_}) {
      world_.Verify(issued->token());
    }
    world_.Verify(TokensWorld::About(good_.token()), RootCredential());
  }

  void Change(
      const v1::IssuedServiceAccount& issued,
      const std::function<void(storage::ServiceAccountRecord&)>& change) {
    world_.Write([&](storage::WriteTxn& txn) {
      storage::ServiceAccountRecord record =
          *txn.GetServiceAccount(SampleId(1), *Uuid::Parse(issued.id()));
      change(record);
      return txn.UpdateServiceAccount(record);
    });
  }

  std::string RootCredential() const {
    return TokensWorld::CredentialOf(root_);
  }

  // Through the dispatcher alone, as REST calls it.
  TokensWorld::Ending Dispatch(const std::string& method,
                               const char* credential,
                               const std::string& bytes) {
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            "signet.v1.Tokens." + method);
    call.request.reset(google::protobuf::MessageFactory::generated_factory()
                           ->GetPrototype(call.method->input_type())
                           ->New());
    EXPECT_TRUE(call.request->ParseFromString(bytes));
    if (credential != nullptr) call.authorization = {credential};
    std::optional<gateway::BackendReply> reply;
    world_.world.dispatcher.Call(std::move(call),
                                 [&](gateway::BackendReply answer) {
                                   reply.emplace(std::move(answer));
                                 });
    const google::rpc::Status& status = reply->status;
    if (status.code() == 0) {
      return {.status = grpc::Status::OK,
              .bytes = reply->response->SerializeAsString()};
    }
    return {.status = {static_cast<grpc::StatusCode>(status.code()),
                       status.message(), status.SerializeAsString()}};
  }

  // However it is asked, the answer is the same.
  TokensWorld::Ending AskEveryWay(const std::string& method,
                                  const char* credential,
                                  const std::string& bytes) {
    const TokensWorld::Ending want = Dispatch(method, credential, bytes);
    for (const auto& channel : {world_.channel, plain_.channel}) {
      EXPECT_EQ(
          TokensWorld::CallRaw(channel, "Tokens/" + method, credential, bytes),
          want)
          << want.status.error_message();
    }
    return want;
  }

  TokensWorld world_;
  const TokensWorld::Server plain_ = world_.StartServer(false, nullptr);
  const v1::IssuedServiceAccount good_ = world_.Issue({"billing.view"});
  const v1::IssuedServiceAccount lasting_ = world_.Issue({"billing.view"});
  const v1::IssuedServiceAccount revoked_ = world_.Issue();
  const v1::IssuedServiceAccount expired_ = world_.Issue();
  const v1::IssuedServiceAccount disabled_ = world_.Issue();
  const v1::IssuedServiceAccount root_ = world_.Issue();
};

TEST_F(VerifyTokenTest, SaysWhatATokenIsGoodFor) {
  const v1::VerifyTokenResponse answer = world_.Verify(good_.token());
  EXPECT_TRUE(answer.active());
  EXPECT_EQ(answer.reason(), "");
  EXPECT_EQ(answer.subject_type(), "service_account");
  EXPECT_EQ(answer.subject_id(), good_.id());
  EXPECT_EQ(answer.account_id(), world_.world.account_id);
  EXPECT_EQ(answer.token_public_id(), good_.token_public_id());
  EXPECT_TRUE(answer.has_expires_at());
  EXPECT_FALSE(answer.account_owner());
  EXPECT_FALSE(answer.super_admin());
  EXPECT_THAT(answer.capabilities(), ElementsAre("billing.view"));
  EXPECT_EQ(answer.labels().at("team"), "core");
  EXPECT_EQ(answer.cache_ttl().seconds(), 3) << "not beyond its expiry";
  EXPECT_EQ(answer.expires_in().seconds(), 3);
}

// The rest of such an answer is at hand as bytes, and stays the same.
TEST_F(VerifyTokenTest, SaysHowLongATokenHasLeftEachTime) {
  const v1::VerifyTokenResponse before = world_.Verify(lasting_.token());
  EXPECT_EQ(before.expires_in().seconds(), 3600);
  EXPECT_EQ(before.expires_in().nanos(), 250'000'000);
  world_.world.clock.Advance(absl::Milliseconds(250));
  const v1::VerifyTokenResponse after = world_.Verify(lasting_.token());
  EXPECT_EQ(after.expires_in().seconds(), 3600);
  EXPECT_EQ(after.expires_in().nanos(), 0);
  EXPECT_FALSE(world_.Verify(world_.asking.token()).has_expires_in());
}

TEST_F(VerifyTokenTest, OfADeadOneOnlyTheReason) {
  const std::pair<const v1::IssuedServiceAccount*, const char*> cases[] = {
      {&revoked_, "TOKEN_REVOKED"},
      {&expired_, "TOKEN_EXPIRED"},
      {&disabled_, "TOKEN_DISABLED"}};
  for (const auto& [issued, reason] : cases) {
    v1::VerifyTokenResponse want;
    want.set_reason(reason);
    want.mutable_cache_ttl()->set_seconds(5);
    EXPECT_EQ(world_.Verify(issued->token()).DebugString(), want.DebugString());
  }
}

// What is asked, and by whom: every kind of answer and of refusal.
TEST_F(VerifyTokenTest, FromMemoryAndFromTheDispatcherTheSameBytes) {
  const std::string root = RootCredential();
  const std::string nothing = TokensWorld::CredentialOf(good_);
  const std::string dead = TokensWorld::CredentialOf(revoked_);
  const char* const asker = world_.asker.c_str();
  const std::string away = SampleId(9).ToString();
  std::string unknown = good_.token();  // Its checksum is wrong now.
  unknown[unknown.size() - 9] = unknown[unknown.size() - 9] == 'a' ? 'b' : 'a';

  struct Case {
    const char* label;
    const char* credential;
    std::string token;
    std::string account_id = "";
    std::optional<v1::Requirement> requirement = {};
    grpc::StatusCode code = grpc::OK;
  };
  const std::string upper = absl::AsciiStrToUpper(world_.world.account_id);
  const Case cases[] = {
      {"active", asker, good_.token()},
      {"active for long", asker, lasting_.token()},
      {"revoked", asker, revoked_.token()},
      {"expired", asker, expired_.token()},
      {"disabled", asker, disabled_.token()},
      {"mistyped", asker, unknown},
      {"junk", asker, "junk"},
      {"as large as a token may be", asker,
       std::string(kMaxCredentialBytes, 'a')},
      {"with dots", asker, "a.b.c"},
      {"account named", asker, good_.token(), upper},
      {"met", asker, good_.token(), "", NeedsCapability("billing.view")},
      {"not met", asker, good_.token(), "", NeedsCapability("billing.edit")},
      {"nested", asker, good_.token(), "", Nested(4)},
      {"many", asker, good_.token(), "", Many(32)},
      {"on another account", asker, good_.token(), "",
       NeedsCapability("billing.view", away)},
      {"super_admin", root.c_str(), good_.token()},
      {"super_admin elsewhere", root.c_str(), good_.token(), away},
      {"super_admin itself", asker, root_.token(), "",
       NeedsCapability("a.x", away)},
      {"a user", kOwner, good_.token(), world_.world.account_id},

      {"no token", asker, "", "", {}, grpc::INVALID_ARGUMENT},
      {"too large a token",
       asker,
       std::string(kMaxCredentialBytes + 1, 'a'),
       "",
       {},
       grpc::INVALID_ARGUMENT},
      {"no account id", asker, good_.token(), "x", {}, grpc::INVALID_ARGUMENT},
      {"bad key", asker, good_.token(), "", NeedsCapability("No key"),
       grpc::INVALID_ARGUMENT},
      {"empty requirement", asker, good_.token(), "", v1::Requirement(),
       grpc::INVALID_ARGUMENT},
      {"too deep", asker, good_.token(), "", Nested(5), grpc::INVALID_ARGUMENT},
      {"too many", asker, good_.token(), "", Many(33), grpc::INVALID_ARGUMENT},
      {"another account",
       asker,
       good_.token(),
       away,
       {},
       grpc::PERMISSION_DENIED},
      {"no right",
       nothing.c_str(),
       good_.token(),
       "",
       {},
       grpc::PERMISSION_DENIED},
      {"no right, bad request", nothing.c_str(), "", "",
       NeedsCapability("No key"), grpc::PERMISSION_DENIED},
      {"a user without an account",
       kOwner,
       good_.token(),
       "",
       {},
       grpc::PERMISSION_DENIED},
      {"dead credential",
       dead.c_str(),
       good_.token(),
       "",
       {},
       grpc::UNAUTHENTICATED},
      {"junk credential",
       "Bearer junk",
       good_.token(),
       "",
       {},
       grpc::UNAUTHENTICATED},
      {"no scheme",
       good_.token().c_str(),
       good_.token(),
       "",
       {},
       grpc::UNAUTHENTICATED},
      {"no credential", nullptr, good_.token(), "", {}, grpc::UNAUTHENTICATED}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.label);
    v1::VerifyTokenRequest request = TokensWorld::About(c.token);
    request.set_account_id(c.account_id);
    if (c.requirement) *request.mutable_requirement() = *c.requirement;
    const TokensWorld::Ending one =
        AskEveryWay("VerifyToken", c.credential, request.SerializeAsString());
    EXPECT_EQ(one.status.error_code(), c.code) << one.status.error_message();

    v1::BatchVerifyTokensRequest batch;
    batch.add_tokens("nonsense");
    batch.add_tokens(c.token);
    batch.set_account_id(c.account_id);
    if (c.requirement) *batch.mutable_requirement() = *c.requirement;
    const TokensWorld::Ending both = AskEveryWay(
        "BatchVerifyTokens", c.credential, batch.SerializeAsString());
    EXPECT_EQ(both.status.error_code(), c.code) << both.status.error_message();
    if (c.code != grpc::OK) continue;
    v1::BatchVerifyTokensResponse answers;
    ASSERT_TRUE(answers.ParseFromString(both.bytes));
    ASSERT_EQ(answers.results_size(), 2);
    EXPECT_EQ(answers.results(0).reason(), "TOKEN_UNKNOWN");
    EXPECT_EQ(answers.results(1).SerializeAsString(), one.bytes);
  }
}

TEST_F(VerifyTokenTest, ABatchHasOneToAThousandTokens) {
  v1::BatchVerifyTokensRequest batch;
  EXPECT_EQ(AskEveryWay("BatchVerifyTokens", world_.asker.c_str(), "")
                .status.error_code(),
            grpc::INVALID_ARGUMENT);
  for (int i = 0; i < api::kMaxVerifyBatch; ++i) {
    batch.add_tokens(absl::StrCat("junk", i));
  }
  const TokensWorld::Ending full = AskEveryWay(
      "BatchVerifyTokens", world_.asker.c_str(), batch.SerializeAsString());
  v1::BatchVerifyTokensResponse answers;
  ASSERT_TRUE(answers.ParseFromString(full.bytes));
  EXPECT_EQ(answers.results_size(), 1000);
  EXPECT_EQ(answers.same_as_size(), 0);

  batch.add_tokens("junk");
  EXPECT_EQ(AskEveryWay("BatchVerifyTokens", world_.asker.c_str(),
                        batch.SerializeAsString())
                .status.error_code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(VerifyTokenTest, ARepeatedTokenIsAnsweredOnce) {
  v1::BatchVerifyTokensRequest batch;
  for (int i = 0; i < 500; ++i) {
    batch.add_tokens("junk");
    batch.add_tokens(good_.token());
  }
  const TokensWorld::Ending ending = AskEveryWay(
      "BatchVerifyTokens", world_.asker.c_str(), batch.SerializeAsString());
  v1::BatchVerifyTokensResponse answers;
  ASSERT_TRUE(answers.ParseFromString(ending.bytes));
  ASSERT_EQ(answers.results_size(), 1000);
  ASSERT_EQ(answers.same_as_size(), 1000);
  EXPECT_EQ(answers.results(0).reason(), "TOKEN_UNKNOWN");
  EXPECT_TRUE(answers.results(1).active());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(answers.same_as(i), i % 2);
    if (i < 2) continue;
    EXPECT_EQ(answers.results(i).ByteSizeLong(), 0u) << i;
    EXPECT_FALSE(answers.results(i).active());
  }
}

TEST_F(VerifyTokenTest, WhatABatchIsAnsweredIsBounded) {
  v1::CreateServiceAccountRequest wide = world_.Good();
  for (int i = 0; i < 32; ++i) {
    (*wide.mutable_labels())[absl::StrCat(i)] = std::string(250, 'x');
  }
  v1::BatchVerifyTokensRequest batch;
  for (int i = 0; i < 500; ++i) {
    v1::IssuedServiceAccount issued;
    ASSERT_TRUE(world_.Create(kOwner, wide, &issued).ok());
    batch.add_tokens(issued.token());
  }
  const auto ask = [&] {
    return TokensWorld::CallRaw(world_.channel, "Tokens/BatchVerifyTokens",
                                world_.asker.c_str(),
                                batch.SerializeAsString());
  };
  for (const char* from : {"the store", "memory"}) {
    const TokensWorld::Ending refused = ask();
    EXPECT_EQ(refused.status.error_code(), grpc::RESOURCE_EXHAUSTED) << from;
    EXPECT_EQ(ReadError(refused.status).reason, "ANSWER_TOO_LARGE");
  }
  batch.mutable_tokens()->DeleteSubrange(450, 50);
  const TokensWorld::Ending answered = ask();
  EXPECT_TRUE(answered.status.ok()) << answered.status.error_message();
  EXPECT_LT(answered.bytes.size(), size_t{4} << 20);
}

TEST_F(VerifyTokenTest, MemoryAnswersWhatItCanAndLeavesTheRest) {
  TokenFastPath fast(&world_.world.directory, &world_.world.verifier,
                     &world_.world.clock);
  const auto answers = [&](std::string_view authorization, bool trusted,
                           const v1::VerifyTokenRequest& request) {
    identity::Credential credential;
    if (!authorization.empty()) {
      credential = *identity::Credential::FromAuthorization(authorization);
    }
    grpc::ByteBuffer response;
    return fast.Answer(credential, trusted, request, response);
  };
  const v1::VerifyTokenRequest about = TokensWorld::About(good_.token());
  EXPECT_TRUE(answers(world_.asker, false, about));
  EXPECT_TRUE(answers("", true, about));
  EXPECT_TRUE(answers(world_.asker, true, about));
  EXPECT_TRUE(answers(world_.asker, false, TokensWorld::About("junk")));

  EXPECT_FALSE(answers("", false, about));
  EXPECT_FALSE(answers("Bearer junk", true, about))
      << "a bad credential is 401";
  EXPECT_FALSE(answers(kOwner, false, about));
  EXPECT_FALSE(answers(TokensWorld::CredentialOf(good_), false, about));
  EXPECT_FALSE(answers(TokensWorld::CredentialOf(revoked_), false, about));
  EXPECT_FALSE(answers(world_.asker, false, TokensWorld::About("a.b.c")));
  EXPECT_FALSE(answers(world_.asker, false, TokensWorld::About("")));
  EXPECT_FALSE(
      answers(world_.asker, false, TokensWorld::About(world_.Issue().token())));
  v1::VerifyTokenRequest elsewhere = about;
  *elsewhere.mutable_requirement() =
      NeedsCapability("a.x", SampleId(9).ToString());
  EXPECT_FALSE(answers(world_.asker, false, elsewhere));
}

TEST_F(VerifyTokenTest, ARevocationIsTrueOnceTheCallHasReturned) {
  for (int i = 0; i < 20; ++i) {
    const v1::IssuedServiceAccount issued = world_.Issue();
    EXPECT_TRUE(world_.Verify(issued.token()).active());
    EXPECT_TRUE(world_.Verify(issued.token()).active());
    EXPECT_TRUE(world_.Revoke(issued).ok());
    EXPECT_EQ(world_.Verify(issued.token()).reason(), "TOKEN_REVOKED");
  }
}

TEST_F(VerifyTokenTest, AnAskerThatIsRevokedAsksNoMore) {
  EXPECT_TRUE(world_.Verify(good_.token()).active());
  EXPECT_TRUE(world_.Revoke(world_.asking).ok());
  EXPECT_EQ(TokensWorld::CallRaw(
                world_.channel, "Tokens/VerifyToken", world_.asker.c_str(),
                TokensWorld::About(good_.token()).SerializeAsString())
                .status.error_code(),
            grpc::UNAUTHENTICATED);
}

TEST_F(VerifyTokenTest, SuccessesLeaveNoLineAndRefusalsDo) {
  const auto lines = [this] { return world_.world.logger.lines().size(); };
  const size_t before = lines();
  const std::string bytes =
      TokensWorld::About(good_.token()).SerializeAsString();
  for (const auto& channel : {world_.channel, plain_.channel}) {
    TokensWorld::CallRaw(channel, "Tokens/VerifyToken", world_.asker.c_str(),
                         bytes);
  }
  EXPECT_EQ(lines(), before);
  TokensWorld::CallRaw(world_.channel, "Tokens/VerifyToken", "Bearer junk",
                       bytes);
  EXPECT_EQ(lines(), before + 1);
}

TEST_F(VerifyTokenTest, ARequestIdIsForWhoSentOne) {
  for (const bool sent : {true, false}) {
    grpc::ClientContext context;
    world_.Prepare(context, world_.asker.c_str());
    if (sent) context.AddMetadata("x-request-id", "mine");
    world_.Verify(good_.token());  // Is in memory from here on.
    const auto ending = TokensWorld::CallRaw(
        world_.channel, "Tokens/VerifyToken", context,
        TokensWorld::About(good_.token()).SerializeAsString());
    EXPECT_TRUE(ending.status.ok());
    const auto& metadata = context.GetServerInitialMetadata();
    ASSERT_EQ(metadata.count("x-request-id"), sent ? 1u : 0u);
    if (sent) {
      EXPECT_EQ(metadata.find("x-request-id")->second, "mine");
    }
  }
}

}  // namespace
}  // namespace signet::rpc
