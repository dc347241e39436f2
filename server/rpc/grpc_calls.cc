// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_calls.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "grpcpp/support/slice.h"
#include "grpcpp/support/status.h"
#include "http/request_id.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"
#include "signet/v1/annotations.pb.h"

namespace signet::rpc {
namespace {

constexpr char kRequestId[] = "x-request-id";
constexpr char kCallScope[] = "signet-call-scope";
constexpr char kClientId[] = "signet-client-id";
constexpr std::string_view kAdmit = "admit";

size_t MaxBytes(const google::protobuf::MethodDescriptor& method) {
  const uint32_t option = method.options().GetExtension(v1::max_message_bytes);
  return option == 0 ? kMaxMessageBytes : option;
}

// On our clock; gRPC counts on the system's.
absl::Time Deadline(const grpc::CallbackServerContext& context,
                    absl::Time now) {
  const absl::Time deadline = absl::FromChrono(context.deadline());
  return now + (deadline - absl::Now());
}

}  // namespace

GrpcMetadata::GrpcMetadata(const grpc::CallbackServerContext& context) {
  for (const auto& [key, text] : context.client_metadata()) {
    const std::string_view value(text.data(), text.size());
    if (key == "authorization") {
      authorization.emplace_back(value);
    } else if (key == kRequestId) {
      request_ids.push_back(value);
    } else if (key == "user-agent") {
      user_agent = value;
    } else if (key == kCallScope) {
      scope = value;
    } else if (key == kClientId) {
      client_id = Uuid::Parse(value).value_or(Uuid());
    }
  }
}

call::CallContext NewCallContext(grpc::CallbackServerContext& context,
                                 const GrpcMetadata& metadata,
                                 call::Listener listener, absl::Time now,
                                 RandomSource& random) {
  call::CallContext call = {
      .request_id = http::ChooseRequestId(metadata.request_ids, now, random),
      .peer = PeerAddress(context.peer()),
      .user_agent = std::string(metadata.user_agent),
      .listener = listener,
      .start = now};
  context.AddInitialMetadata(kRequestId, call.request_id);
  return call;
}

std::string PeerAddress(const std::string& uri) {
  const size_t scheme = uri.find(':');
  return absl::StrReplaceAll(uri.substr(scheme + 1),
                             {{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}});
}

absl::Status MessageTooLargeError(size_t max_bytes) {
  return MakeError(absl::StatusCode::kResourceExhausted,
                   absl::StrCat("the message is too large: want at most ",
                                max_bytes, " bytes"),
                   {.reason = "MESSAGE_TOO_LARGE"});
}

grpc::Status ToGrpcStatus(const google::rpc::Status& status) {
  if (status.code() == 0) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

// A call from its start to its end.
struct GrpcCalls::Open {
  GrpcCalls& calls;
  const GrpcMethod& method;
  grpc::ServerUnaryReactor* reactor;
  grpc::ByteBuffer* response;  // gRPC's, until the reactor has finished.
  call::CallContextPtr context;
  absl::Status fault;  // Stands unless the backend has one that ranks before.

  void Finish(gateway::BackendReply reply) && {
    google::rpc::Status status = std::move(reply.status);
    if (status.code() == 0 && !fault.ok()) status = ToRpcStatus(fault);
    if (status.code() == 0) *response = Body(reply.response.get());
    TellEnd(static_cast<absl::StatusCode>(status.code()), reply.principal);
    calls.deps_.count->End();
    // The last act: gRPC may take the call apart, and the server with it.
    reactor->Finish(ToGrpcStatus(status));
  }

  void TellEnd(absl::StatusCode code, std::string_view principal) const {
    const bool succeeded = code == absl::StatusCode::kOk;
    calls.deps_.observer->OnEnd(
        *context, {.kind = call::CallKind::kGrpc,
                   .method = method.descriptor->full_name(),
                   .principal = principal,
                   .code = code,
                   .latency = calls.deps_.clock->Now() - context->start,
                   .refused = !succeeded && !IsInternal(code),
                   .unlogged = succeeded && method.unlogged_success});
  }

  static grpc::ByteBuffer Body(google::protobuf::Message* response) {
    if (response == nullptr) {  // A call that was only admitted.
      const grpc::Slice empty;
      return grpc::ByteBuffer(&empty, 1);
    }
    grpc::ByteBuffer body = SerializeMessage(*response);
    WipeToken(*response);
    return body;
  }
};

GrpcMethod::GrpcMethod(const google::protobuf::ServiceDescriptor* service,
                       const char* name)
    : descriptor(service->FindMethodByName(name)),
      prototype(
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(
              descriptor->input_type())),
      max_bytes(MaxBytes(*descriptor)),
      unlogged_success(
          descriptor->options().GetExtension(v1::unlogged_success)) {}

grpc::ServerUnaryReactor* GrpcCalls::Start(const GrpcMethod& method,
                                           grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) {
  deps_.count->Begin();
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  std::optional<TokenFastPath::Miss> miss;
  if (deps_.fast_path != nullptr && request->Length() <= method.max_bytes &&
      deps_.fast_path->Answer(*method.descriptor, *context,
                              deps_.listener == call::Listener::kTrustedGrpc,
                              *request, *response, miss)) {
    deps_.count->End();
    reactor->Finish(grpc::Status::OK);
  } else if (miss.has_value()) {
    deps_.fast_path->Read(
        *std::move(miss), response,
        [this, &method, context, request, response, reactor](bool answered) {
          if (answered) {
            deps_.count->End();
            reactor->Finish(grpc::Status::OK);
          } else {
            // Asks again, and says what is wrong.
            AskBackend(method, context, *request, response, reactor);
          }
        });
  } else {
    AskBackend(method, context, *request, response, reactor);
  }
  return reactor;
}

void GrpcCalls::AskBackend(const GrpcMethod& method,
                           grpc::CallbackServerContext* context,
                           const grpc::ByteBuffer& request,
                           grpc::ByteBuffer* response,
                           grpc::ServerUnaryReactor* reactor) {
  const absl::Time now = deps_.clock->Now();

  GrpcMetadata metadata(*context);
  call::CallContext call_context =
      NewCallContext(*context, metadata, deps_.listener, now, *deps_.random);
  call_context.deadline = Deadline(*context, now);
  call_context.clock = deps_.clock;
  // gRPC keeps the context until the reactor has finished.
  call_context.cancelled = [context] { return context->IsCancelled(); };

  gateway::BackendCall call;
  call.context =
      std::make_shared<const call::CallContext>(std::move(call_context));
  call.method = method.descriptor;
  call.scope = metadata.scope == kAdmit ? gateway::CallScope::kAdmit
                                        : gateway::CallScope::kFull;
  call.request.reset(method.prototype->New());
  call.authorization = std::move(metadata.authorization);
  call.client_id = metadata.client_id;

  Open open = {.calls = *this,
               .method = method,
               .reactor = reactor,
               .response = response,
               .context = call.context,
               .fault = absl::OkStatus()};
  if (!metadata.scope.empty() && metadata.scope != kAdmit) {
    open.fault = MakeError(absl::StatusCode::kInvalidArgument,
                           "signet-call-scope: want `admit` or none",
                           {.reason = "INVALID_REQUEST"});
  } else if (request.Length() > method.max_bytes) {
    open.fault = MessageTooLargeError(method.max_bytes);
  } else if (!ParseMessage(request, *call.request)) {
    open.fault = MessageMalformedError();
  }
  if (!open.fault.ok()) {  // A 401 ranks before it.
    call.scope = gateway::CallScope::kIdentify;
    WipeToken(*call.request);  // What came before the fault.
    call.request = nullptr;
  }

  deps_.backend->Call(
      std::move(call),
      [open = std::move(open)](gateway::BackendReply reply) mutable {
        std::move(open).Finish(std::move(reply));
      });
}

}  // namespace signet::rpc
