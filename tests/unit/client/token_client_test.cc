// SPDX-License-Identifier: Apache-2.0
#include "client/token_client.h"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/support/requirements.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/client/fake_tokens_server.h"

namespace signet::client {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class TokenClientTest : public testing::Test {
 protected:
  TokenClientTest() { server_.Put("token", GoodAnswer(1)); }

  void Start(TokenClientOptions options = {}) {
    options.target = server_.target();
    auto client = TokenClient::Create(std::move(options));
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_TRUE(Eventually([this] { return client_->FeedStatus().ok(); }));
  }

  // `active` and, if not, why; or the error.
  std::string Verify(const std::string& token,
                     const v1::Requirement* requirement = nullptr) {
    const auto answer = client_->VerifyAndWait(token, requirement);
    if (!answer.ok()) return GetErrorDetail(answer.status()).reason;
    EXPECT_FALSE((*answer)->has_cache_ttl());
    return (*answer)->active() ? "active" : (*answer)->reason();
  }
  size_t asked() const { return server_.questions().size(); }
  // Whether an answer about `token` is at hand.
  bool IsKept(const std::string& token) {
    const size_t before = asked();
    Verify(token);
    return asked() == before;
  }

  FakeTokensServer server_;
  std::unique_ptr<TokenClient> client_;
};

TEST_F(TokenClientTest, TakesAChannelOfItsUsers) {
  auto client = TokenClient::Create(
      {.channel = grpc::CreateChannel(server_.target(),
                                      grpc::InsecureChannelCredentials())});
  ASSERT_THAT(client, IsOk());
  client_ = *std::move(client);
  EXPECT_EQ(Verify("token"), "active");
  EXPECT_TRUE(Eventually([this] { return IsKept("token"); }));
}

TEST_F(TokenClientTest, WithoutEntriesItAsksEachTime) {
  Start({.max_entries = 0});
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(Verify("token"), "active");
    EXPECT_EQ(asked(), i);
  }
}

TEST_F(TokenClientTest, AsksOnce) {
  Start({.credential = "own", .account_id = SampleId(1).ToString()});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Verify("token"), "active");
    EXPECT_EQ(Verify("other"), "TOKEN_UNKNOWN");
  }
  ASSERT_THAT(server_.questions(), SizeIs(2));
  EXPECT_EQ(server_.questions()[0].token(), "token");
  EXPECT_EQ(server_.questions()[0].account_id(), SampleId(1).ToString());
  EXPECT_EQ(server_.authorization(), "Bearer own");
}

TEST_F(TokenClientTest, WithoutCredentialSendsNone) {
  Start();
  Verify("token");
  EXPECT_EQ(server_.authorization(), "");
}

TEST_F(TokenClientTest, AKeptAnswerComesBeforeVerifyReturns) {
  Start();
  Verify("token");
  server_.Hold();
  bool called = false;
  client_->Verify("token", nullptr, [&](absl::StatusOr<TokenAnswer> answer) {
    called = true;
    EXPECT_THAT(answer, IsOk());
  });
  EXPECT_TRUE(called);
}

TEST_F(TokenClientTest, AChangeEndsWhatIsKept) {
  server_.Put("second", GoodAnswer(2));
  Start();
  Verify("token");
  Verify("second");
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  server_.Tell({1});
  EXPECT_TRUE(Eventually([&] { return Verify("token") == "TOKEN_REVOKED"; }));
  EXPECT_TRUE(IsKept("second"));
}

TEST_F(TokenClientTest, AResetEndsAllThatIsKept) {
  Start();
  Verify("token");
  Verify("other");
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  server_.Tell({}, /*reset=*/true);
  EXPECT_TRUE(Eventually([&] { return Verify("token") == "TOKEN_REVOKED"; }));
  EXPECT_FALSE(IsKept("other"));
}

// The answer is true when the server gives it, and not any more when it is
// here.
TEST_F(TokenClientTest, AnAnswerThatAChangeOvertookIsNotKept) {
  server_.Put("sentinel", GoodAnswer(2));
  Start();
  Verify("sentinel");
  server_.Hold();
  std::promise<absl::StatusOr<TokenAnswer>> late;
  client_->Verify("token", nullptr, [&](absl::StatusOr<TokenAnswer> answer) {
    late.set_value(std::move(answer));
  });
  server_.AwaitQuestions(2);
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  server_.Tell({1, 2});
  // The change is known here once the sentinel is asked about.
  EXPECT_TRUE(Eventually([&] {
    client_->Verify("sentinel", nullptr, [](const auto&) {});
    return asked() > 2;
  }));
  server_.Release();
  const auto answer = late.get_future().get();
  ASSERT_THAT(answer, IsOk());
  EXPECT_TRUE((*answer)->active());  // As it was when it was asked for.
  EXPECT_EQ(Verify("token"), "TOKEN_REVOKED");
}

TEST_F(TokenClientTest, ManyAskWhileMuchChanges) {
  Start();
  const auto version = [this] {
    const auto answer = client_->VerifyAndWait("token", nullptr);
    EXPECT_THAT(answer, IsOk());
    return (*answer)->token_public_id();
  };
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!over) version();
    });
  }
  for (int i = 1; i <= 100; ++i) {
    v1::VerifyTokenResponse answer = GoodAnswer(1);
    answer.set_token_public_id(absl::StrCat(i));
    server_.Put("token", answer);
    server_.Tell({1}, /*reset=*/i % 10 == 0);
    // Each change comes through, whatever was on its way meanwhile.
    EXPECT_TRUE(Eventually([&] { return version() == absl::StrCat(i); }));
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(version(), "100");
  EXPECT_TRUE(IsKept("token"));
}

TEST_F(TokenClientTest, RequirementsAreDecidedHere) {
  Start();
  const v1::Requirement held = NeedsCapability("mail.send");
  const v1::Requirement own =
      NeedsCapability("mail.send", SampleId(1).ToString());
  const v1::Requirement missing = NeedsCapability("mail.read");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Verify("token", &held), "active");
    EXPECT_EQ(Verify("token", &own), "active");
    EXPECT_EQ(Verify("token", &missing), "CAPABILITY_MISSING");
    EXPECT_EQ(Verify("other", &held), "TOKEN_UNKNOWN");
  }
  ASSERT_THAT(server_.questions(), SizeIs(2));
  EXPECT_FALSE(server_.questions()[0].has_requirement());
}

TEST_F(TokenClientTest, RequirementsOnOtherAccountsAreAskedEveryTime) {
  Start();
  const v1::Requirement elsewhere =
      NeedsCapability("mail.send", SampleId(2).ToString());
  EXPECT_EQ(Verify("token", &elsewhere), "active");  // So says the server.
  ASSERT_THAT(server_.questions(), SizeIs(2));  // Whose it is, and the rest.
  EXPECT_EQ(server_.questions()[1].requirement().SerializeAsString(),
            elsewhere.SerializeAsString());
  EXPECT_EQ(server_.questions()[1].token(), "token");
  Verify("token", &elsewhere);
  EXPECT_EQ(asked(), 3u);
  // A token that is not good needs no second question.
  Verify("other", &elsewhere);
  EXPECT_EQ(asked(), 4u);
}

TEST_F(TokenClientTest, MalformedRequirementsAreLeftToTheServer) {
  Start();
  Verify("token");
  server_.Refuse({grpc::StatusCode::INVALID_ARGUMENT, "requirement: no"});
  const v1::Requirement malformed = NeedsCapability("nothing");
  EXPECT_EQ(Verify("token", &malformed), "INVALID_ARGUMENT");
  EXPECT_TRUE(server_.questions()[1].has_requirement());
}

TEST_F(TokenClientTest, AnswersAboutUsersAreNotKept) {
  v1::VerifyTokenResponse user = GoodAnswer(1);
  user.set_subject_type("user");
  server_.Put("a.b.c", user);
  Start();
  EXPECT_EQ(Verify("a.b.c"), "active");
  EXPECT_FALSE(IsKept("a.b.c"));
}

TEST_F(TokenClientTest, TextThatIsNoTokenIsNotAskedAbout) {
  Start();
  EXPECT_EQ(Verify(""), "FIELD_INVALID");
  EXPECT_EQ(Verify(std::string(16 * 1024 + 1, 'x')), "FIELD_INVALID");
  for (const char* text : {"a b", "a\nb", "\xC3\xA9", "\xFF"}) {
    EXPECT_EQ(Verify(text), "TOKEN_UNKNOWN");
  }
  EXPECT_EQ(asked(), 0u);
  EXPECT_EQ(Verify(std::string(16 * 1024, 'x')), "TOKEN_UNKNOWN");
  EXPECT_EQ(asked(), 1u);
}

TEST_F(TokenClientTest, ErrorsAreNotKeptAndDoNotHoldTheToken) {
  Start();
  server_.Refuse({grpc::StatusCode::RESOURCE_EXHAUSTED, "later"});
  const auto answer = client_->VerifyAndWait("token", nullptr);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(answer.status().ToString(), Not(HasSubstr("token")));
  server_.Refuse(grpc::Status::OK);
  EXPECT_EQ(Verify("token"), "active");
}

TEST_F(TokenClientTest, AQuestionEndsInTime) {
  Start({.call_timeout = absl::Milliseconds(100)});
  server_.Hold();
  EXPECT_EQ(Verify("token"), "DEADLINE_EXCEEDED");
}

TEST_F(TokenClientTest, DestructionCancelsWhatIsUnderWay) {
  Start();
  server_.Hold();
  std::atomic<int> cancelled = 0;
  for (int i = 0; i < 20; ++i) {
    client_->Verify(absl::StrCat("token", i), nullptr,
                    [&](const absl::StatusOr<TokenAnswer>& answer) {
                      cancelled += absl::IsCancelled(answer.status());
                    });
  }
  client_.reset();
  EXPECT_EQ(cancelled, 20);
}

// A `done` that asks again while the client goes.
TEST_F(TokenClientTest, NoQuestionStartsDuringDestruction) {
  Start();
  server_.Hold();
  absl::Status second;
  client_->Verify("token", nullptr, [&, client = client_.get()](const auto&) {
    client->Verify("again", nullptr,
                   [&](const auto& answer) { second = answer.status(); });
  });
  server_.AwaitQuestions(1);
  client_.reset();
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kCancelled));
}

TEST(TokenClientOptionsTest, BadOnesAreRefused) {
  const struct {
    const char* what;
    TokenClientOptions options;
  } kCases[] = {
      {"neither target nor channel", {}},
      {"both",
       {.target = "localhost:1",
        .channel = grpc::CreateChannel("localhost:1",
                                       grpc::InsecureChannelCredentials())}},
      {"credential", {.target = "localhost:1", .credential = "a\nb"}},
      {"account", {.target = "localhost:1", .account_id = "1"}},
      {"staleness",
       {.target = "localhost:1", .max_staleness = absl::Seconds(1)}},
      {"endless staleness",
       {.target = "localhost:1", .max_staleness = absl::InfiniteDuration()}},
      {"questions", {.target = "localhost:1", .max_questions = 0}},
      {"timeout",
       {.target = "localhost:1", .call_timeout = absl::ZeroDuration()}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    const auto client = TokenClient::Create(c.options);
    EXPECT_THAT(client,
                ErrorIs(absl::StatusCode::kInvalidArgument, "OPTION_INVALID"));
  }
}

TEST(TokenClientOptionsTest, WithoutServerThereIsAnErrorEachTime) {
  const auto client = TokenClient::Create({.target = "127.0.0.1:1"});
  ASSERT_THAT(client, IsOk());
  EXPECT_THAT((*client)->VerifyAndWait("token", nullptr),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT((*client)->FeedStatus(),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet::client
