// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/client_credential.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/secret.h"
#include "gateway/transcode/url.h"

namespace signet::transcode {
namespace {

// `credential` is the base64 of ID:PASSWORD (RFC 7617 section 2), of which an
// OAuth client has form-encoded both.
std::optional<Secret> PasswordOf(absl::string_view credential) {
  std::string decoded;
  const bool sound = absl::Base64Unescape(credential, &decoded);
  const Secret pair(std::move(decoded));
  const size_t colon = pair.Expose().find(':');
  if (!sound || colon == std::string_view::npos) return std::nullopt;
  std::optional<std::string> password =
      FormDecode(pair.Expose().substr(colon + 1));
  if (!password.has_value()) return std::nullopt;
  return Secret(*std::move(password));
}

}  // namespace

void TakeClientCredential(std::vector<std::string>& authorization) {
  constexpr absl::string_view kBasic = "Basic ";
  if (authorization.size() != 1) return;
  std::string& value = authorization[0];
  if (!absl::StartsWithIgnoreCase(value, kBasic)) return;
  const std::optional<Secret> password =
      PasswordOf(absl::string_view(value).substr(kBasic.size()));
  if (!password.has_value()) return;
  constexpr std::string_view kBearer = "Bearer ";
  std::string bearer;
  bearer.reserve(kBearer.size() + password->Expose().size());
  bearer.append(kBearer).append(password->Expose());
  Wipe(value);
  value = std::move(bearer);
}

}  // namespace signet::transcode
