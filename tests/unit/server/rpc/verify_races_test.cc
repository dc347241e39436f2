// SPDX-License-Identifier: Apache-2.0
//
// Verification while tokens are revoked: once a revocation has returned, no
// call that starts later says that the token is good. Run under TSan too.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

constexpr int kTokens = 4;  // At a time: contended.
constexpr absl::Duration kTime = absl::Seconds(2);

// A token that is used by many until one revokes it.
struct Contended {
  v1::IssuedServiceAccount issued;
  std::atomic<bool> revoked = false;  // The call has returned.
};

// The tokens of the moment. Thread-safe.
class Table {
 public:
  std::shared_ptr<Contended> Get(int index) {
    absl::MutexLock lock(&mutex_);
    return tokens_[index];
  }
  void Set(int index, std::shared_ptr<Contended> token) {
    absl::MutexLock lock(&mutex_);
    tokens_[index] = std::move(token);
  }

 private:
  absl::Mutex mutex_;
  std::array<std::shared_ptr<Contended>, kTokens> tokens_
      ABSL_GUARDED_BY(mutex_);
};

class VerifyRaces : public testing::Test {
 protected:
  VerifyRaces() {
    for (int i = 0; i < kTokens; ++i) table_.Set(i, New());
  }

  std::shared_ptr<Contended> New() {
    auto token = std::make_shared<Contended>();
    token->issued = world_.Issue();
    return token;
  }

  // Revokes one after another, each replaced by a new one.
  void RevokeThem(int index) {
    while (absl::Now() < end_) {
      const std::shared_ptr<Contended> token = table_.Get(index);
      absl::SleepFor(absl::Milliseconds(2));  // It is in use.
      EXPECT_TRUE(world_.Revoke(token->issued).ok());
      token->revoked = true;
      ++revocations_;
      // It stays a while: that it is dead is what is asked about then.
      absl::SleepFor(absl::Milliseconds(2));
      table_.Set(index, New());
    }
  }

  void Judge(bool was_revoked, bool active) {
    ++(active ? active_ : inactive_);
    if (was_revoked && active) ++wrong_;
  }

  TokensWorld world_;
  Table table_;
  const absl::Time end_ = absl::Now() + kTime;
  std::atomic<int64_t> revocations_ = 0;
  std::atomic<int64_t> active_ = 0;
  std::atomic<int64_t> inactive_ = 0;
  std::atomic<int64_t> wrong_ = 0;
};

TEST_F(VerifyRaces, NoAnswerIsOlderThanARevocationThatHasReturned) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kTokens; ++i) {
    threads.emplace_back([this, i] { RevokeThem(i); });
  }
  for (int i = 0; i < 3; ++i) {  // One call a token.
    threads.emplace_back([this, i] {
      for (int n = i; absl::Now() < end_; ++n) {
        const std::shared_ptr<Contended> token = table_.Get(n % kTokens);
        const bool was_revoked = token->revoked;
        Judge(was_revoked, world_.Verify(token->issued.token()).active());
      }
    });
  }
  threads.emplace_back([this] {  // A stream.
    grpc::ClientContext context;
    world_.Prepare(context, world_.asker.c_str());
    const auto stream = world_.tokens->VerifyTokens(&context);
    for (int n = 0; absl::Now() < end_; ++n) {
      const std::shared_ptr<Contended> token = table_.Get(n % kTokens);
      const bool was_revoked = token->revoked;
      v1::VerifyTokenResponse answer;
      ASSERT_TRUE(stream->Write(TokensWorld::About(token->issued.token())));
      ASSERT_TRUE(stream->Read(&answer));
      Judge(was_revoked, answer.active());
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_, 0);
  EXPECT_GT(revocations_, 5);  // Few, on a busy machine.
  EXPECT_GT(active_, 10);
  EXPECT_GT(inactive_, 10);
}

}  // namespace
}  // namespace signet::rpc
