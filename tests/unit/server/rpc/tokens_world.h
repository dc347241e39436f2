// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_TOKENS_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_TOKENS_WORLD_H_

#include <future>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "signet/v1/authorizations.grpc.pb.h"
#include "signet/v1/tokens.grpc.pb.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/server/rpc/grpc_world.h"

namespace signet::rpc {

// A GrpcWorld in which `asker`, a service account of the account there, may
// verify tokens, and what is done to service accounts there.
struct TokensWorld : GrpcWorld<FaultyStore> {
  // How a call ended: its status and, if that is OK, the bytes of the answer.
  struct Ending {
    grpc::Status status;
    std::string bytes = {};

    friend bool operator==(const Ending& a, const Ending& b) {
      return a.status.error_code() == b.status.error_code() &&
             a.status.error_message() == b.status.error_message() &&
             a.status.error_details() == b.status.error_details() &&
             a.bytes == b.bytes;
    }
  };

  // A server of the same world, on a port of its own, before its dispatcher or
  // another backend.
  struct Server {
    std::unique_ptr<GrpcServer> server;
    std::shared_ptr<grpc::Channel> channel;
  };

  Server StartServer(bool trusted, const GrpcTokenParts* parts,
                     gateway::Backend* backend = nullptr) {
    auto started = GrpcServer::Start(
        {.address = "127.0.0.1:0", .trusted = trusted},
        backend == nullptr ? &world.dispatcher : backend, parts,
        &world.access_log, &world.clock, &world.random, &world.logger);
    EXPECT_THAT(started, IsOk());
    Server result = {.server = *std::move(started), .channel = nullptr};
    result.channel =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", result.server->port()),
                            grpc::InsecureChannelCredentials());
    return result;
  }

  v1::IssuedServiceAccount Issue(
      std::initializer_list<const char*> capabilities = {}) {
    v1::CreateServiceAccountRequest request = Good();
    for (const char* key : capabilities) request.add_capabilities(key);
    v1::IssuedServiceAccount issued;
    const grpc::Status status = Create(kOwner, request, &issued);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return issued;
  }

  static std::string CredentialOf(const v1::IssuedServiceAccount& issued) {
    return "Bearer " + issued.token();
  }

  grpc::Status Revoke(const v1::IssuedServiceAccount& issued) {
    grpc::ClientContext context;
    Prepare(context, kOwner);
    v1::RevokeServiceAccountRequest request;
    request.set_account_id(issued.account_id());
    request.set_service_account_id(issued.id());
    v1::ServiceAccount revoked;
    return stub->RevokeServiceAccount(&context, request, &revoked);
  }

  // Past the rules of the domain; everybody is told.
  void Write(storage::Store::WriteBody body) {
    EXPECT_THAT(storage::WriteAndWait(*world.store, std::move(body)), IsOk());
  }

  static v1::VerifyTokenRequest About(const std::string& token) {
    v1::VerifyTokenRequest request;
    request.set_token(token);
    return request;
  }

  // Any unary method of signet.v1.Tokens, with whatever bytes.
  static Ending CallRaw(const std::shared_ptr<grpc::Channel>& to,
                        const std::string& method, const char* credential,
                        const std::string& bytes) {
    grpc::ClientContext context;
    Prepare(context, credential);
    return CallRaw(to, method, context, bytes);
  }
  static Ending CallRaw(const std::shared_ptr<grpc::Channel>& to,
                        const std::string& method, grpc::ClientContext& context,
                        const std::string& bytes) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    grpc::GenericStub generic(to);
    generic.UnaryCall(
        &context, "/signet.v1." + method, {}, &request, &response,
        [&done](grpc::Status status) { done.set_value(std::move(status)); });
    Ending ending = {.status = done.get_future().get()};
    if (ending.status.ok()) {
      grpc::Slice whole;
      EXPECT_TRUE(response.DumpToSingleSlice(&whole).ok());
      ending.bytes.assign(reinterpret_cast<const char*>(whole.begin()),
                          whole.size());
    }
    return ending;
  }

  v1::VerifyTokenResponse Verify(const v1::VerifyTokenRequest& request,
                                 const std::string& credential) {
    const Ending ending =
        CallRaw(channel, "Tokens/VerifyToken", credential.c_str(),
                request.SerializeAsString());
    EXPECT_TRUE(ending.status.ok()) << ending.status.error_message();
    v1::VerifyTokenResponse response;
    EXPECT_TRUE(response.ParseFromString(ending.bytes));
    return response;
  }
  v1::VerifyTokenResponse Verify(const std::string& token) {
    return Verify(About(token), asker);
  }

  std::unique_ptr<v1::Tokens::Stub> tokens = v1::Tokens::NewStub(channel);
  const v1::IssuedServiceAccount asking = Issue({"auth.verify"});
  const std::string asker = CredentialOf(asking);
};

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_TOKENS_WORLD_H_
