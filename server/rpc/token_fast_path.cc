// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/token_fast_path.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "base/credential_size.h"
#include "grpcpp/support/slice.h"
#include "server/api/convert_tokens.h"
#include "server/domain/violations.h"
#include "server/rpc/wire.h"

namespace signet::rpc {
namespace {

constexpr size_t kUsualAnswer = 192;

constexpr int kResults = v1::BatchVerifyTokensResponse::kResultsFieldNumber;

void AppendVarint(size_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

// Appends a field of BatchVerifyTokensResponse as the protobuf encoding has it:
// the tag, the length as a varint, the bytes, in two parts.
void AppendField(int number, std::string_view bytes, std::string_view rest,
                 std::string& out) {
  constexpr int kLengthDelimited = 2;
  out.push_back(static_cast<char>(number << 3 | kLengthDelimited));
  AppendVarint(bytes.size() + rest.size(), out);
  out.append(bytes);
  out.append(rest);
}

// The field `same_as`, if any token came before.
void AppendSameAs(const std::vector<int>& first, std::string& out) {
  std::string packed;
  bool repeated = false;
  for (size_t i = 0; i < first.size(); ++i) {
    repeated |= first[i] != static_cast<int>(i);
    AppendVarint(static_cast<size_t>(first[i]), packed);
  }
  if (!repeated) return;
  AppendField(v1::BatchVerifyTokensResponse::kSameAsFieldNumber, packed, "",
              out);
}

// What is presented, which may be nothing; nullopt where the call has metadata
// that asks for more than the answer, or is not sound.
std::optional<identity::Credential> PlainCredential(
    const grpc::CallbackServerContext& context) {
  std::string_view authorization;
  bool found = false;
  for (const auto& [key, value] : context.client_metadata()) {
    if (key == "authorization") {
      if (found || value.empty()) return std::nullopt;
      found = true;
      authorization = {value.data(), value.size()};
    } else if (key == "x-request-id" || key == "signet-call-scope" ||
               key == "signet-client-id") {
      return std::nullopt;
    }
  }
  if (!found) return identity::Credential();
  const absl::StatusOr<identity::Credential> credential =
      identity::Credential::FromAuthorization(authorization);
  if (!credential.ok()) return std::nullopt;
  return *credential;
}

// Of others the Dispatcher says what is wrong.
bool IsSound(std::string_view token) {
  return !token.empty() && token.size() <= kMaxCredentialBytes;
}

grpc::ByteBuffer AnswerBytes(const domain::TokenVerification& found,
                             absl::Time now) {
  if (const auto rendered = api::RenderAnswer(found, now)) {
    const std::string_view text = rendered->text;
    const std::string_view rest = rendered->rest.text();
    grpc::Slice slice(text.size() + rest.size());
    std::ranges::copy(
        rest, std::ranges::copy(text, const_cast<uint8_t*>(slice.begin())).out);
    return grpc::ByteBuffer(&slice, 1);
  }
  v1::VerifyTokenResponse response;
  api::ToProto(found, now, response);
  return SerializeMessage(response);
}

// nullopt if it breaks a rule.
template <typename Request>
std::optional<domain::Requirement> RequirementOf(const Request& request) {
  if (!request.has_requirement()) return domain::Requirement();
  domain::Violations violations;
  domain::Requirement requirement =
      api::ReadRequirement("requirement", request.requirement(), violations);
  if (!violations.empty()) return std::nullopt;
  return requirement;
}

}  // namespace

std::optional<domain::VerifyScope> TokenFastPath::ScopeOf(
    const identity::Credential& credential, bool trusted,
    std::string_view account_id, absl::Time now) {
  if (trusted && credential.token().empty()) {
    if (account_id.empty()) return domain::VerifyScope{.every_account = true};
    const std::optional<Uuid> account = Uuid::Parse(account_id);
    if (!account.has_value()) return std::nullopt;
    return domain::VerifyScope{.every_account = false, .account_id = *account};
  }
  const std::optional<identity::LookupResult> asker =
      directory_->FindAtOnce(credential.token(), now);
  if (!asker.has_value() || asker->state != identity::TokenState::kLive) {
    return std::nullopt;
  }
  return domain::TokenVerifier::ScopeAtOnce(*asker->snapshot, account_id);
}

bool TokenFastPath::Answer(const identity::Credential& credential, bool trusted,
                           const v1::VerifyTokenRequest& request,
                           grpc::ByteBuffer& response,
                           std::optional<Miss>* miss) {
  if (!IsSound(request.token())) return false;
  const absl::Time now = clock_->Now();
  const std::optional<domain::Requirement> requirement = RequirementOf(request);
  if (!requirement.has_value()) return false;
  const std::optional<domain::VerifyScope> scope =
      ScopeOf(credential, trusted, request.account_id(), now);
  if (!scope.has_value()) return false;
  const std::optional<domain::TokenVerification> found =
      verifier_->VerifyAtOnce(request.token(), *scope, &*requirement, now);
  if (!found.has_value()) {
    if (miss != nullptr && !domain::TokenVerifier::IsOauth(request.token())) {
      *miss = Miss{.token = Secret(std::string(request.token())),
                   .scope = *scope,
                   .requirement = std::make_shared<const domain::Requirement>(
                       *requirement),
                   .now = now};
    }
    return false;
  }
  response = AnswerBytes(*found, now);
  return true;
}

void TokenFastPath::Read(Miss miss, grpc::ByteBuffer* response,
                         absl::AnyInvocable<void(bool) &&> done) {
  verifier_->Verify(
      miss.token.Expose(), miss.scope, std::move(miss.requirement), miss.now,
      [response, now = miss.now, done = std::move(done)](
          const absl::StatusOr<domain::TokenVerification>& found) mutable {
        if (found.ok()) *response = AnswerBytes(*found, now);
        std::move(done)(found.ok());
      });
}

bool TokenFastPath::Answer(const google::protobuf::MethodDescriptor& method,
                           const grpc::CallbackServerContext& context,
                           bool trusted, const grpc::ByteBuffer& request,
                           grpc::ByteBuffer& response,
                           std::optional<Miss>& miss) {
  // By its type: a comparison of pointers.
  if (method.input_type() == v1::VerifyTokenRequest::descriptor()) {
    return Verify(context, trusted, request, response, miss);
  }
  if (method.input_type() == v1::BatchVerifyTokensRequest::descriptor()) {
    return BatchVerify(context, trusted, request, response);
  }
  return false;
}

bool TokenFastPath::Verify(const grpc::CallbackServerContext& context,
                           bool trusted, const grpc::ByteBuffer& bytes,
                           grpc::ByteBuffer& answer,
                           std::optional<Miss>& miss) {
  const std::optional<identity::Credential> credential =
      PlainCredential(context);
  if (!credential.has_value()) return false;
  v1::VerifyTokenRequest request;
  const absl::Cleanup wiper = [&request] { WipeToken(request); };
  if (!ParseMessage(bytes, request)) return false;
  return Answer(*credential, trusted, request, answer, &miss);
}

bool TokenFastPath::BatchVerify(const grpc::CallbackServerContext& context,
                                bool trusted, const grpc::ByteBuffer& bytes,
                                grpc::ByteBuffer& answer) {
  const std::optional<identity::Credential> credential =
      PlainCredential(context);
  if (!credential.has_value()) return false;
  v1::BatchVerifyTokensRequest request;
  const absl::Cleanup wiper = [&request] { WipeToken(request); };
  if (!ParseMessage(bytes, request) || request.tokens().empty() ||
      request.tokens_size() > api::kMaxVerifyBatch) {
    return false;
  }
  const absl::Time now = clock_->Now();
  const std::optional<domain::Requirement> requirement = RequirementOf(request);
  if (!requirement.has_value()) return false;
  const std::optional<domain::VerifyScope> scope =
      ScopeOf(*credential, trusted, request.account_id(), now);
  if (!scope.has_value()) return false;
  const std::vector<int> first = api::FirstOfEach(request.tokens());
  std::string results;
  results.reserve(static_cast<size_t>(request.tokens_size()) * kUsualAnswer);
  for (int i = 0; i < request.tokens_size(); ++i) {
    const std::string& token = request.tokens(i);
    if (first[i] != i) {
      AppendField(kResults, "", "", results);
      continue;
    }
    if (!IsSound(token)) return false;
    const std::optional<domain::TokenVerification> found =
        verifier_->VerifyAtOnce(token, *scope, &*requirement, now);
    if (!found.has_value()) return false;
    const std::optional<api::RenderedAnswer> result =
        api::RenderAnswer(*found, now);
    if (!result.has_value()) return false;
    if (results.size() + result->text.size() > api::kMaxBatchAnswerBytes) {
      return false;
    }
    AppendField(kResults, result->text, result->rest.text(), results);
  }
  AppendSameAs(first, results);
  const grpc::Slice slice(results);
  answer = grpc::ByteBuffer(&slice, 1);
  return true;
}

}  // namespace signet::rpc
