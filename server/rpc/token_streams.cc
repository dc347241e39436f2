// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/token_streams.h"

#include <grpc/grpc.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "server/rpc/verify_stream.h"
#include "server/rpc/watch_stream.h"

namespace signet::rpc {

absl::Status StoppingError() {
  return MakeError(
      absl::StatusCode::kUnavailable, "the server is stopping",
      {.reason = "SERVER_STOPPING", .retry_after = absl::Seconds(1)});
}

void CancelWith(grpc::CallbackServerContext& context,
                const absl::Status& status) {
  grpc_call_cancel_with_status(context.c_call(),
                               static_cast<grpc_status_code>(status.code()),
                               std::string(status.message()).c_str(), nullptr);
}

OpenStreams::OpenStreams(absl::Duration interval)
    : looking_([this, interval] { Look(interval); }) {}

bool OpenStreams::Add(OpenStream* stream) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  open_.insert(stream);
  return true;
}

void OpenStreams::Remove(OpenStream* stream) {
  absl::MutexLock lock(&mutex_);
  open_.erase(stream);
}

void OpenStreams::End() {
  {
    // Under the lock: none of them is removed, and so destroyed, meanwhile.
    // What they do comes back to Remove() on a thread of gRPC's.
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    ended_ = true;
    for (OpenStream* const stream : open_) stream->Stop();
  }
  ending_.Set();
  looking_.join();
}

void OpenStreams::Look(absl::Duration interval) {
  while (!ending_.AwaitUntil(SteadyEvent::In(interval))) {
    absl::MutexLock lock(&mutex_);
    for (OpenStream* const stream : open_) stream->CheckLimits();
  }
}

TokenStreams::TokenStreams(const Dependencies& dependencies)
    : deps_(dependencies),
      open_(std::min(dependencies.limits.first_request,
                     dependencies.limits.unread_answer) /
            5) {}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
TokenStreams::Verify(grpc::CallbackServerContext* context) {
  return new VerifyStream(deps_, &open_, context);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* TokenStreams::Watch(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return new WatchStream(deps_, &open_, context, *request);
}

}  // namespace signet::rpc
