// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_services.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/api_services.h"
#include "signet/v1/identity.grpc.pb.h"  // Brings what any service needs.

namespace signet::rpc {
namespace {

using google::protobuf::ServiceDescriptor;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;

// Every method of a service, as its generated class would register them.
class DescribedService final : public grpc::Service {
 public:
  DescribedService(GrpcCalls* calls, TokenStreams* streams,
                   const ServiceDescriptor* service) {
    for (int i = 0; i < service->method_count(); ++i) {
      const google::protobuf::MethodDescriptor& described = *service->method(i);
      const std::string& name = described.name();
      methods_.push_back(std::make_unique<Method>(
          Method{.path = absl::StrCat("/", service->full_name(), "/", name),
                 .method = GrpcMethod(service, name.c_str())}));
      const Method* const method = methods_.back().get();
      // The base class owns what is made here.
      AddMethod(new grpc::internal::RpcServiceMethod(
          method->path.c_str(), TypeOf(described), nullptr));
      if (described.client_streaming() || described.server_streaming()) {
        if (streams != nullptr) AddStream(i, described, streams);
        continue;
      }
      MarkMethodRawCallback(
          i,
          new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
              [calls, method](CallbackServerContext* context,
                              const ByteBuffer* request, ByteBuffer* response) {
                return calls->Start(method->method, context, request, response);
              }));
    }
  }

 private:
  static grpc::internal::RpcMethod::RpcType TypeOf(
      const google::protobuf::MethodDescriptor& method) {
    using grpc::internal::RpcMethod;
    if (method.client_streaming()) {
      return method.server_streaming() ? RpcMethod::BIDI_STREAMING
                                       : RpcMethod::CLIENT_STREAMING;
    }
    return method.server_streaming() ? RpcMethod::SERVER_STREAMING
                                     : RpcMethod::NORMAL_RPC;
  }

  // There is one of either kind.
  void AddStream(int index, const google::protobuf::MethodDescriptor& method,
                 TokenStreams* streams) {
    if (method.client_streaming()) {
      MarkMethodRawCallback(
          index,
          new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
              [streams](CallbackServerContext* context) {
                return streams->Verify(context);
              }));
    } else {
      MarkMethodRawCallback(
          index, new grpc::internal::CallbackServerStreamingHandler<ByteBuffer,
                                                                    ByteBuffer>(
                     [streams](CallbackServerContext* context,
                               const ByteBuffer* request) {
                       return streams->Watch(context, request);
                     }));
    }
  }

  struct Method {
    std::string path;  // gRPC keeps a pointer to it.
    GrpcMethod method;
  };
  std::vector<std::unique_ptr<const Method>> methods_;
};

}  // namespace

std::vector<GrpcService> GrpcServices(GrpcCalls* calls, TokenStreams* streams) {
  std::vector<GrpcService> services;
  for (const ServiceDescriptor* service : gateway::ApiServices()) {
    services.push_back(
        {service->full_name(),
         std::make_unique<DescribedService>(calls, streams, service)});
  }
  return services;
}

}  // namespace signet::rpc
