// SPDX-License-Identifier: Apache-2.0
//
// Many who ask the same at once, and a server that takes its time.
#include "client/questions.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "client/token_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/heap_in_use.h"
#include "tests/support/requirements.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/client/fake_tokens_server.h"

namespace signet::client {
namespace {

using testing::Each;

class QuestionsTest : public testing::Test {
 protected:
  QuestionsTest() {
    server_.Put("token", GoodAnswer(1));
    server_.Put("sentinel", GoodAnswer(2));
  }

  void Start(TokenClientOptions options = {}) {
    options.target = server_.target();
    auto client = TokenClient::Create(std::move(options));
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    ASSERT_TRUE(Eventually([this] { return client_->FeedStatus().ok(); }));
  }

  // Notes the answer, as VerifyAndWait()'s callers would see it, in
  // outcomes()[n] for the nth call.
  void Ask(const std::string& token = "token",
           const v1::Requirement* requirement = nullptr) {
    size_t number = 0;
    {
      absl::MutexLock lock(&mutex_);
      number = outcomes_.size();
      outcomes_.emplace_back();
    }
    client_->Verify(token, requirement,
                    [this, number](const absl::StatusOr<TokenAnswer>& answer) {
                      absl::MutexLock lock(&mutex_);
                      ++answered_;
                      outcomes_[number] =
                          !answer.ok() ? GetErrorDetail(answer.status()).reason
                          : (*answer)->active() ? "active"
                                                : (*answer)->reason();
                    });
  }
  // Once all have been answered.
  std::vector<std::string> Outcomes() {
    absl::MutexLock lock(&mutex_);
    const auto all = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return answered_ == outcomes_.size();
    };
    EXPECT_TRUE(
        mutex_.AwaitWithTimeout(absl::Condition(&all), absl::Seconds(60)));
    return outcomes_;
  }
  size_t answered() {
    absl::MutexLock lock(&mutex_);
    return answered_;
  }
  size_t asked() const { return server_.questions().size(); }

  FakeTokensServer server_;
  std::unique_ptr<TokenClient> client_;

 private:
  absl::Mutex mutex_;
  size_t answered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> outcomes_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(QuestionsTest, OneIsAskedForAll) {
  Start();
  server_.Hold();
  const v1::Requirement held = NeedsCapability("mail.send");
  const v1::Requirement missing = NeedsCapability("mail.read");
  for (int i = 0; i < 10; ++i) {
    Ask();
    Ask("token", &held);
    Ask("token", &missing);
  }
  server_.AwaitQuestions(1);
  server_.Release();
  const std::vector<std::string> outcomes = Outcomes();
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i % 3 == 2 ? "CAPABILITY_MISSING" : "active");
  }
  EXPECT_EQ(asked(), 1u);
}

TEST_F(QuestionsTest, WhatOnlyTheServerCanSayIsAskedOnceToo) {
  Start();
  server_.Hold();
  const v1::Requirement elsewhere =
      NeedsCapability("mail.send", SampleId(2).ToString());
  const v1::Requirement further =
      NeedsCapability("mail.send", SampleId(3).ToString());
  for (int i = 0; i < 10; ++i) {
    Ask("token", &elsewhere);
    Ask("token", &further);
  }
  server_.Release();
  EXPECT_THAT(Outcomes(), Each("active"));
  EXPECT_EQ(asked(), 3u);  // Whose token it is, and either requirement.
}

TEST_F(QuestionsTest, AnErrorIsForAll) {
  Start();
  server_.Hold();
  server_.Refuse({grpc::StatusCode::RESOURCE_EXHAUSTED, "later"});
  for (int i = 0; i < 10; ++i) Ask();
  server_.Release();
  EXPECT_THAT(Outcomes(), Each("RESOURCE_EXHAUSTED"));
  EXPECT_EQ(asked(), 1u);
}

TEST_F(QuestionsTest, WhoJoinsHasATimeOfTheirOwn) {
  Start({.call_timeout = absl::Milliseconds(600)});
  server_.Hold();
  Ask();
  absl::SleepFor(absl::Milliseconds(300));
  Ask();
  EXPECT_TRUE(Eventually([this] { return answered() == 1; }));
  // Who came later waits on, for an answer to one more question.
  server_.AwaitQuestions(2);
  server_.Release();
  EXPECT_THAT(Outcomes(), testing::ElementsAre("DEADLINE_EXCEEDED", "active"));
}

TEST_F(QuestionsTest, NobodyWaitsLongerThanTheirTime) {
  Start({.call_timeout = absl::Milliseconds(300)});
  server_.Hold();
  const absl::Time began = absl::Now();
  for (int i = 0; i < 10; ++i) {
    Ask();
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(Outcomes(), Each("DEADLINE_EXCEEDED"));
  EXPECT_GT(absl::Now() - began, absl::Milliseconds(450));
  const absl::Duration took = absl::Now() - began;
  EXPECT_LT(took, absl::Seconds(30));
  // One at a time, each of which had that long.
  EXPECT_LE(asked(), took / absl::Milliseconds(300) + 3);
}

// The answer may be older than the change; they asked after it was heard.
TEST_F(QuestionsTest, WhoAsksAfterAChangeIsNotToldWhatWasBefore) {
  Start();
  client_->VerifyAndWait("sentinel", nullptr).IgnoreError();
  server_.Hold();
  Ask();
  server_.AwaitQuestions(2);
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  server_.Tell({1, 2});
  // It is heard once the sentinel is asked about.
  EXPECT_TRUE(Eventually([&] {
    client_->Verify("sentinel", nullptr, [](const auto&) {});
    return asked() > 2;
  }));
  Ask();
  EXPECT_EQ(answered(), 0u);
  server_.Release();
  EXPECT_THAT(Outcomes(), testing::ElementsAre("active", "TOKEN_REVOKED"));
}

// A change of others says nothing about this token.
TEST_F(QuestionsTest, AChangeOfAnotherLeavesTheQuestionAsItIs) {
  Start();
  client_->VerifyAndWait("sentinel", nullptr).IgnoreError();
  server_.Hold();
  Ask();
  server_.AwaitQuestions(2);
  server_.Tell({2});
  EXPECT_TRUE(Eventually([&] {
    client_->Verify("sentinel", nullptr, [](const auto&) {});
    return asked() > 2;
  }));
  Ask();
  server_.Release();
  EXPECT_THAT(Outcomes(), Each("active"));
  EXPECT_EQ(asked(), 3u);
}

// Without the feed nothing tells of a change, so the bound is one of time.
TEST_F(QuestionsTest, WhoAsksMuchLaterIsNotToldWhatWasBefore) {
  constexpr absl::Duration kStaleness = absl::Milliseconds(1100);
  Start({.max_staleness = kStaleness});
  server_.Silence(/*all=*/true);
  server_.Hold();
  Ask();
  server_.AwaitQuestions(1);
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  absl::SleepFor(kStaleness + absl::Milliseconds(50));
  Ask();
  server_.Release();
  EXPECT_THAT(Outcomes(), testing::ElementsAre("active", "TOKEN_REVOKED"));
}

TEST_F(QuestionsTest, OnlySoManyMayWait) {
  Start({.max_questions = 3});
  server_.Hold();
  for (int i = 0; i < 3; ++i) Ask(absl::StrCat("token", i));
  const auto refused = client_->VerifyAndWait("token9", nullptr);
  EXPECT_THAT(refused, ErrorIs(absl::StatusCode::kResourceExhausted,
                               "TOO_MANY_QUESTIONS"));
  EXPECT_GT(GetErrorDetail(refused.status()).retry_after, absl::ZeroDuration());
  server_.Release();
  EXPECT_THAT(Outcomes(), Each("TOKEN_UNKNOWN"));
  EXPECT_THAT(client_->VerifyAndWait("token9", nullptr), IsOk());
}

TEST_F(QuestionsTest, AServerThatNeverAnswersFillsNoMemory) {
  Start({.call_timeout = absl::Seconds(1)});
  server_.Hold();
  constexpr int kAsked = 150'000;
  std::atomic<int> refused = 0;
  std::atomic<int> late = 0;
  const size_t before = HeapInUse();
  for (int i = 0; i < kAsked; ++i) {
    client_->Verify("token", nullptr,
                    [&](const absl::StatusOr<TokenAnswer>& answer) {
                      refused += absl::IsResourceExhausted(answer.status());
                      late += absl::IsDeadlineExceeded(answer.status());
                    });
  }
  const size_t after = HeapInUse();
  EXPECT_LT(after - std::min(after, before), size_t{20} << 20);
  EXPECT_TRUE(Eventually([&] { return refused + late == kAsked; }));
  EXPECT_GE(late, 1000);
  EXPECT_LE(asked(), 10u);
}

TEST_F(QuestionsTest, DestructionCancelsThoseWhoJoined) {
  Start();
  server_.Hold();
  for (int i = 0; i < 20; ++i) Ask();
  server_.AwaitQuestions(1);
  client_.reset();
  EXPECT_THAT(Outcomes(), Each("CANCELLED"));
}

// Who is told asks again, and is answered from what was kept just before.
TEST_F(QuestionsTest, WhoAsksAgainAtOnceFindsItKept) {
  Start();
  std::atomic<bool> kept = false;
  client_->Verify("token", nullptr, [&](const auto&) {
    const size_t before = asked();
    client_->Verify("token", nullptr,
                    [&, before](const auto&) { kept = asked() == before; });
  });
  EXPECT_TRUE(Eventually([&] { return kept.load(); }));
}

}  // namespace
}  // namespace signet::client
