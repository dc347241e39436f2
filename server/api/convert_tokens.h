// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_CONVERT_TOKENS_H_
#define SIGNET_SERVER_API_CONVERT_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/requirement.h"
#include "server/domain/token_verifier.h"
#include "server/domain/violations.h"
#include "signet/v1/tokens.pb.h"

namespace signet::api {

// Between what verification says and the messages of tokens.proto. Pure.

// Tokens in one BatchVerifyTokens.
inline constexpr int kMaxVerifyBatch = 1000;

// Of the answers to one, in all: what a gRPC client takes unless told otherwise
// (4 MiB), with room for what is around them.
inline constexpr size_t kMaxBatchAnswerBytes = 4'000'000;

// For each token the index of the first one that equals it.
std::vector<int> FirstOfEach(
    const google::protobuf::RepeatedPtrField<std::string>& tokens);

// Reads a requirement; what breaks a rule is noted in `violations`, under
// `field`.
domain::Requirement ReadRequirement(const std::string& field,
                                    const v1::Requirement& requirement,
                                    domain::Violations& violations);

// The serialized VerifyTokenResponse, but for expires_in, of a token that is
// live for at least TokenVerifier::kCacheTtl more; for TokenDirectoryOptions.
std::string RenderActive(const identity::TokenSnapshot& snapshot);

// VerifyTokenResponse.expires_in in a serialized message, or nothing.
class RenderedExpiresIn {
 public:
  void Set(absl::Duration expires_in);
  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_};
  }

 private:
  // Tag and length; then of two members the tag and a varint.
  std::array<uint8_t, 2 + 2 * (1 + 10)> bytes_;
  size_t size_ = 0;
};

// The serialized VerifyTokenResponse, in two parts: what was rendered before,
// which is valid as long as the verification, and what depends on the time.
struct RenderedAnswer {
  std::string_view text;
  RenderedExpiresIn rest;
};

// nullopt where nothing was rendered.
std::optional<RenderedAnswer> RenderAnswer(
    const domain::TokenVerification& verification, absl::Time now);

// `now` is when the answer was true; InfinitePast: expires_in is left out.
void ToProto(const domain::TokenVerification& verification, absl::Time now,
             v1::VerifyTokenResponse& out);
void ToProto(const domain::TokenVerification& verification,
             v1::IntrospectTokenResponse& out);
void ToProto(const domain::TokenVerification& verification,
             v1::CheckAccessResponse& out);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_CONVERT_TOKENS_H_
