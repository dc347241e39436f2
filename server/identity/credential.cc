// SPDX-License-Identifier: Apache-2.0
#include "server/identity/credential.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/credential_size.h"
#include "server/identity/auth_error.h"

namespace signet::identity {
namespace {

constexpr std::string_view kScheme = "Bearer";

// RFC 9110 section 5.6.2.
bool IsTokenChar(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         kMarks.find(c) != kMarks.npos;
}

constexpr std::array<bool, 256> kB64TokenChars = [] {
  std::array<bool, 256> is_one = {};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789-._~+/")) {
    is_one[static_cast<unsigned char>(c)] = true;
  }
  return is_one;
}();

// RFC 6750 section 2.1: 1*( ALPHA / DIGIT / "-._~+/" ) *"=". By a table, as
// each verification asks.
bool IsB64Token(std::string_view text) {
  const auto* const padding = std::find_if_not(
      text.begin(), text.end(),
      [](char c) { return kB64TokenChars[static_cast<unsigned char>(c)]; });
  return padding != text.begin() &&
         std::all_of(padding, text.end(), [](char c) { return c == '='; });
}

}  // namespace

absl::StatusOr<Credential> Credential::FromAuthorization(
    std::span<const std::string> values) {
  if (values.empty()) return CredentialMissingError();
  if (values.size() > 1) return SeveralCredentialsError();
  return FromAuthorization(values.front());
}

absl::StatusOr<Credential> Credential::FromAuthorization(
    std::string_view value) {
  const std::string_view scheme = value.substr(0, kScheme.size());
  if (!absl::EqualsIgnoreCase(
          absl::string_view(scheme.data(), scheme.size()),
          absl::string_view(kScheme.data(), kScheme.size()))) {
    return value.empty() ? CredentialMissingError() : OtherSchemeError();
  }
  const std::string_view rest = value.substr(kScheme.size());
  // RFC 6750 section 2.1: "Bearer" 1*SP b64token.
  const std::string_view token =
      rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  // `Bearer` alone names no credential; `Bearerx` is another scheme.
  if (token.empty()) return CredentialMissingError();
  if (IsTokenChar(rest.front())) return OtherSchemeError();
  if (rest.front() != ' ') return TokenInvalidError();
  return FromToken(token);
}

absl::StatusOr<Credential> Credential::FromToken(std::string_view token) {
  if (token.size() > kMaxCredentialBytes || !IsB64Token(token)) {
    return TokenInvalidError();
  }
  return Credential(token);
}

}  // namespace signet::identity
