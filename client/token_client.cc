// SPDX-License-Identifier: Apache-2.0
#include "client/token_client.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "client/answer_cache.h"
#include "client/change_follower.h"
#include "client/requirement_check.h"
#include "client/rpc_error.h"
#include "grpc/grpc.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/base/trusted_clock.h"
#include "server/crypto/system_random.h"
#include "signet/v1/tokens.grpc.pb.h"

namespace signet {
namespace {

constexpr size_t kMaxTokenBytes = 16 * 1024;  // As the server has it.
// The server sends at least one message in this time (WatchChangesResponse).
constexpr absl::Duration kPulse = absl::Seconds(1);

// Bytes that tokens of either kind are made of, and metadata may hold.
bool IsVisible(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7F; });
}

std::shared_ptr<grpc::Channel> NewChannel(const TokenClientOptions& options) {
  grpc::ChannelArguments arguments;
  // A connection that died without a word is noticed and replaced.
  const int silence =
      static_cast<int>(absl::ToInt64Milliseconds(options.max_staleness));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, silence);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, silence);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  // Tokens travel here; an environment variable must not divert them.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(
      options.target, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status OptionError(std::string_view option, std::string_view detail) {
  return InvalidField("OPTION_INVALID", option, detail);
}

absl::Status Check(const TokenClientOptions& options) {
  if (options.target.empty() == (options.channel == nullptr)) {
    return OptionError("target", "want it or a channel, one of both");
  }
  if (!IsVisible(options.credential)) {
    return OptionError("credential", "want visible ASCII characters only");
  }
  if (!options.account_id.empty() && !Uuid::Parse(options.account_id)) {
    return OptionError("account_id", "want a UUID");
  }
  if (options.max_staleness <= kPulse ||
      options.max_staleness > absl::Hours(1)) {
    return OptionError("max_staleness", "want more than 1s, at most 1h");
  }
  if (options.call_timeout <= absl::ZeroDuration()) {
    return OptionError("call_timeout", "want more than 0s");
  }
  return absl::OkStatus();
}

absl::Status CheckToken(std::string_view token) {
  if (token.empty()) {
    return InvalidField("FIELD_INVALID", "token", "want a token");
  }
  if (token.size() > kMaxTokenBytes) {
    return InvalidField(
        "FIELD_INVALID", "token",
        absl::StrCat("want at most ", kMaxTokenBytes, " bytes"));
  }
  return absl::OkStatus();
}

TokenAnswer InactiveAnswer(const char* reason) {
  auto answer = std::make_shared<v1::VerifyTokenResponse>();
  answer->set_reason(reason);
  return answer;
}

absl::Duration TakeTtl(v1::VerifyTokenResponse& answer) {
  const absl::Duration ttl = absl::Seconds(answer.cache_ttl().seconds()) +
                             absl::Nanoseconds(answer.cache_ttl().nanos());
  answer.clear_cache_ttl();
  return ttl;
}

class CachingTokenClient final : public TokenClient {
 public:
  explicit CachingTokenClient(TokenClientOptions options)
      : account_id_(std::move(options.account_id)),
        call_timeout_(options.call_timeout),
        authorization_(options.credential.empty()
                           ? std::string()
                           : absl::StrCat("Bearer ", options.credential)),
        cache_({.max_entries = options.max_entries,
                .max_bytes = options.max_bytes},
               &clock_, random_),
        channel_(options.channel != nullptr ? std::move(options.channel)
                                            : NewChannel(options)),
        stub_(v1::Tokens::NewStub(channel_)),
        follower_(
            channel_,
            {.account_id = account_id_, .max_silence = options.max_staleness},
            &authorization_, &cache_, &random_) {
    Wipe(options.credential);
  }
  ~CachingTokenClient() override;

  void Verify(std::string_view token, const v1::Requirement* requirement,
              Done done) override;
  absl::StatusOr<TokenAnswer> VerifyAndWait(
      std::string_view token, const v1::Requirement* requirement) override;
  absl::Status FeedStatus() const override { return follower_.status(); }

 private:
  // A question to be asked of the server.
  struct Question {
    AnswerCache::Key key;
    AnswerCache::Stamp asked_at;
    bool keep = false;  // The answer; then the two above are set.
    bool plain = true;  // Without the requirement.
  };
  struct Call {
    Question question;
    std::optional<v1::Requirement> requirement;
    absl::Time deadline;
    Done done;
    grpc::ClientContext context;
    v1::VerifyTokenRequest request;
    v1::VerifyTokenResponse response;

    ~Call() { Wipe(*request.mutable_token()); }
  };

  // What can be said without the server, or null.
  TokenAnswer AnswerAtOnce(std::string_view token,
                           const v1::Requirement* requirement,
                           Question& question);
  // What a plain answer comes to, or null if only the server can say.
  TokenAnswer Judge(TokenAnswer answer,
                    const v1::Requirement* requirement) const;
  void Ask(std::string_view token, const v1::Requirement* requirement,
           const Question& question, Done done);
  void Start(const std::shared_ptr<Call>& call);
  void Finish(Call* call, const grpc::Status& status);
  // The outcome of a call; null if the server is to be asked once more.
  absl::StatusOr<TokenAnswer> Conclude(Call& call, const grpc::Status& status);
  bool IsIdle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return calls_.empty();
  }

  const std::string account_id_;
  const absl::Duration call_timeout_;
  const Secret authorization_;
  const TokenAnswer unknown_ = InactiveAnswer("TOKEN_UNKNOWN");
  const TokenAnswer capability_missing_ = InactiveAnswer("CAPABILITY_MISSING");
  const SystemClock wall_;
  const SystemMonotonicClock monotonic_;
  // What has expired stays so when this machine's clock is set back.
  const TrustedClock clock_{&wall_, &monotonic_, std::nullopt};
  SystemRandom random_;
  AnswerCache cache_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::Tokens::Stub> stub_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // A call is in here until its `done` has returned.
  absl::flat_hash_map<Call*, std::shared_ptr<Call>> calls_
      ABSL_GUARDED_BY(mutex_);
  ChangeFollower follower_;
};

CachingTokenClient::~CachingTokenClient() {
  std::vector<std::shared_ptr<Call>> calls;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [call, shared] : calls_) calls.push_back(shared);
  }
  // Without the lock: gRPC may call back on this thread.
  for (const std::shared_ptr<Call>& call : calls) call->context.TryCancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &CachingTokenClient::IsIdle));
}

void CachingTokenClient::Verify(std::string_view token,
                                const v1::Requirement* requirement, Done done) {
  Question question;
  TokenAnswer answer = AnswerAtOnce(token, requirement, question);
  if (answer != nullptr) {
    std::move(done)(std::move(answer));
  } else {
    Ask(token, requirement, question, std::move(done));
  }
}

absl::StatusOr<TokenAnswer> CachingTokenClient::VerifyAndWait(
    std::string_view token, const v1::Requirement* requirement) {
  Question question;
  TokenAnswer answer = AnswerAtOnce(token, requirement, question);
  if (answer != nullptr) return answer;
  absl::StatusOr<TokenAnswer> outcome;
  absl::Notification answered;
  Ask(token, requirement, question, [&](absl::StatusOr<TokenAnswer> given) {
    outcome = std::move(given);
    answered.Notify();
  });
  answered.WaitForNotification();
  return outcome;
}

TokenAnswer CachingTokenClient::AnswerAtOnce(std::string_view token,
                                             const v1::Requirement* requirement,
                                             Question& question) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!follower_.IsLive(now)) return nullptr;
  if (requirement != nullptr && !IsWellFormed(*requirement)) return nullptr;
  question = {
      .key = cache_.KeyOf(token), .asked_at = cache_.Now(), .keep = true};
  TokenAnswer answer = cache_.Find(question.key, now);
  if (answer == nullptr) return nullptr;
  answer = Judge(std::move(answer), requirement);
  question.plain = answer != nullptr;
  return answer;
}

TokenAnswer CachingTokenClient::Judge(
    TokenAnswer answer, const v1::Requirement* requirement) const {
  if (requirement == nullptr || !answer->active()) return answer;
  switch (CheckRequirement(*requirement, *answer)) {
    case RequirementVerdict::kMet:
      return answer;
    case RequirementVerdict::kNotMet:
      return capability_missing_;
    case RequirementVerdict::kAskServer:
      return nullptr;
  }
  return nullptr;
}

void CachingTokenClient::Ask(std::string_view token,
                             const v1::Requirement* requirement,
                             const Question& question, Done done) {
  if (absl::Status status = CheckToken(token); !status.ok()) {
    std::move(done)(std::move(status));
    return;
  }
  // The message could not even carry all of these.
  if (!IsVisible(token)) {
    std::move(done)(unknown_);
    return;
  }
  auto call = std::make_shared<Call>();
  call->question = question;
  if (requirement != nullptr) {
    call->requirement = *requirement;
    // If it is malformed, the server is to say so.
    if (!IsWellFormed(*requirement)) call->question.plain = false;
  }
  call->deadline = absl::Now() + call_timeout_;
  call->done = std::move(done);
  call->request.set_token(std::string(token));
  Start(call);
}

void CachingTokenClient::Start(const std::shared_ptr<Call>& call) {
  call->request.set_account_id(account_id_);
  if (!call->question.plain) {
    *call->request.mutable_requirement() = *call->requirement;
  }
  call->context.set_deadline(absl::ToChronoTime(call->deadline));
  if (!authorization_.Expose().empty()) {
    call->context.AddMetadata("authorization",
                              std::string(authorization_.Expose()));
  }
  Call* const started = call.get();
  bool refused = false;
  {
    absl::MutexLock lock(&mutex_);
    refused = stopping_;
    if (!refused) calls_.emplace(started, call);
  }
  if (refused) {
    std::move(call->done)(MakeError(absl::StatusCode::kCancelled,
                                    "the client is being destroyed",
                                    {.reason = "CANCELLED"}));
    return;
  }
  stub_->async()->VerifyToken(
      &started->context, &started->request, &started->response,
      [this, started](const grpc::Status& status) { Finish(started, status); });
}

void CachingTokenClient::Finish(Call* call, const grpc::Status& status) {
  absl::StatusOr<TokenAnswer> answer = Conclude(*call, status);
  if (answer.ok() && *answer == nullptr) {
    auto again = std::make_shared<Call>();
    again->requirement = std::move(call->requirement);
    again->question.plain = false;
    again->deadline = call->deadline;
    again->done = std::move(call->done);
    again->request.set_token(std::move(*call->request.mutable_token()));
    Start(again);
  } else {
    // What it holds goes with it, not under the lock.
    Done done = std::move(call->done);
    std::move(done)(std::move(answer));
  }
  // Under the lock, so that the destructor has the last word on the channel.
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

absl::StatusOr<TokenAnswer> CachingTokenClient::Conclude(
    Call& call, const grpc::Status& status) {
  if (!status.ok()) return FromRpcError(status);
  const absl::Duration ttl = TakeTtl(call.response);
  auto answer =
      std::make_shared<const v1::VerifyTokenResponse>(std::move(call.response));
  if (!call.question.plain) return answer;
  if (call.question.keep) {
    cache_.Keep(call.question.key, answer, call.question.asked_at, ttl,
                std::chrono::steady_clock::now());
  }
  return Judge(std::move(answer),
               call.requirement.has_value() ? &*call.requirement : nullptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenClient>> TokenClient::Create(
    TokenClientOptions options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  return std::make_unique<CachingTokenClient>(std::move(options));
}

}  // namespace signet
