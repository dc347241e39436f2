// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_REMOTE_REMOTE_BACKEND_H_
#define SIGNET_GATEWAY_REMOTE_REMOTE_BACKEND_H_

#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/backend.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"

namespace signet::remote {

// A channel to a signet gRPC server in cleartext. `target` is a gRPC target,
// for example `dns:///signet.internal:9090`. It connects when first used,
// notices a dead server, and tries again at most every few seconds.
std::shared_ptr<grpc::Channel> NewBackendChannel(const std::string& target);

// The methods of a signet gRPC server elsewhere. Thread-safe; nothing blocks.
//
// A call carries the request id and its deadline as metadata, and as much of
// the Authorization values as the server needs to judge them (see
// ForwardedCredential); kAdmit is asked with `signet-call-scope: admit`,
// kIdentify by calling signet.v1.Identity.GetSelf. Neither peer nor user agent
// travels: the server could not tell a gateway's word for them from anybody
// else's, and the request id joins the two logs. Who called is known for
// kIdentify only.
//
// Errors of the server arrive whole, as in this process. Others are made here:
//   UNAVAILABLE / BACKEND_UNAVAILABLE: the server cannot be reached, is not
//     signet's, or broke the call off, which may have been carried out.
//   DEADLINE_EXCEEDED / DEADLINE_EXCEEDED: no answer in time; the same holds.
//   UNAUTHENTICATED / TOKEN_INVALID: the credential is longer than any that is
//     read; the server was not asked.
class RemoteBackend final : public gateway::Backend {
 public:
  // `clock` (which deadlines count on) and `logger` outlive the backend, which
  // outlives its calls.
  RemoteBackend(std::shared_ptr<grpc::Channel> channel, const Clock* clock,
                Logger* logger)
      : stub_(std::move(channel)), clock_(clock), logger_(logger) {}

  void Call(gateway::BackendCall call, Done done) override;

 private:
  struct Pending;

  void Finish(std::unique_ptr<Pending> pending,
              const grpc::Status& status) const;
  gateway::BackendReply Reply(Pending& pending,
                              const grpc::Status& status) const;

  grpc::TemplatedGenericStub<google::protobuf::Message,
                             google::protobuf::Message>
      stub_;
  const Clock* const clock_;
  Logger* const logger_;
};

}  // namespace signet::remote

#endif  // SIGNET_GATEWAY_REMOTE_REMOTE_BACKEND_H_
