// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/verify_stream.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

// One VerifyTokens, for one thread.
class Stream {
 public:
  explicit Stream(const std::shared_ptr<grpc::Channel>& channel,
                  const std::vector<std::string>& credentials)
      : stub_(v1::Tokens::NewStub(channel)) {
    TokensWorld::Prepare(context_, nullptr);
    for (const std::string& credential : credentials) {
      context_.AddMetadata("authorization", credential);
    }
    stream_ = stub_->VerifyTokens(&context_);
  }

  bool Ask(const std::string& token) {
    return stream_->Write(TokensWorld::About(token));
  }
  bool Ask(const v1::VerifyTokenRequest& request) {
    return stream_->Write(request);
  }
  bool Read(v1::VerifyTokenResponse& answer) { return stream_->Read(&answer); }
  // False: the stream has ended.
  bool IsActive(const std::string& token) {
    v1::VerifyTokenResponse answer;
    return Ask(token) && Read(answer) && answer.active();
  }
  void WritesDone() { stream_->WritesDone(); }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<v1::Tokens::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::VerifyTokenRequest, v1::VerifyTokenResponse>>
      stream_;
};

class VerifyStreamTest : public testing::Test {
 protected:
  // What an end without an answer says.
  static std::string ReasonOf(Stream& stream) {
    v1::VerifyTokenResponse answer;
    EXPECT_FALSE(stream.Read(answer));
    return ReadError(stream.Finish()).reason;
  }

  TokensWorld world_;
  const v1::IssuedServiceAccount good_ = world_.Issue({"billing.view"});
};

TEST_F(VerifyStreamTest, AnswersInOrder) {
  const v1::IssuedServiceAccount revoked = world_.Issue();
  ASSERT_TRUE(world_.Revoke(revoked).ok());
  // Some from memory, some from the store.
  Stream stream(world_.channel, {world_.asker});
  const std::pair<std::string, std::string> cases[] = {
      {good_.token(), ""},
      {"junk", "TOKEN_UNKNOWN"},
      {revoked.token(), "TOKEN_REVOKED"},
      {good_.token(), ""},
      {"a.b.c", "TOKEN_UNKNOWN"},
      {revoked.token(), "TOKEN_REVOKED"}};
  for (const auto& [token, reason] : cases) ASSERT_TRUE(stream.Ask(token));
  stream.WritesDone();
  for (const auto& [token, reason] : cases) {
    v1::VerifyTokenResponse answer;
    ASSERT_TRUE(stream.Read(answer));
    EXPECT_EQ(answer.reason(), reason);
    EXPECT_EQ(answer.active(), reason.empty());
  }
  v1::VerifyTokenResponse none;
  EXPECT_FALSE(stream.Read(none));
  EXPECT_TRUE(stream.Finish().ok());
}

// Answers that nobody takes are not piled up: whoever asks on and on is let
// wait.
TEST_F(VerifyStreamTest, WhoDoesNotReadCannotAskForEver) {
  constexpr int kMany = 300'000;  // More than lies in buffers on the way.
  Stream stream(world_.channel, {world_.asker});
  std::atomic<int> asked = 0;
  std::atomic<bool> ended = false;
  std::thread asking([&] {
    while (asked < kMany && stream.Ask(good_.token())) ++asked;
    ended = true;
  });
  int before = -1;
  while (!ended && asked != before) {
    before = asked;
    absl::SleepFor(absl::Seconds(1));
  }
  EXPECT_LT(asked, kMany);
  stream.Cancel();
  asking.join();
  EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
}

TEST_F(VerifyStreamTest, AnswersTenThousand) {
  constexpr int kCount = 10'000;
  Stream stream(world_.channel, {world_.asker});
  std::thread asking([&] {
    for (int i = 0; i < kCount; ++i) {
      ASSERT_TRUE(stream.Ask(i % 3 == 0 ? "junk" : good_.token()));
    }
    stream.WritesDone();
  });
  int answers = 0;
  v1::VerifyTokenResponse answer;
  while (stream.Read(answer)) {
    ASSERT_EQ(answer.active(), answers % 3 != 0) << answers;
    ++answers;
  }
  asking.join();
  EXPECT_EQ(answers, kCount);
  EXPECT_TRUE(stream.Finish().ok());
}

// What is not read waits; then nothing more is taken, and nothing is lost.
TEST_F(VerifyStreamTest, AClientThatReadsLateGetsEverything) {
  constexpr int kCount = 5000;
  Stream stream(world_.channel, {world_.asker});
  std::thread asking([&] {
    for (int i = 0; i < kCount; ++i) ASSERT_TRUE(stream.Ask(good_.token()));
    stream.WritesDone();
  });
  absl::SleepFor(absl::Milliseconds(200));
  int answers = 0;
  v1::VerifyTokenResponse answer;
  while (stream.Read(answer)) ++answers;
  asking.join();
  EXPECT_EQ(answers, kCount);
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(VerifyStreamTest, AnErrorEndsItBehindTheAnswersBefore) {
  Stream stream(world_.channel, {world_.asker});
  ASSERT_TRUE(stream.Ask(good_.token()));
  ASSERT_TRUE(stream.Ask(""));  // Refused.
  stream.Ask(good_.token());
  v1::VerifyTokenResponse answer;
  ASSERT_TRUE(stream.Read(answer));
  EXPECT_TRUE(answer.active());
  EXPECT_EQ(ReasonOf(stream), "FIELD_INVALID");
}

TEST_F(VerifyStreamTest, RefusesAsVerifyTokenDoes) {
  const struct {
    std::vector<std::string> credentials;
    const char* reason;
  } cases[] = {{{}, "CREDENTIAL_MISSING"},
               {{"Bearer junk"}, "TOKEN_INVALID"},
               {{world_.asker, world_.asker}, "INVALID_REQUEST"},
               {{TokensWorld::CredentialOf(good_)}, "ACCESS_DENIED"}};
  for (const auto& c : cases) {
    Stream stream(world_.channel, c.credentials);
    ASSERT_TRUE(stream.Ask(good_.token()));
    EXPECT_EQ(ReasonOf(stream), c.reason);
  }
}

TEST_F(VerifyStreamTest, AMessageOver64KiBEndsIt) {
  Stream stream(world_.channel, {world_.asker});
  v1::VerifyTokenRequest large = TokensWorld::About(good_.token());
  large.set_account_id(std::string(65 * 1024, 'x'));
  ASSERT_TRUE(stream.Ask(large));
  EXPECT_EQ(ReasonOf(stream), "MESSAGE_TOO_LARGE");

  Stream unknown(world_.channel, {"Bearer junk"});
  ASSERT_TRUE(unknown.Ask(large));
  EXPECT_EQ(ReasonOf(unknown), "TOKEN_INVALID") << "a 401 ranks before";
}

TEST_F(VerifyStreamTest, TheAskerIsVerifiedAnewForEach) {
  Stream stream(world_.channel, {world_.asker});
  EXPECT_TRUE(stream.IsActive(good_.token()));
  EXPECT_TRUE(stream.IsActive(good_.token()));
  ASSERT_TRUE(world_.Revoke(world_.asking).ok());
  stream.Ask(good_.token());
  EXPECT_EQ(ReasonOf(stream), "TOKEN_INVALID");
}

TEST_F(VerifyStreamTest, SeesARevocation) {
  Stream stream(world_.channel, {world_.asker});
  EXPECT_TRUE(stream.IsActive(good_.token()));
  ASSERT_TRUE(world_.Revoke(good_).ok());
  EXPECT_FALSE(stream.IsActive(good_.token()));
  stream.WritesDone();
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(VerifyStreamTest, OneThatAsksNothingEndsWell) {
  Stream stream(world_.channel, {});
  stream.WritesDone();
  v1::VerifyTokenResponse answer;
  EXPECT_FALSE(stream.Read(answer));
  EXPECT_TRUE(stream.Finish().ok());
}

TEST_F(VerifyStreamTest, ADrainEndsThoseThatAreIdle) {
  Stream silent(world_.channel, {world_.asker});  // Has never asked.
  Stream idle(world_.channel, {world_.asker});
  // By then the server knows both.
  ASSERT_TRUE(idle.IsActive(good_.token()));
  std::future<void> drained = std::async(
      std::launch::async, [this] { world_.server->Drain(absl::Seconds(30)); });
  const absl::Time began = absl::Now();
  EXPECT_EQ(ReasonOf(idle), "SERVER_STOPPING");
  EXPECT_LT(absl::Now() - began, absl::Seconds(1));
  v1::VerifyTokenResponse answer;
  EXPECT_FALSE(silent.Read(answer));
  EXPECT_EQ(silent.Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_LT(absl::Now() - began, absl::Seconds(1));
  drained.get();
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
}

// A server that is short of patience.
class VerifyStreamLimits : public VerifyStreamTest {
 protected:
  static GrpcTokenParts WithLimits(GrpcTokenParts parts) {
    parts.limits = {.first_request = absl::Milliseconds(200),
                    .unread_answer = absl::Milliseconds(300)};
    return parts;
  }

  const GrpcTokenParts parts_ = WithLimits(world_.world.token_parts);
  const TokensWorld::Server server_ = world_.StartServer(false, &parts_);
};

TEST_F(VerifyStreamLimits, OneThatNothingIsAskedOnEnds) {
  const absl::Time began = absl::Now();
  Stream silent(server_.channel, {});  // Nobody knows who it is, either.
  Stream asking(server_.channel, {world_.asker});
  EXPECT_TRUE(asking.IsActive(good_.token()));
  EXPECT_EQ(ReasonOf(silent), "NOTHING_ASKED");
  EXPECT_GE(absl::Now() - began, absl::Milliseconds(200));
  absl::SleepFor(absl::Milliseconds(500));
  EXPECT_TRUE(asking.IsActive(good_.token()));  // Once is enough.
}

TEST_F(VerifyStreamLimits, OneThatNobodyReadsEnds) {
  Stream stream(server_.channel, {world_.asker});
  while (stream.Ask(good_.token())) {
  }
  v1::VerifyTokenResponse answer;
  while (stream.Read(answer)) {  // What has come.
  }
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(
      status.error_message(),  // The server's, not of the call's deadline.
      "the client does not read the answers");
}

TEST_F(VerifyStreamTest, AClientThatGoesAwayLeavesNothingBehind) {
  {
    Stream stream(world_.channel, {world_.asker});
    ASSERT_TRUE(stream.IsActive(good_.token()));
    stream.Cancel();
    EXPECT_EQ(stream.Finish().error_code(), grpc::CANCELLED);
  }
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (world_.world.logger.LinesOf("grpc stream") == 0 && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(world_.world.logger.LinesOf("grpc stream"), 1);
}

}  // namespace
}  // namespace signet::rpc
