// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_services.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/api_services.h"
#include "signet/v1/identity.grpc.pb.h"  // Brings what any service needs.

namespace signet {
namespace {

using google::protobuf::ServiceDescriptor;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;

// Every method of a service, as its generated class would register them.
class DescribedService final : public grpc::Service {
 public:
  DescribedService(GrpcCalls* calls, const ServiceDescriptor* service) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string& name = service->method(i)->name();
      methods_.push_back(std::make_unique<Method>(
          Method{.path = absl::StrCat("/", service->full_name(), "/", name),
                 .method = GrpcMethod(service, name.c_str())}));
      const Method* const method = methods_.back().get();
      // The base class owns both.
      AddMethod(new grpc::internal::RpcServiceMethod(
          method->path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
          nullptr));
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
  struct Method {
    std::string path;  // gRPC keeps a pointer to it.
    GrpcMethod method;
  };
  std::vector<std::unique_ptr<const Method>> methods_;
};

}  // namespace

std::vector<GrpcService> GrpcServices(GrpcCalls* calls) {
  std::vector<GrpcService> services;
  for (const ServiceDescriptor* service : ApiServices()) {
    services.push_back({service->full_name(),
                        std::make_unique<DescribedService>(calls, service)});
  }
  return services;
}

}  // namespace signet
