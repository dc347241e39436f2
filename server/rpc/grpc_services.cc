// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_services.h"

#include <utility>

#include "signet/v1/identity.grpc.pb.h"
#include "signet/v1/service_accounts.grpc.pb.h"

namespace signet {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

const google::protobuf::ServiceDescriptor* Describe(const char* full_name) {
  return google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      full_name);
}

class ServiceAccountsService final
    : public v1::ServiceAccounts::WithRawCallbackMethod_CreateServiceAccount<
          v1::ServiceAccounts::WithRawCallbackMethod_GetServiceAccount<
              v1::ServiceAccounts::Service>> {
 public:
  explicit ServiceAccountsService(GrpcCalls* calls) : calls_(calls) {}

  ServerUnaryReactor* CreateServiceAccount(CallbackServerContext* context,
                                           const ByteBuffer* request,
                                           ByteBuffer* response) override {
    return calls_->Start(create_, context, request, response);
  }
  ServerUnaryReactor* GetServiceAccount(CallbackServerContext* context,
                                        const ByteBuffer* request,
                                        ByteBuffer* response) override {
    return calls_->Start(get_, context, request, response);
  }

 private:
  GrpcCalls* const calls_;
  const google::protobuf::ServiceDescriptor* const service_ =
      Describe(v1::ServiceAccounts::service_full_name());
  const GrpcMethod create_{service_, "CreateServiceAccount"};
  const GrpcMethod get_{service_, "GetServiceAccount"};
};

class IdentityService final
    : public v1::Identity::WithRawCallbackMethod_GetSelf<
          v1::Identity::Service> {
 public:
  explicit IdentityService(GrpcCalls* calls) : calls_(calls) {}

  ServerUnaryReactor* GetSelf(CallbackServerContext* context,
                              const ByteBuffer* request,
                              ByteBuffer* response) override {
    return calls_->Start(get_self_, context, request, response);
  }

 private:
  GrpcCalls* const calls_;
  const GrpcMethod get_self_{Describe(v1::Identity::service_full_name()),
                             "GetSelf"};
};

}  // namespace

std::vector<GrpcService> GrpcServices(GrpcCalls* calls) {
  std::vector<GrpcService> services;
  services.push_back({v1::ServiceAccounts::service_full_name(),
                      std::make_unique<ServiceAccountsService>(calls)});
  services.push_back({v1::Identity::service_full_name(),
                      std::make_unique<IdentityService>(calls)});
  return services;
}

}  // namespace signet
