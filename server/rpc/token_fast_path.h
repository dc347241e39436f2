// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_
#define SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_

#include <optional>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/clock.h"
#include "server/domain/token_verifier.h"
#include "server/identity/token_directory.h"
#include "signet/v1/tokens.pb.h"

namespace signet {

// Answers calls of signet.v1.Tokens that need nothing but memory: who asks is a
// service account, may ask, and every answer is at hand. Whatever is not so
// simple, and every refusal, is left to the Dispatcher, which decides by the
// same rules. Thread-safe; nothing blocks.
class TokenFastPath {
 public:
  // All outlive this object.
  TokenFastPath(TokenDirectory* directory, TokenVerifier* verifier,
                const Clock* clock)
      : directory_(directory), verifier_(verifier), clock_(clock) {}

  // The answer to a unary call; false if there is none this way, for any
  // method. `trusted` as BackendCall.
  bool Answer(const google::protobuf::MethodDescriptor& method,
              const grpc::CallbackServerContext& context, bool trusted,
              const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

  // The same for a request that one who authenticates with `authorization` (the
  // whole value; empty for none) has sent in a stream.
  bool Answer(std::string_view authorization, bool trusted,
              const v1::VerifyTokenRequest& request,
              grpc::ByteBuffer& response);

 private:
  std::optional<VerifyScope> ScopeOf(std::string_view authorization,
                                     bool trusted, std::string_view account_id,
                                     absl::Time now);
  template <typename Request>
  std::optional<VerifyScope> ScopeOf(const grpc::CallbackServerContext& context,
                                     bool trusted, const Request& request,
                                     absl::Time now);
  bool Verify(const grpc::CallbackServerContext& context, bool trusted,
              const grpc::ByteBuffer& request, grpc::ByteBuffer& response);
  bool BatchVerify(const grpc::CallbackServerContext& context, bool trusted,
                   const grpc::ByteBuffer& request, grpc::ByteBuffer& response);

  TokenDirectory* const directory_;
  TokenVerifier* const verifier_;
  const Clock* const clock_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_TOKEN_FAST_PATH_H_
