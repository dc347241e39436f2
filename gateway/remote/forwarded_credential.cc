// SPDX-License-Identifier: Apache-2.0
#include "gateway/remote/forwarded_credential.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/credential_size.h"
#include "base/secret.h"

namespace signet::remote {
namespace {

constexpr std::string_view kScheme = "Bearer";

// Enough of a value to see that its scheme is another, or that no space stands
// behind `Bearer`: what follows does not matter then.
constexpr size_t kSchemeBytes = 64;

// A metadata value holds printable ASCII only. No credential has any other
// byte, so an odd one may become a `?`, which none has either: the server
// refuses the value for the same reason as it would have.
void MakePrintable(std::string& value) {
  for (char& c : value) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
}

// Keeps what the verdict depends on. False: the credential is too long.
bool Shorten(std::string& value) {
  const bool bearer = absl::StartsWithIgnoreCase(
      value, absl::string_view(kScheme.data(), kScheme.size()));
  if (!bearer || value.size() <= kScheme.size() ||
      value[kScheme.size()] != ' ') {
    if (value.size() > kSchemeBytes) value.resize(kSchemeBytes);
    return true;
  }
  // RFC 6750 section 2.1: one or more spaces.
  const size_t begin =
      std::min(value.find_first_not_of(' ', kScheme.size()), value.size());
  value.erase(kScheme.size() + 1, begin - (kScheme.size() + 1));
  return value.size() - (kScheme.size() + 1) <= kMaxCredentialBytes;
}

}  // namespace

ForwardedCredential Forwarded(std::vector<std::string> authorization) {
  ForwardedCredential forwarded;
  if (authorization.size() > 1) {
    // Refused for their number (RFC 6750 section 3.1, invalid_request), so none
    // of them needs to travel.
    for (std::string& value : authorization) Wipe(value);
    forwarded.values = {"Bearer ?", "Bearer ?"};
    return forwarded;
  }
  for (std::string& value : authorization) {
    if (!Shorten(value)) {
      Wipe(value);
      forwarded.too_long = true;
      return forwarded;
    }
    MakePrintable(value);
    forwarded.values.push_back(std::move(value));
  }
  return forwarded;
}

}  // namespace signet::remote
