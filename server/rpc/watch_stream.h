// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_WATCH_STREAM_H_
#define SIGNET_SERVER_RPC_WATCH_STREAM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/rpc/token_streams.h"

namespace signet::rpc {

// One WatchChanges. What it shares with the feed and with calls under way lives
// longer than gRPC's reactor, hence two objects.
class WatchStream final : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                          private OpenStream {
 public:
  WatchStream(const TokenStreams::Dependencies& deps, OpenStreams* open,
              grpc::CallbackServerContext* context,
              const grpc::ByteBuffer& request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  class State;

  void Stop() override;

  const TokenStreams::Dependencies deps_;
  OpenStreams* const open_;
  const std::shared_ptr<State> state_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_WATCH_STREAM_H_
