// SPDX-License-Identifier: Apache-2.0
#include "server/authenticators.h"

#include <utility>

#include "server/identity/composite_authenticator.h"
#include "server/identity/token_authenticator.h"
#include "server/oauth/curl_http_client.h"
#include "server/oauth/file_key_source.h"
#include "server/oauth/issuer_key_source.h"
#include "server/oauth/oauth_authenticator.h"

namespace signet::server {
namespace {

absl::StatusOr<std::unique_ptr<oauth::KeySource>> NewKeySource(
    const oauth::OauthOptions& oauth, const Clock* clock, Logger* logger) {
  if (!oauth.jwks_file.empty()) {
    auto keys = oauth::FileKeySource::Load(oauth.jwks_file, *logger);
    if (!keys.ok()) {
      return oauth::OauthFlagError("oauth_jwks_file",
                                   std::string(keys.status().message()));
    }
    return *std::move(keys);
  }
  auto http = oauth::CurlHttpClient::Create(oauth.fetch);
  if (!http.ok()) return http.status();
  return std::make_unique<oauth::IssuerKeySource>(
      oauth.issuer, oauth.fetch, *std::move(http), clock, logger);
}

}  // namespace

absl::StatusOr<Authentication> NewAuthentication(
    identity::TokenDirectory* directory, const Clock* clock, Logger* logger,
    const oauth::OauthOptions& oauth) {
  if (const absl::Status s = oauth.Validate(); !s.ok()) return s;
  Authentication who;
  std::unique_ptr<oauth::OauthAuthenticator> users;
  if (!oauth.issuer.empty()) {
    absl::StatusOr<std::unique_ptr<oauth::KeySource>> keys =
        NewKeySource(oauth, clock, logger);
    if (!keys.ok()) return keys.status();
    who.issuer_keys = keys->get();
    users = std::make_unique<oauth::OauthAuthenticator>(oauth, *std::move(keys),
                                                        logger);
  }
  who.authenticator = std::make_unique<identity::CompositeAuthenticator>(
      std::make_unique<identity::TokenAuthenticator>(directory),
      std::move(users));
  return who;
}

}  // namespace signet::server
