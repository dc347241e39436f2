// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/token_streams.h"

#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/rpc/verify_stream.h"
#include "server/rpc/watch_stream.h"

namespace signet {

absl::Status StoppingError() {
  return MakeError(
      absl::StatusCode::kUnavailable, "the server is stopping",
      {.reason = "SERVER_STOPPING", .retry_after = absl::Seconds(1)});
}

bool OpenStreams::Add(const void* stream, const std::function<void()>& end) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  open_.emplace(stream, end);
  return true;
}

void OpenStreams::Remove(const void* stream) {
  absl::MutexLock lock(&mutex_);
  open_.erase(stream);
}

void OpenStreams::End() {
  // Under the lock: none of them is removed, and so destroyed, meanwhile. What
  // `end` calls comes back to Remove() on a thread of gRPC's.
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  for (const auto& [stream, end] : open_) end();
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
TokenStreams::Verify(grpc::CallbackServerContext* context) {
  return new VerifyStream(deps_, &open_, context);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* TokenStreams::Watch(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return new WatchStream(deps_, &open_, context, *request);
}

}  // namespace signet
