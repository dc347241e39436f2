// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_VERIFY_STREAM_H_
#define SIGNET_SERVER_RPC_VERIFY_STREAM_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/identity/credential.h"
#include "server/rpc/token_streams.h"

namespace signet::rpc {

// One VerifyTokens: reads ahead while answers are on their way, one request
// after another. Owned by itself: gRPC's OnDone() ends it.
class VerifyStream final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      private OpenStream {
 public:
  VerifyStream(const TokenStreams::Dependencies& deps, OpenStreams* open,
               grpc::CallbackServerContext* context);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override;

 private:
  // Answers that may wait for the client to read, and the bytes with which they
  // are enough; then no request is read.
  static constexpr size_t kMaxWaiting = 256;
  static constexpr size_t kEnoughBytes = 256 * 1024;

  void Stop() override { Close(StoppingError()); }
  void CheckLimits() override;

  // Ends the stream once what was asked is answered.
  void Close(const absl::Status& status);
  void CloseWith(google::rpc::Status status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Answer();
  gateway::BackendCall NewCall();
  void AskBackend(std::unique_ptr<google::protobuf::Message> request);
  // Answers a request that has a fault. A 401 ranks before it.
  void Refuse(absl::Status fault);
  void Answered(google::rpc::Status status, const grpc::ByteBuffer& response);
  // Starts whatever can go on; what to finish the stream with if nothing can.
  // That is done without the lock: this object may be gone when it returns.
  std::optional<grpc::Status> Proceed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishWith(const std::optional<grpc::Status>& status) {
    if (status.has_value()) Finish(*status);
  }

  const TokenStreams::Dependencies deps_;
  OpenStreams* const open_;
  grpc::CallbackServerContext* const context_;
  const call::CallContextPtr call_;
  // In the context's metadata; empty for none, absent for what only the backend
  // understands.
  std::optional<identity::Credential> credential_ = identity::Credential();

  absl::Mutex mutex_;
  grpc::ByteBuffer request_;   // gRPC's while reading_.
  grpc::ByteBuffer response_;  // gRPC's while writing_.
  std::deque<grpc::ByteBuffer> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool answering_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;    // Nothing is read any more.
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;  // gRPC was told.
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;     // Ever.
  // For the client: to ask for the first time, or to read while writing_.
  std::chrono::steady_clock::time_point waiting_since_ ABSL_GUARDED_BY(mutex_) =
      std::chrono::steady_clock::now();
  int64_t answers_ ABSL_GUARDED_BY(mutex_) = 0;
  google::rpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_VERIFY_STREAM_H_
