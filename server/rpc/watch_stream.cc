// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/watch_stream.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/boot_clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "server/api/convert.h"
#include "server/identity/credential.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"
#include "signet/v1/tokens.pb.h"

namespace signet::rpc {
namespace {

constexpr char kAction[] = "token.watch";

// Positions tell in which scope they were reached: who has come to see more or
// less than before starts anew.
std::string ScopeTag(const domain::VerifyScope& scope) {
  return scope.every_account ? "*/"
                             : absl::StrCat(scope.account_id.ToString(), "/");
}

// The feed's own part of a position; of one from another scope, none that the
// feed knows.
std::string_view FeedPosition(std::string_view position,
                              const domain::VerifyScope& scope) {
  const std::string tag = ScopeTag(scope);
  if (position.empty()) return position;
  return position.starts_with(tag) && position.size() > tag.size()
             ? position.substr(tag.size())
             : "-";
}

absl::Status WatchersFullError() {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "too many watch for changes already; try again",
      {.reason = "WATCHERS_FULL", .retry_after = absl::Seconds(1)});
}

absl::Status UnreadError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded,
                   "the client does not read what it asked for",
                   {.reason = "WATCHER_STUCK"});
}

}  // namespace

// Follows the feed from the first answer until the stream ends. Anyone who
// calls into it holds a reference; the reactor is told only while it is there.
class WatchStream::State final : public domain::ChangeFeed::Watcher,
                                 public std::enable_shared_from_this<State> {
 public:
  State(const TokenStreams::Dependencies& deps,
        grpc::CallbackServerContext* context, WatchStream* stream)
      : deps_(deps),
        context_(context),
        call_(std::make_shared<const call::CallContext>(
            NewCallContext(*context, GrpcMetadata(*context), deps.listener,
                           deps.clock->Now(), *deps.random))),
        stream_(stream) {}

  // Reads the request and authenticates who asks.
  void Begin(const grpc::ByteBuffer& bytes) {
    v1::WatchChangesRequest request;
    GrpcMetadata metadata(*context_);
    if (bytes.Length() > kMaxMessageBytes) {
      fault_ = MessageTooLargeError(kMaxMessageBytes);
    } else if (ParseMessage(bytes, request)) {
      account_id_ = request.account_id();
      absl::MutexLock lock(&mutex_);
      position_ = request.position();
    } else {
      fault_ = MessageMalformedError();
    }
    auto caller = std::make_shared<identity::Caller>();
    caller->context = call_;
    if (call_->trusted() && metadata.authorization.empty()) {
      caller->trusted = true;
      Known(std::move(caller));
      return;
    }
    const absl::Cleanup wiper = [&metadata] {
      for (std::string& value : metadata.authorization) Wipe(value);
    };
    const absl::StatusOr<identity::Credential> credential =
        identity::Credential::FromAuthorization(metadata.authorization);
    if (!credential.ok()) {
      End(credential.status());
      return;
    }
    deps_.authenticator->Authenticate(
        *credential, call_->start,
        [self = shared_from_this(), caller = std::move(caller)](
            absl::StatusOr<identity::Principal> principal) mutable {
          if (!principal.ok()) {
            self->End(principal.status());
            return;
          }
          caller->principal = *std::move(principal);
          self->Known(std::move(caller));
        });
  }

  void Wake(bool beat) override {
    bool stuck = false;
    bool ask = false;
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      if (writing_) {  // It sends again when it has written.
        stuck = beat && ++beats_unread_ >= kMaxBeatsUnread;
      } else {
        ask = !Send(beat) && !std::exchange(check_wanted_, true);
      }
    }
    if (stuck) End(UnreadError());
    if (ask) deps_.feed->CheckSoon(shared_from_this());
  }

  void Check() override {
    uint64_t end = 0;
    identity::CallerPtr caller;
    {
      absl::MutexLock lock(&mutex_);
      check_wanted_ = false;
      if (ended_ || asking_) return;
      asking_ = true;
      caller = caller_;
      end = deps_.feed->end();
    }
    deps_.verifier->FindScope(
        caller, account_id_,
        [self = shared_from_this(),
         end](const absl::StatusOr<domain::VerifyScope>& scope) {
          self->Continue(scope, end);
        });
  }

  void Written(bool ok) {
    bool behind = false;
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
      slow_ = beats_unread_ > 1;  // For a whole one at least.
      beats_unread_ = 0;
      behind = !ended_ && deps_.feed->end() != sent_end_;
    }
    if (!ok) return End(absl::CancelledError("the client has gone"));
    if (behind) deps_.feed->WakeSoon();
  }

  // Tells gRPC, once; then, or if it was told before, the stream is let go.
  void End(const absl::Status& status) {
    WatchStream* stream = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      ended_ = true;
      code_ = status.code();
      stream = std::exchange(stream_, nullptr);
    }
    deps_.feed->Remove(this);
    if (beats_unread() >= kMaxBeatsUnread) CancelWith(*context_, status);
    stream->Finish(ToGrpcStatus(ToRpcStatus(status)));
  }

  const call::CallContext& call_context() const { return *call_; }
  absl::StatusCode code() {
    absl::MutexLock lock(&mutex_);
    return code_;
  }
  // Whether the client might watch.
  bool followed() const { return following_; }
  std::string principal() {
    const identity::CallerPtr caller = this->caller();
    if (caller == nullptr) return std::string();
    return caller->trusted ? "trusted" : caller->principal.ToString();
  }

 private:
  // Beats that a client may leave unread.
  static constexpr int kMaxBeatsUnread = 7;
  // Service accounts in one message, and in one to a client that takes them
  // slowly. Who is told to forget everything instead is up to date at once.
  static constexpr size_t kMaxTold = 256;
  static constexpr size_t kMaxToldIfSlow = 32;

  identity::CallerPtr caller() {
    absl::MutexLock lock(&mutex_);
    return caller_;
  }
  int beats_unread() {
    absl::MutexLock lock(&mutex_);
    return beats_unread_;
  }

  void Known(identity::CallerPtr caller) {
    {
      absl::MutexLock lock(&mutex_);
      caller_ = std::move(caller);
    }
    Check();
  }

  // With whom its place is counted: with the watchers of the account that it
  // follows, and with those of the account that it belongs to. A user belongs
  // to none, and may watch because somebody with power over the followed one
  // said so.
  domain::ChangeFeed::Place Place(const domain::VerifyScope& scope) {
    const identity::CallerPtr caller = this->caller();
    if (caller->trusted) return {};
    domain::ChangeFeed::Place place = {.by = caller->principal.home_account_id};
    if (!scope.every_account) place.of = scope.account_id;
    return place;
  }

  // By one at a time, as Check() asks one question at a time. `end`: of the
  // feed, before the question.
  void Continue(const absl::StatusOr<domain::VerifyScope>& scope,
                uint64_t end) {
    if (absl::IsPermissionDenied(scope.status())) {
      const identity::CallerPtr who = caller();
      deps_.denials->Note(
          *who,
          domain::TokenVerifier::AccountAskedFor(who->principal, account_id_),
          {.action = kAction}, scope.status());
      return End(scope.status());
    }
    // The store cannot say just now: the next round asks again.
    const bool later = absl::IsUnavailable(scope.status()) ||
                       absl::IsResourceExhausted(scope.status());
    if (later && following_) {
      absl::MutexLock lock(&mutex_);
      asking_ = false;
      return;
    }
    if (!scope.ok()) return End(scope.status());
    if (!fault_.ok()) return End(fault_);
    const bool first = !following_.exchange(true);
    {
      absl::MutexLock lock(&mutex_);
      scope_ = *scope;
      checked_end_ = end;
      asking_ = false;
    }
    if (first && !deps_.feed->Add(shared_from_this(), Place(*scope))) {
      return End(WatchersFullError());
    }
    bool ask = false;
    bool ended = false;
    {
      absl::MutexLock lock(&mutex_);
      ended = ended_;
      ask = !ended_ && !writing_ && !Send(first) &&
            !std::exchange(check_wanted_, true);
    }
    // Perhaps before the feed knew it.
    if (ended) deps_.feed->Remove(this);
    if (ask) deps_.feed->CheckSoon(shared_from_this());
  }

  // Sends the news if there is any; with `beat` a message in any case. False:
  // the caller has changed since it was last asked whether it may know.
  bool Send(bool beat) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const Uuid self = caller_->trusted ? Uuid() : caller_->principal.id;
    // Before it is looked at what changed, so that it is no later.
    const BootClock::time_point now = BootClock::now();
    const domain::ChangeFeed::News news =
        deps_.feed->Since(FeedPosition(position_, scope_), scope_, self);
    if (!news.reset && std::max(news.self_changed, reset_end_) > checked_end_) {
      return false;
    }
    if (!beat && !news.reset && news.service_account_ids.empty()) return true;
    if (news.reset) reset_end_ = news.end;  // What was in it is not known.
    sent_end_ = news.end;
    position_ = absl::StrCat(ScopeTag(scope_), news.position);
    v1::WatchChangesResponse message;
    message.set_position(position_);
    *message.mutable_since_start() =
        api::ToProto(absl::FromChrono(now - took_at_));
    if (news.reset ||
        news.service_account_ids.size() > (slow_ ? kMaxToldIfSlow : kMaxTold)) {
      message.set_reset(true);
    } else {
      for (const Uuid& id : news.service_account_ids) {
        message.add_service_account_ids(id.ToString());
      }
    }
    bytes_ = SerializeMessage(message);
    writing_ = true;
    stream_->StartWrite(&bytes_);
    return true;
  }

  const TokenStreams::Dependencies deps_;
  grpc::CallbackServerContext* const context_;  // gRPC's, until it is told.
  const call::CallContextPtr call_;
  // After the client opened the stream: it is compared with when that was.
  const BootClock::time_point took_at_ = BootClock::now();
  std::string account_id_;  // From Begin() on.
  absl::Status fault_;      // Of the request; ranks behind a refusal.
  std::atomic<bool> following_ = false;

  absl::Mutex mutex_;
  identity::CallerPtr caller_ ABSL_GUARDED_BY(mutex_);
  WatchStream* stream_ ABSL_GUARDED_BY(mutex_);
  std::string position_ ABSL_GUARDED_BY(mutex_);
  domain::VerifyScope scope_ ABSL_GUARDED_BY(mutex_);
  // The feed's ends: when scope_ was asked for, of the last message, of the
  // last reset.
  uint64_t checked_end_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sent_end_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t reset_end_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::ByteBuffer bytes_ ABSL_GUARDED_BY(mutex_);  // gRPC's while writing_.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int beats_unread_ ABSL_GUARDED_BY(mutex_) = 0;  // While writing_.
  bool slow_ ABSL_GUARDED_BY(mutex_) = false;  // So was the last message taken.
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  bool check_wanted_ ABSL_GUARDED_BY(mutex_) = false;  // Of the feed.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusCode code_ ABSL_GUARDED_BY(mutex_) = absl::StatusCode::kOk;
};

WatchStream::WatchStream(const TokenStreams::Dependencies& deps,
                         OpenStreams* open,
                         grpc::CallbackServerContext* context,
                         const grpc::ByteBuffer& request)
    : deps_(deps),
      open_(open),
      state_(std::make_shared<State>(deps, context, this)) {
  const std::shared_ptr<State> state = state_;  // Whatever becomes of this.
  if (open_->Add(this)) {
    state->Begin(request);
  } else {
    state->End(StoppingError());
  }
}

void WatchStream::Stop() { state_->End(StoppingError()); }

void WatchStream::OnWriteDone(bool ok) { state_->Written(ok); }

void WatchStream::OnCancel() {
  state_->End(absl::CancelledError("the client has gone"));
}

void WatchStream::OnDone() {
  open_->Remove(this);
  const std::string principal = state_->principal();
  const call::CallContext& call = state_->call_context();
  deps_.observer->OnEnd(call, {.kind = call::CallKind::kStream,
                               .method = "signet.v1.Tokens.WatchChanges",
                               .principal = principal,
                               .code = state_->code(),
                               .latency = deps_.clock->Now() - call.start,
                               .refused = !state_->followed()});
  delete this;
}

}  // namespace signet::rpc
