// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwt.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/oauth/base64url.h"

namespace signet::oauth {
namespace {

absl::StatusOr<Json> ParseObject(const char* part, std::string_view encoded) {
  const std::optional<std::string> text = DecodeBase64Url(encoded);
  if (!text.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(part, ": want base64url without padding"));
  }
  absl::StatusOr<Json> object = ParseJson(*text);
  if (!object.ok() || !object->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(part, ": want a JSON object"));
  }
  return object;
}

}  // namespace

absl::StatusOr<Jwt> ParseJwt(std::string_view compact) {
  const size_t first = compact.find('.');
  const size_t last = compact.rfind('.');
  if (first == last ||
      compact.substr(first + 1, last - first - 1).find('.') != compact.npos) {
    return absl::InvalidArgumentError("JWT: want three parts");
  }

  absl::StatusOr<Json> header =
      ParseObject("JOSE header", compact.substr(0, first));
  if (!header.ok()) return header.status();
  absl::StatusOr<Json> claims =
      ParseObject("claims", compact.substr(first + 1, last - first - 1));
  if (!claims.ok()) return claims.status();
  std::optional<std::string> signature =
      DecodeBase64Url(compact.substr(last + 1));
  if (!signature.has_value()) {
    return absl::InvalidArgumentError(
        "signature: want base64url without padding");
  }
  return Jwt{.header = *std::move(header),
             .claims = *std::move(claims),
             .signing_input = std::string(compact.substr(0, last)),
             .signature = *std::move(signature)};
}

}  // namespace signet::oauth
