// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/watch_stream.h"

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/request_id.h"
#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"
#include "signet/v1/tokens.pb.h"

namespace signet {
namespace {

constexpr char kAction[] = "token.watch";

// Positions tell in which scope they were reached: who has come to see more or
// less than before starts anew.
std::string ScopeTag(const VerifyScope& scope) {
  return scope.every_account ? "*/"
                             : absl::StrCat(scope.account_id.ToString(), "/");
}

// The feed's own part of a position; of one from another scope, none that the
// feed knows.
std::string_view FeedPosition(std::string_view position,
                              const VerifyScope& scope) {
  const std::string tag = ScopeTag(scope);
  if (position.empty()) return position;
  return position.starts_with(tag) ? position.substr(tag.size()) : "-";
}

absl::Status WatchersFullError() {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "too many watch for changes already; try again",
      {.reason = "WATCHERS_FULL", .retry_after = absl::Seconds(1)});
}

}  // namespace

// Follows the feed from the first answer until the stream ends. Whoever calls
// into it holds a reference; the reactor is told only while it is there.
class WatchStream::State final : public ChangeFeed::Watcher,
                                 public std::enable_shared_from_this<State> {
 public:
  State(const TokenStreams::Dependencies& deps, WatchStream* stream)
      : deps_(deps), stream_(stream) {}

  // Reads the request and authenticates who asks.
  void Begin(grpc::CallbackServerContext& context,
             const grpc::ByteBuffer& bytes) {
    v1::WatchChangesRequest request;
    GrpcMetadata metadata(context);
    if (bytes.Length() > kMaxMessageBytes) {
      fault_ = MessageTooLargeError(kMaxMessageBytes);
    } else if (ParseMessage(bytes, request)) {
      account_id_ = request.account_id();
      absl::MutexLock lock(&mutex_);
      position_ = request.position();
    } else {
      fault_ = MessageMalformedError();
    }
    const absl::Time now = deps_.clock->Now();
    auto caller = std::make_shared<Caller>();
    caller->request_id =
        ChooseRequestId(metadata.request_ids, now, *deps_.random);
    caller->peer = PeerAddress(context.peer());
    caller->user_agent = metadata.user_agent;
    if (deps_.trusted && metadata.authorization.empty()) {
      caller->trusted = true;
      Known(std::move(caller));
      return;
    }
    deps_.authenticator->Authenticate(
        metadata.authorization, now,
        [self = shared_from_this(), caller = std::move(caller)](
            absl::StatusOr<Principal> principal) mutable {
          if (!principal.ok()) {
            self->End(principal.status());
            return;
          }
          caller->principal = *std::move(principal);
          self->Known(std::move(caller));
        });
    for (std::string& credential : metadata.authorization) Wipe(credential);
  }

  void Wake() override {
    const absl::Time now = deps_.clock->Now();
    {
      absl::MutexLock lock(&mutex_);
      if (ended_ || writing_) return;  // It sends again when it has written.
    }
    if (now >= check_again_at_) {
      FindScope();  // Sends, if the caller still may.
    } else {
      Send();
    }
  }

  void Written(bool ok) {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (!ok) return End(absl::CancelledError("the client has gone"));
    // What came meanwhile. Nothing new: the feed's next round says so.
    if (HasNews()) Send();
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
    stream->Finish(ToGrpcStatus(ToRpcStatus(status)));
  }

  absl::StatusCode code() {
    absl::MutexLock lock(&mutex_);
    return code_;
  }
  std::string principal() {
    const CallerPtr caller = this->caller();
    if (caller == nullptr) return std::string();
    return caller->trusted ? "trusted" : caller->principal.ToString();
  }

 private:
  CallerPtr caller() {
    absl::MutexLock lock(&mutex_);
    return caller_;
  }

  // What follows is called by one at a time: first by Begin's callbacks, then
  // by the feed.
  void Known(CallerPtr caller) {
    {
      absl::MutexLock lock(&mutex_);
      caller_ = std::move(caller);
    }
    FindScope();
  }

  void FindScope() {
    const absl::Time now = deps_.clock->Now();
    // Shorter than a heartbeat, so that each of them finds it due.
    check_again_at_ = now + ChangeFeed::kHeartbeat / 2;
    deps_.verifier->FindScope(
        caller(), account_id_, now,
        [self = shared_from_this()](const absl::StatusOr<VerifyScope>& scope) {
          self->Continue(scope);
        });
  }

  void Continue(const absl::StatusOr<VerifyScope>& scope) {
    if (absl::IsPermissionDenied(scope.status())) {
      const CallerPtr who = caller();
      deps_.access->RecordDenial(
          who, TokenVerifier::AccountAskedFor(who->principal, account_id_),
          kAction,
          [self = shared_from_this(), status = scope.status()](
              const absl::Status&) { self->End(status); });
      return;
    }
    if (!scope.ok()) return End(scope.status());
    if (!fault_.ok()) return End(fault_);
    {
      absl::MutexLock lock(&mutex_);
      scope_ = *scope;
    }
    if (!following_) {
      following_ = true;
      if (!deps_.feed->Add(shared_from_this())) {
        return End(WatchersFullError());
      }
    }
    Send();
  }

  bool HasNews() {
    absl::MutexLock lock(&mutex_);
    const std::string_view position = FeedPosition(position_, scope_);
    return !ended_ && deps_.feed->Since(position, scope_).position != position;
  }

  void Send() {
    absl::MutexLock lock(&mutex_);
    if (ended_ || writing_) return;
    const ChangeFeed::News news =
        deps_.feed->Since(FeedPosition(position_, scope_), scope_);
    position_ = absl::StrCat(ScopeTag(scope_), news.position);
    v1::WatchChangesResponse message;
    message.set_position(position_);
    message.set_reset(news.reset);
    for (const Uuid& id : news.service_account_ids) {
      message.add_service_account_ids(id.ToString());
    }
    bytes_ = SerializeMessage(message);
    writing_ = true;
    stream_->StartWrite(&bytes_);
  }

  const TokenStreams::Dependencies deps_;
  std::string account_id_;
  absl::Status fault_;  // Of the request; ranks behind a refusal.
  bool following_ = false;
  absl::Time check_again_at_;

  absl::Mutex mutex_;
  CallerPtr caller_ ABSL_GUARDED_BY(mutex_);
  WatchStream* stream_ ABSL_GUARDED_BY(mutex_);
  std::string position_ ABSL_GUARDED_BY(mutex_);
  VerifyScope scope_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer bytes_ ABSL_GUARDED_BY(mutex_);  // gRPC's while writing_.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusCode code_ ABSL_GUARDED_BY(mutex_) = absl::StatusCode::kOk;
};

WatchStream::WatchStream(const TokenStreams::Dependencies& deps,
                         OpenStreams* open,
                         grpc::CallbackServerContext* context,
                         const grpc::ByteBuffer& request)
    : deps_(deps),
      open_(open),
      started_(deps.clock->Now()),
      state_(std::make_shared<State>(deps, this)) {
  const std::shared_ptr<State> state = state_;
  if (open_->Add(this, [state] { state->End(StoppingError()); })) {
    state->Begin(*context, request);
  } else {
    state->End(StoppingError());
  }
}

void WatchStream::OnWriteDone(bool ok) { state_->Written(ok); }

void WatchStream::OnCancel() {
  state_->End(absl::CancelledError("the client has gone"));
}

void WatchStream::OnDone() {
  open_->Remove(this);
  const std::string principal = state_->principal();
  deps_.logger->Info(
      "grpc stream",
      {{"method", std::string_view("signet.v1.Tokens.WatchChanges")},
       {"principal", std::string_view(principal)},
       {"code", CodeName(state_->code())},
       {"duration_ms",
        absl::ToInt64Milliseconds(deps_.clock->Now() - started_)}});
  delete this;
}

}  // namespace signet
