// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/oauth_options.h"

#include <algorithm>

#include "base/error.h"
#include "server/oauth/fetch_url.h"

namespace signet::oauth {
namespace {

// RFC 6749 section 3.3.
bool IsScopeToken(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\';
  });
}

}  // namespace

absl::Status OauthOptions::Validate() const {
  if (accepted_typ != "at+jwt" && accepted_typ != "JWT") {
    return OauthFlagError("oauth_accepted_typ", "want at+jwt or JWT");
  }
  if (groups_claim.empty()) {
    return OauthFlagError("oauth_groups_claim",
                          "got none, want a claim's name");
  }
  if (issuer.empty()) {
    if (!jwks_file.empty()) {
      return OauthFlagError("oauth_jwks_file", "want --oauth_issuer with it");
    }
    if (!audiences.empty()) {
      return OauthFlagError("oauth_audience", "want --oauth_issuer with it");
    }
    if (!required_scope.empty()) {
      return OauthFlagError("oauth_required_scope",
                            "want --oauth_issuer with it");
    }
    return absl::OkStatus();
  }
  if (audiences.empty() || std::count(audiences.begin(), audiences.end(), "")) {
    return OauthFlagError("oauth_audience",
                          "got none, want one or more with --oauth_issuer");
  }
  if (!required_scope.empty() && !IsScopeToken(required_scope)) {
    return OauthFlagError("oauth_required_scope", "want one scope (RFC 6749)");
  }
  // Of an issuer whose keys are in a file only the name counts; one with a
  // colon is a URI (RFC 7519 section 2).
  absl::Status named;
  if (jwks_file.empty()) {
    named = CheckIssuerUrl(issuer);
  } else if (issuer.find(':') != issuer.npos) {
    named = CheckUrlCharacters(issuer);
  }
  if (named.ok()) return named;
  return OauthFlagError("oauth_issuer", std::string(named.message()));
}

absl::Status OauthFlagError(std::string_view flag, std::string_view detail) {
  std::string message = "--";
  message.append(flag).append(": ").append(detail);
  return MakeError(absl::StatusCode::kInvalidArgument, message,
                   {.reason = "FLAG_INVALID"});
}

}  // namespace signet::oauth
