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

struct ClientCredential {
  std::optional<Uuid> id = {};
  Secret password = {};
};

std::optional<Secret> Decoded(std::string_view text) {
  std::optional<std::string> decoded = FormDecode(text);
  if (!decoded.has_value()) return std::nullopt;
  return Secret(*std::move(decoded));
}

// `credential` is the base64 of ID:PASSWORD (RFC 7617 section 2), of which an
// OAuth client has form-encoded both.
std::optional<ClientCredential> ReadPair(absl::string_view credential) {
  std::string decoded;
  const bool sound = absl::Base64Unescape(credential, &decoded);
  const Secret pair(std::move(decoded));
  const size_t colon = pair.Expose().find(':');
  if (!sound || colon == std::string_view::npos) return std::nullopt;
  std::optional<Secret> password = Decoded(pair.Expose().substr(colon + 1));
  if (!password.has_value()) return std::nullopt;
  // A secret too: it may be the token, where a client takes one for the other.
  const std::optional<Secret> id = Decoded(pair.Expose().substr(0, colon));
  return ClientCredential{
      .id = id.has_value() ? Uuid::Parse(id->Expose()) : std::nullopt,
      .password = *std::move(password)};
}

}  // namespace

std::optional<Uuid> TakeClientCredential(
    std::vector<std::string>& authorization) {
  constexpr absl::string_view kBasic = "Basic ";
  if (authorization.size() != 1) return std::nullopt;
  std::string& value = authorization[0];
  if (!absl::StartsWithIgnoreCase(value, kBasic)) return std::nullopt;
  const std::optional<ClientCredential> pair =
      ReadPair(absl::string_view(value).substr(kBasic.size()));
  if (!pair.has_value()) return std::nullopt;
  const std::string_view password = pair->password.Expose();
  constexpr std::string_view kBearer = "Bearer ";
  std::string bearer;
  bearer.reserve(kBearer.size() + password.size());
  bearer.append(kBearer).append(password);
  Wipe(value);
  value = std::move(bearer);
  return pair->id;
}

}  // namespace signet::transcode
