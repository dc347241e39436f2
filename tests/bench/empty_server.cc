// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/empty_server.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <fstream>

#include "signet/v1/service_accounts.grpc.pb.h"
#include "signet/v1/tokens.grpc.pb.h"

namespace signet {
namespace {

class EmptyServiceAccounts final : public v1::ServiceAccounts::CallbackService {
 public:
  EmptyServiceAccounts() {
    answer_.set_account_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
    answer_.set_id("0192d5a0-0d44-7b50-8888-8dd25736052a");
    answer_.set_name("bench");
    answer_.set_token(std::string(6, 'p') + "_" + std::string(66, 't'));
    answer_.set_token_prefix("hbx_sa");
    answer_.set_token_public_id(std::string(16, 'i'));
    answer_.set_token_last4("abcd");
    answer_.mutable_created_at()->set_seconds(1900000000);
    answer_.mutable_created_at()->set_nanos(123456000);
    *answer_.mutable_updated_at() = answer_.created_at();
  }

  grpc::ServerUnaryReactor* CreateServiceAccount(
      grpc::CallbackServerContext* context,
      const v1::CreateServiceAccountRequest*,
      v1::IssuedServiceAccount* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  v1::IssuedServiceAccount answer_;
};

// Reads and answers in turns, with a constant.
class EmptyStream final
    : public grpc::ServerBidiReactor<v1::VerifyTokenRequest,
                                     v1::VerifyTokenResponse> {
 public:
  explicit EmptyStream(const v1::VerifyTokenResponse* answer)
      : answer_(answer) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (ok) {
      StartWrite(answer_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      StartRead(&request_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnDone() override { delete this; }

 private:
  const v1::VerifyTokenResponse* const answer_;
  v1::VerifyTokenRequest request_;
};

// An answer as long as that to a service account with one capability.
class EmptyTokens final : public v1::Tokens::CallbackService {
 public:
  EmptyTokens() {
    answer_.set_active(true);
    answer_.set_subject_type("service_account");
    answer_.set_subject_id("0192d5a0-0d44-7b50-8888-8dd25736052a");
    answer_.set_account_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
    answer_.set_token_public_id(std::string(16, 'i'));
    answer_.mutable_cache_ttl()->set_seconds(5);
  }

  grpc::ServerUnaryReactor* VerifyToken(
      grpc::CallbackServerContext* context, const v1::VerifyTokenRequest*,
      v1::VerifyTokenResponse* response) override {
    *response = answer_;
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* BatchVerifyTokens(
      grpc::CallbackServerContext* context,
      const v1::BatchVerifyTokensRequest* request,
      v1::BatchVerifyTokensResponse* response) override {
    for (int i = 0; i < request->tokens_size(); ++i) {
      *response->add_results() = answer_;
    }
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerBidiReactor<v1::VerifyTokenRequest, v1::VerifyTokenResponse>*
  VerifyTokens(grpc::CallbackServerContext*) override {
    return new EmptyStream(&answer_);
  }

 private:
  v1::VerifyTokenResponse answer_;
};

}  // namespace

int RunEmptyServer(const std::string& port_file) {
  EmptyServiceAccounts service;
  EmptyTokens tokens;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  builder.RegisterService(&tokens);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::ofstream(port_file) << port << std::flush;
  pause();  // Until SIGTERM ends the process: it holds nothing worth saving.
  return 0;
}

}  // namespace signet
