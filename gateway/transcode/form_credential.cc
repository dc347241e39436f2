// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/form_credential.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/media_type.h"
#include "gateway/transcode/url.h"
#include "server/base/secret.h"

namespace signet {
namespace {

// Any piece of the form may be the token, put where it does not belong.
std::optional<Secret> Decode(std::string_view text) {
  std::optional<std::string> decoded = FormDecode(text);
  if (!decoded.has_value()) return std::nullopt;
  return Secret(*std::move(decoded));
}

std::optional<Problem> ReadForm(std::string_view form,
                                std::vector<std::string>& authorization) {
  std::optional<Secret> token;
  while (const std::optional<EscapedPair> pair = TakePair(form)) {
    const std::optional<Secret> name = Decode(pair->name);
    std::optional<Secret> value = Decode(pair->value);
    if (!name.has_value() || !value.has_value()) {
      return FormInvalid(
          {"(body)", "want UTF-8 in percent-encoding (RFC 3986 section 2.1)"});
    }
    if (name->Expose() != "token") continue;
    if (token.has_value()) {
      return FormInvalid({"token", "got it more than once, want it once"});
    }
    token = std::move(value);
  }
  if (!token.has_value() || token->Expose().empty()) {
    return FormInvalid({"token", "got none, want one"});
  }
  const std::string_view text = token->Expose();
  if (text.size() > kMaxFormTokenBytes) {
    return FormInvalid(
        {"token", absl::StrCat("want at most ", kMaxFormTokenBytes, " bytes")});
  }
  constexpr std::string_view kScheme = "Bearer ";
  std::string& value = authorization.emplace_back();
  value.reserve(kScheme.size() + text.size());  // So that it never moves.
  value.append(kScheme).append(text);
  return std::nullopt;
}

std::optional<Problem> Take(const HttpRequest& request,
                            std::vector<std::string>& authorization) {
  if (!authorization.empty()) return SeveralCredentials();
  if (HasContentCoding(request)) return ContentCodingUnsupported();
  if (request.body_too_large) return BodyTooLarge();
  return ReadForm(request.body, authorization);
}

}  // namespace

bool IsForm(const HttpRequest& request) {
  const std::vector<std::string_view> types = request.Values("content-type");
  return types.size() == 1 && IsFormMediaType(types[0]);
}

std::optional<Problem> TakeFormCredential(
    HttpRequest& request, std::vector<std::string>& authorization) {
  std::optional<Problem> fault = Take(request, authorization);
  Wipe(request.body);
  std::erase_if(request.fields, [](const HttpField& field) {
    return field.name == "content-type";
  });
  if (fault.has_value()) {
    for (std::string& credential : authorization) Wipe(credential);
    authorization.clear();
  }
  return fault;
}

}  // namespace signet
