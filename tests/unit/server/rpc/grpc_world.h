// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_GRPC_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_GRPC_WORLD_H_

#include <future>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "server/rpc/grpc_server.h"
#include "signet/v1/service_accounts.grpc.pb.h"
#include "tests/unit/server/rpc/rpc_world.h"

namespace signet::rpc {

// An RpcWorld behind a gRPC server on a port of the system's choice, and a
// client of it.
template <typename StoreInUse>
struct GrpcWorld {
  GrpcWorld() {
    auto started = GrpcServer::Start(
        {.address = "127.0.0.1:0"}, &world.dispatcher, &world.token_parts,
        &world.access_log, &world.clock, &world.random, &world.logger);
    EXPECT_THAT(started, IsOk());
    server = *std::move(started);
    channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server->port()),
                                  grpc::InsecureChannelCredentials());
    stub = v1::ServiceAccounts::NewStub(channel);
  }

  // A create that breaks no rule.
  v1::CreateServiceAccountRequest Good() const {
    v1::CreateServiceAccountRequest request;
    request.set_account_id(world.account_id);
    request.set_name("ci");
    return request;
  }

  // What a call is sent with.
  static void Prepare(grpc::ClientContext& context, const char* credential) {
    if (credential != nullptr) context.AddMetadata("authorization", credential);
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  }

  grpc::Status Create(const char* credential,
                      const v1::CreateServiceAccountRequest& request,
                      v1::IssuedServiceAccount* issued = nullptr) {
    grpc::ClientContext context;
    Prepare(context, credential);
    v1::IssuedServiceAccount unwanted;
    return stub->CreateServiceAccount(&context, request,
                                      issued != nullptr ? issued : &unwanted);
  }

  // A create of whatever bytes.
  grpc::Status CreateRaw(grpc::ClientContext& context,
                         const std::string& bytes) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    grpc::GenericStub generic(channel);
    generic.UnaryCall(
        &context, "/signet.v1.ServiceAccounts/CreateServiceAccount", {},
        &request, &response,
        [&done](grpc::Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }
  grpc::Status CreateRaw(const char* credential, const std::string& bytes) {
    grpc::ClientContext context;
    Prepare(context, credential);
    return CreateRaw(context, bytes);
  }

  StoreInUse store;
  RpcWorld world{&store};
  std::unique_ptr<GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::ServiceAccounts::Stub> stub;
};

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_GRPC_WORLD_H_
