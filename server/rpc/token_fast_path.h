// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_
#define SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_

#include <memory>
#include <optional>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/secret.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/domain/token_verifier.h"
#include "server/identity/credential.h"
#include "server/identity/token_directory.h"
#include "signet/v1/tokens.pb.h"

namespace signet::rpc {

// Answers calls of signet.v1.Tokens that need little: who asks is a service
// account that is known and may ask. A single answer may take one read of the
// store; those of a batch are all at hand. Whatever is not so
// simple, and every refusal, is left to the Dispatcher, which decides by the
// same rules. Thread-safe; blocks as Dispatcher does.
class TokenFastPath {
 public:
  // All outlive this object.
  TokenFastPath(identity::TokenDirectory* directory,
                domain::TokenVerifier* verifier, const Clock* clock)
      : directory_(directory), verifier_(verifier), clock_(clock) {}

  // What is left to ask of the store: the asker may, the token is not known.
  struct Miss {
    Secret token;
    domain::VerifyScope scope;
    std::shared_ptr<const domain::Requirement> requirement;
    absl::Time now;
  };

  // The answer to a unary call; false if there is none this way, for any
  // method. `miss` is then set where Read() may have it. `trusted`: see
  // call::Listener.
  bool Answer(const google::protobuf::MethodDescriptor& method,
              const grpc::CallbackServerContext& context, bool trusted,
              const grpc::ByteBuffer& request, grpc::ByteBuffer& response,
              std::optional<Miss>& miss);

  // Sets `response`, which is kept until then, and calls `done` once, on this
  // thread or another, with whether there is an answer.
  void Read(Miss miss, grpc::ByteBuffer* response,
            absl::AnyInvocable<void(bool) &&> done);

  // The same for a request that one who presented `credential`, if anything,
  // has sent in a stream.
  bool Answer(const identity::Credential& credential, bool trusted,
              const v1::VerifyTokenRequest& request,
              grpc::ByteBuffer& response) {
    return Answer(credential, trusted, request, response, nullptr);
  }

 private:
  std::optional<domain::VerifyScope> ScopeOf(
      const identity::Credential& credential, bool trusted,
      std::string_view account_id, absl::Time now);
  bool Verify(const grpc::CallbackServerContext& context, bool trusted,
              const grpc::ByteBuffer& request, grpc::ByteBuffer& response,
              std::optional<Miss>& miss);
  bool Answer(const identity::Credential& credential, bool trusted,
              const v1::VerifyTokenRequest& request, grpc::ByteBuffer& response,
              std::optional<Miss>* miss);
  bool BatchVerify(const grpc::CallbackServerContext& context, bool trusted,
                   const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

  identity::TokenDirectory* const directory_;
  domain::TokenVerifier* const verifier_;
  const Clock* const clock_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_
