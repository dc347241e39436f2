// SPDX-License-Identifier: Apache-2.0
#include "gateway/problem_response.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/json.h"

namespace signet::gateway {
namespace {

// Enough to mend any honest request, and no lever for a small one to draw a
// large answer.
constexpr size_t kMostErrors = 100;

std::string TypeOf(const std::string& reason) {
  return absl::StrCat(
      "urn:signet:error:",
      absl::StrReplaceAll(absl::AsciiStrToLower(reason), {{"_", "-"}}));
}

// `TOKEN_INVALID` reads "Token invalid".
std::string TitleOf(const std::string& reason) {
  std::string title =
      absl::StrReplaceAll(absl::AsciiStrToLower(reason), {{"_", " "}});
  if (!title.empty()) title[0] = absl::ascii_toupper(title[0]);
  return title;
}

void AppendMember(std::string_view name, std::string_view value,
                  std::string& out) {
  out += name;  // With the punctuation around it.
  AppendJsonString(value, out);
}

std::string Document(const Problem& problem, std::string_view request_id,
                     ProblemReader reader) {
  std::string out;
  AppendMember("{\"type\":", TypeOf(problem.reason), out);
  AppendMember(",\"title\":", TitleOf(problem.reason), out);
  absl::StrAppend(&out, ",\"status\":", problem.status);
  AppendMember(",\"detail\":", problem.detail, out);
  AppendMember(",\"code\":", google::rpc::Code_Name(problem.code), out);
  AppendMember(",\"reason\":", problem.reason, out);
  AppendMember(",\"request_id\":", request_id, out);
  out += ",\"errors\":[";
  const size_t shown = std::min(problem.errors.size(), kMostErrors);
  for (size_t i = 0; i < shown; ++i) {
    AppendMember(
        i == 0 ? "{\"field\":" : ",{\"field\":", problem.errors[i].field, out);
    AppendMember(",\"detail\":", problem.errors[i].detail, out);
    out += '}';
  }
  out += ']';
  if (reader == ProblemReader::kOAuth) {
    AppendMember(",\"error\":", OAuthErrorOf(problem), out);
  }
  out += '}';
  return out;
}

// What RFC 6750 section 3 allows in a quoted scope.
bool IsScope(std::string_view scope) {
  return !scope.empty() && std::all_of(scope.begin(), scope.end(), [](char c) {
    return c >= 0x20 && c <= 0x7E && c != '"' && c != '\\';
  });
}

}  // namespace

std::optional<std::string> ChallengeFor(const Problem& problem) {
  const std::string bearer = "Bearer realm=\"signet\"";
  if (problem.status == 401) {
    if (problem.reason == "CREDENTIAL_MISSING") return bearer;
    return bearer + ", error=\"invalid_token\"";
  }
  if (problem.status == 403 && problem.reason == "INSUFFICIENT_SCOPE") {
    std::string challenge = bearer + ", error=\"insufficient_scope\"";
    if (IsScope(problem.scope)) {
      absl::StrAppend(&challenge, ", scope=\"", problem.scope, "\"");
    }
    return challenge;
  }
  if (problem.status == 400 && problem.reason == "INVALID_REQUEST") {
    return bearer + ", error=\"invalid_request\"";
  }
  return std::nullopt;
}

std::string_view OAuthErrorOf(const Problem& problem) {
  if (problem.reason == "UNSUPPORTED_TOKEN_TYPE") {
    return "unsupported_token_type";
  }
  switch (problem.status) {
    case 401:
      return "invalid_client";
    case 403:
      return "unauthorized_client";
    case 429:
    case 503:
    case 504:
      return "temporarily_unavailable";
    default:
      return problem.status >= 500 ? "server_error" : "invalid_request";
  }
}

http::Response ProblemResponse(const Problem& problem,
                               std::string_view request_id,
                               ProblemReader reader,
                               std::string_view resource_metadata) {
  const bool is_oauth = reader == ProblemReader::kOAuth;
  http::Response response{
      .status = problem.status,
      .fields = {{"Content-Type",
                  is_oauth ? "application/json" : "application/problem+json"},
                 {"Cache-Control", "no-store"},
                 {"X-Request-Id", std::string(request_id)}},
      .body = Document(problem, request_id, reader)};
  if (std::optional<std::string> challenge = ChallengeFor(problem)) {
    if (!resource_metadata.empty()) {
      absl::StrAppend(&*challenge, ", resource_metadata=\"",
                      std::string(resource_metadata), "\"");
    }
    response.fields.push_back({"WWW-Authenticate", *std::move(challenge)});
  }
  if (problem.status == 401 && is_oauth) {
    response.fields.push_back({"WWW-Authenticate", "Basic realm=\"signet\""});
  }
  if (problem.status == 429 || problem.status == 503) {
    const int seconds = std::max(problem.retry_after_s, 1);
    response.fields.push_back({"Retry-After", absl::StrCat(seconds)});
  }
  response.fields.insert(response.fields.end(), problem.fields.begin(),
                         problem.fields.end());
  return response;
}

}  // namespace signet::gateway
