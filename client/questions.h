// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_QUESTIONS_H_
#define SIGNET_CLIENT_QUESTIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/secret.h"
#include "base/steady_event.h"
#include "client/answer_cache.h"
#include "client/steady_time.h"
#include "client/token_answer.h"
#include "grpcpp/channel.h"
#include "signet/v1/tokens.grpc.pb.h"

namespace signet::client {

struct QuestionsOptions {
  std::string account_id;  // As VerifyTokenRequest.account_id.
  absl::Duration timeout;  // Of everybody who asks.
  // How much older than the wish to know it an answer may be that a token is
  // good.
  absl::Duration max_staleness;
  size_t max_waiting;  // Who may wait for an answer at once.
};

// Asks the server about tokens, and keeps the answers in an AnswerCache. One
// question is under way about a token and a requirement at a time; who asks the
// same meanwhile gets its answer. Where that says that the token is good and
// something of it has changed before they asked, there is one more question,
// for all of them.
// Thread-safe.
class Questions {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<TokenAnswer>) &&>;

  // When and how something is asked.
  struct Asked {
    AnswerCache::Key key = {};  // Of the token.
    AnswerCache::Stamp stamp = {};
    SteadyTime at = {};
    bool keep = false;  // The answer.
    bool plain = true;  // Without the requirement, which is decided here.
  };

  // `authorization` is the whole metadata value; empty: none. It and `cache`
  // outlive this object.
  Questions(const std::shared_ptr<grpc::Channel>& channel,
            QuestionsOptions options, const Secret* authorization,
            AnswerCache* cache);
  // What is under way ends with CANCELLED; returns once the last `done` has.
  ~Questions();

  // `token` is visible ASCII. Arguments and errors are as TokenClient::Verify
  // has them, and RESOURCE_EXHAUSTED / TOO_MANY_QUESTIONS while max_waiting
  // wait.
  void Ask(std::string_view token, const v1::Requirement* requirement,
           const Asked& asked, Done done);

 private:
  struct Waiter {
    std::optional<v1::Requirement> requirement;
    AnswerCache::Stamp stamp;
    SteadyTime asked_at;
    SteadyTime deadline;
    Done done;
  };
  // In order of the deadlines.
  using Place = std::pair<SteadyTime, uint64_t>;
  struct Call;

  // Takes the waiter, who joins the question that is under way, or begins one,
  // which is then to be sent; null if not.
  Call* Join(const AnswerCache::Key& key, std::string_view token,
             const Asked& asked, Waiter& waiter)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of a question: which token and, unless plain, which requirement.
  AnswerCache::Key KeyOf(const Asked& asked,
                         const std::optional<v1::Requirement>& requirement);
  void Send(Call* call);
  void Finish(Call* call, const grpc::Status& status);
  // Who waits for the call, which lets nobody else join any more.
  std::vector<Waiter> TakeWaiters(Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  // Reads the outcome of a call, and keeps it.
  absl::StatusOr<TokenAnswer> Conclude(Call& call, const grpc::Status& status);
  // What the outcome is for one who waited; null: the server is to be asked
  // once more, `plain` or not.
  absl::StatusOr<TokenAnswer> Evaluate(
      const Call& call, const absl::StatusOr<TokenAnswer>& outcome,
      const Waiter& waiter, bool& plain) const;
  void AskAgain(const Call& call, bool plain, Waiter& waiter);
  // Tells those who joined a question when their own time is over.
  void WatchDeadlines();
  bool IsIdle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return calls_.empty();
  }

  const QuestionsOptions options_;
  const Secret* const authorization_;
  AnswerCache* const cache_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Tokens::Stub> stub_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  // Those that may still be joined.
  absl::flat_hash_map<AnswerCache::Key, Call*> open_ ABSL_GUARDED_BY(mutex_);
  // A call is in here until its last `done` has returned.
  absl::flat_hash_map<Call*, std::shared_ptr<Call>> calls_
      ABSL_GUARDED_BY(mutex_);
  // Of those who wait, who came after their call had begun.
  std::set<std::pair<Place, Call*>> joined_ ABSL_GUARDED_BY(mutex_);
  SteadyTime wake_at_ ABSL_GUARDED_BY(mutex_);  // When deadlines_ looks again.
  SteadyEvent earlier_;  // It should look sooner, or it is to end.
  std::thread deadlines_;
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_QUESTIONS_H_
