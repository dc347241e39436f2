// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/form_credential.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/secret.h"
#include "gateway/transcode/form_reader.h"
#include "gateway/transcode/media_type.h"

namespace signet::transcode {
namespace {

std::optional<gateway::Problem> ReadCredential(
    std::string_view form, std::vector<std::string>& authorization) {
  constexpr std::string_view kNames[] = {"token"};
  FormReading reading = ReadForm(form, kNames);
  if (!reading.faults.empty()) {
    return gateway::FormInvalid(std::move(reading.faults[0]));
  }
  const std::string_view text = reading.values[0].Expose();
  if (text.empty())
    return gateway::FormInvalid({"token", "got none, want one"});
  if (text.size() > kMaxFormTokenBytes) {
    return gateway::FormInvalid(
        {"token", absl::StrCat("want at most ", kMaxFormTokenBytes, " bytes")});
  }
  constexpr std::string_view kScheme = "Bearer ";
  std::string& value = authorization.emplace_back();
  value.reserve(kScheme.size() + text.size());  // So that it never moves.
  value.append(kScheme).append(text);
  return std::nullopt;
}

std::optional<gateway::Problem> Take(const http::Request& request,
                                     std::vector<std::string>& authorization) {
  if (!authorization.empty()) return gateway::SeveralCredentials();
  if (HasContentCoding(request)) return gateway::ContentCodingUnsupported();
  if (request.body_too_large) return gateway::BodyTooLarge();
  return ReadCredential(request.body, authorization);
}

}  // namespace

bool IsForm(const http::Request& request) {
  const std::vector<std::string_view> types = request.Values("content-type");
  return (!request.body.empty() || request.body_too_large) &&
         types.size() == 1 && IsFormMediaType(types[0]);
}

std::optional<gateway::Problem> TakeFormCredential(
    http::Request& request, std::vector<std::string>& authorization) {
  std::optional<gateway::Problem> fault = Take(request, authorization);
  Wipe(request.body);
  std::erase_if(request.fields, [](const http::Field& field) {
    return field.name == "content-type";
  });
  if (fault.has_value()) {
    for (std::string& credential : authorization) Wipe(credential);
    authorization.clear();
  }
  return fault;
}

}  // namespace signet::transcode
