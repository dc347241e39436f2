// SPDX-License-Identifier: Apache-2.0
#include "gateway/remote/remote_backend.h"

#include <functional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/secret.h"
#include "call/call_context.h"
#include "gateway/remote/forwarded_credential.h"
#include "gateway/remote/rpc_status.h"
#include "grpc/grpc.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
// The generated service also tells gRPC how to serialize messages, by a header
// whose place depends on the version.
#include "signet/v1/identity.grpc.pb.h"

namespace signet::remote {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// An error that names many fields comes as metadata.
constexpr int kMaxAnswerMetadataBytes = 1024 * 1024;

const MethodDescriptor* GetSelf() {
  return v1::GetSelfRequest::descriptor()
      ->file()
      ->FindServiceByName("Identity")
      ->FindMethodByName("GetSelf");
}

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

std::unique_ptr<Message> NewResponse(const MethodDescriptor& method) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(method.output_type())
          ->New());
}

}  // namespace

std::shared_ptr<grpc::Channel> NewBackendChannel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10000);
  // The server bounds what it answers. What this channel refused by itself
  // would be told as an outage.
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxAnswerMetadataBytes);
  // Credentials travel here; an environment variable must not divert them.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   arguments);
}

// A call from its start to its end; gRPC uses what is in it until then.
struct RemoteBackend::Pending {
  gateway::CallScope scope;
  call::CallContextPtr call;
  std::unique_ptr<Message> request;
  std::unique_ptr<Message> response;
  Done done;
  grpc::ClientContext context;
};

void RemoteBackend::Call(gateway::BackendCall call, Done done) {
  ForwardedCredential credential = Forwarded(std::move(call.authorization));
  if (credential.too_long) {
    std::move(done)({.status = TokenInvalidStatus()});
    return;
  }
  const bool identify = call.scope == gateway::CallScope::kIdentify;
  const MethodDescriptor& method = identify ? *GetSelf() : *call.method;
  auto pending = std::make_unique<Pending>();
  pending->scope = call.scope;
  pending->call = call.context;
  pending->request = identify ? std::make_unique<v1::GetSelfRequest>()
                              : std::move(call.request);
  pending->response = NewResponse(method);
  pending->done = std::move(done);

  grpc::ClientContext& context = pending->context;
  for (std::string& value : credential.values) {
    context.AddMetadata("authorization", value);  // Copies it.
    Wipe(value);
  }
  if (call.client_id.has_value()) {
    context.AddMetadata("signet-client-id", call.client_id->ToString());
  }
  context.AddMetadata("x-request-id", call.context->request_id);
  if (call.scope == gateway::CallScope::kAdmit) {
    context.AddMetadata("signet-call-scope", "admit");
  }
  if (call.context->deadline != absl::InfiniteFuture()) {
    // gRPC counts on the system's clock.
    context.set_deadline(absl::ToChronoTime(
        absl::Now() + (call.context->deadline - clock_->Now())));
  }

  // Not in the callback's hands by itself: std::function wants to be copied.
  Pending* const started = pending.release();
  stub_.UnaryCall(&started->context, PathOf(method), grpc::StubOptions(),
                  started->request.get(), started->response.get(),
                  [this, started](const grpc::Status& status) {
                    Finish(std::unique_ptr<Pending>(started), status);
                  });
}

void RemoteBackend::Finish(std::unique_ptr<Pending> pending,
                           const grpc::Status& status) const {
  gateway::BackendReply reply = Reply(*pending, status);
  Done done = std::move(pending->done);
  // The context holds the channel. Once `done` has run the backend may be gone,
  // and the last to let go of a channel must not be a thread of gRPC's own.
  pending.reset();
  std::move(done)(std::move(reply));
}

gateway::BackendReply RemoteBackend::Reply(Pending& pending,
                                           const grpc::Status& status) const {
  gateway::BackendReply reply;
  reply.status = FromGrpc(status);
  if (!status.ok()) {
    if (!IsServersOwn(status)) {
      logger_->LogRefusal(
          pending.call->peer, LogLevel::kWarning,
          "the gRPC server did not answer",
          {{"request_id", std::string_view(pending.call->request_id)},
           {"cause", std::string_view(status.error_message())}});
    }
    return reply;
  }
  if (pending.scope == gateway::CallScope::kFull) {
    reply.response = std::move(pending.response);
  } else if (pending.scope == gateway::CallScope::kIdentify) {
    const auto& self = static_cast<const v1::Self&>(*pending.response);
    reply.principal = absl::StrCat(self.subject_type(), ":", self.subject_id());
  }
  return reply;
}

}  // namespace signet::remote
