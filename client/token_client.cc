// SPDX-License-Identifier: Apache-2.0
#include "client/token_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "client/answer_cache.h"
#include "client/change_follower.h"
#include "client/questions.h"
#include "client/requirement_check.h"
#include "client/steady_time.h"
#include "crypto/system_random.h"
#include "grpc/grpc.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace signet::client {
namespace {

constexpr size_t kMaxTokenBytes = 16 * 1024;  // As the server has it.
// The server sends at least one message in this time (WatchChangesResponse).
constexpr absl::Duration kPulse = absl::Seconds(1);
// What of one stream may be on its way. A link that is slower than the feed is
// not filled with more old news than this; answers are a few hundred bytes.
constexpr int kMaxBytesOnTheWay = 16 * 1024;

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
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kMaxBytesOnTheWay);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // It would allow for more.
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
  if (options.max_questions == 0) {
    return OptionError("max_questions", "want at least 1");
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

class CachingTokenClient final : public TokenClient {
 public:
  explicit CachingTokenClient(TokenClientOptions options)
      : authorization_(options.credential.empty()
                           ? std::string()
                           : absl::StrCat("Bearer ", options.credential)),
        cache_({.max_entries = options.max_entries,
                .max_bytes = options.max_bytes},
               &clock_, random_),
        channel_(options.channel != nullptr ? std::move(options.channel)
                                            : NewChannel(options)),
        follower_(channel_,
                  {.account_id = options.account_id,
                   .max_staleness = options.max_staleness},
                  &authorization_, &cache_, &random_),
        questions_(channel_,
                   {.account_id = options.account_id,
                    .timeout = options.call_timeout,
                    .max_staleness = options.max_staleness,
                    .max_waiting = options.max_questions},
                   &authorization_, &cache_) {
    Wipe(options.credential);
  }

  void Verify(std::string_view token, const v1::Requirement* requirement,
              Done done) override;
  absl::StatusOr<TokenAnswer> VerifyAndWait(
      std::string_view token, const v1::Requirement* requirement) override;
  absl::Status FeedStatus() const override { return follower_.status(); }

 private:
  // What can be said without the server, or null; `asked` is then how to ask.
  TokenAnswer AnswerAtOnce(std::string_view token,
                           const v1::Requirement* requirement,
                           Questions::Asked& asked);
  void Ask(std::string_view token, const v1::Requirement* requirement,
           const Questions::Asked& asked, Done done);

  const Secret authorization_;
  const TokenAnswer unknown_ = InactiveAnswer("TOKEN_UNKNOWN");
  SystemClock clock_;
  crypto::SystemRandom random_;
  AnswerCache cache_;
  const std::shared_ptr<grpc::Channel> channel_;
  ChangeFollower follower_;
  Questions questions_;  // The first to go: its callbacks may ask again.
};

void CachingTokenClient::Verify(std::string_view token,
                                const v1::Requirement* requirement, Done done) {
  Questions::Asked asked;
  TokenAnswer answer = AnswerAtOnce(token, requirement, asked);
  if (answer != nullptr) {
    std::move(done)(std::move(answer));
  } else {
    Ask(token, requirement, asked, std::move(done));
  }
}

absl::StatusOr<TokenAnswer> CachingTokenClient::VerifyAndWait(
    std::string_view token, const v1::Requirement* requirement) {
  Questions::Asked asked;
  TokenAnswer answer = AnswerAtOnce(token, requirement, asked);
  if (answer != nullptr) return answer;
  absl::StatusOr<TokenAnswer> outcome;
  absl::Notification answered;
  Ask(token, requirement, asked, [&](absl::StatusOr<TokenAnswer> given) {
    outcome = std::move(given);
    answered.Notify();
  });
  answered.WaitForNotification();
  return outcome;
}

TokenAnswer CachingTokenClient::AnswerAtOnce(std::string_view token,
                                             const v1::Requirement* requirement,
                                             Questions::Asked& asked) {
  asked.at = SteadyNow();
  asked.stamp = cache_.Now();
  asked.key = cache_.KeyOf(token);
  // If it is malformed, the server is to say so.
  asked.plain = requirement == nullptr || IsWellFormed(*requirement);
  asked.keep = follower_.IsLive(asked.at);
  if (!asked.plain || !asked.keep) return nullptr;
  TokenAnswer answer = cache_.Find(asked.key, asked.at);
  if (answer == nullptr) return nullptr;
  answer = WithRequirement(std::move(answer), requirement);
  asked.plain = answer != nullptr;
  return answer;
}

void CachingTokenClient::Ask(std::string_view token,
                             const v1::Requirement* requirement,
                             const Questions::Asked& asked, Done done) {
  if (absl::Status status = CheckToken(token); !status.ok()) {
    std::move(done)(std::move(status));
  } else if (!IsVisible(token)) {
    // The message could not even carry all of these.
    std::move(done)(unknown_);
  } else {
    questions_.Ask(token, requirement, asked, std::move(done));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenClient>> TokenClient::Create(
    TokenClientOptions options) {
  if (absl::Status status = Check(options); !status.ok()) return status;
  return std::make_unique<CachingTokenClient>(std::move(options));
}

}  // namespace signet::client
