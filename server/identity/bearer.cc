// SPDX-License-Identifier: Apache-2.0
#include "server/identity/bearer.h"

#include <algorithm>

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

// RFC 6750 section 2.1: 1*( ALPHA / DIGIT / "-._~+/" ) *"=".
bool IsB64Token(std::string_view text) {
  const size_t padding = text.find('=');
  const std::string_view body = text.substr(0, padding);
  const std::string_view rest = text.substr(body.size());
  constexpr std::string_view kMarks = "-._~+/";
  return !body.empty() && std::all_of(body.begin(), body.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kMarks.find(c) != kMarks.npos;
  }) && rest.find_first_not_of('=') == rest.npos;
}

}  // namespace

absl::StatusOr<std::string_view> ReadBearer(
    std::span<const std::string> authorization) {
  if (authorization.empty()) return CredentialMissingError();
  if (authorization.size() > 1) return SeveralCredentialsError();

  const std::string_view value = authorization.front();
  const std::string_view scheme = value.substr(0, kScheme.size());
  if (!absl::EqualsIgnoreCase(
          absl::string_view(scheme.data(), scheme.size()),
          absl::string_view(kScheme.data(), kScheme.size()))) {
    return CredentialMissingError();
  }
  const std::string_view rest = value.substr(kScheme.size());
  // RFC 6750 section 2.1: "Bearer" 1*SP b64token.
  const std::string_view credential =
      rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  // `Bearer` alone names no credential; `Bearerx` is another scheme.
  if (credential.empty() || IsTokenChar(rest.front())) {
    return CredentialMissingError();
  }
  if (rest.front() != ' ' || credential.size() > kMaxCredentialBytes ||
      !IsB64Token(credential)) {
    return TokenInvalidError();
  }
  return credential;
}

}  // namespace signet::identity
