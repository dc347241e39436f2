// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/issuer_keys.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "server/oauth/fetch_url.h"

namespace signet::oauth {
namespace {

absl::Status About(const char* document, const absl::Status& status) {
  // A document that breaks a rule is the issuer's fault, not an argument's.
  const absl::StatusCode code = absl::IsInvalidArgument(status)
                                    ? absl::StatusCode::kUnavailable
                                    : status.code();
  return absl::Status(code, absl::StrCat(document, ": ", status.message()));
}

absl::StatusOr<std::string> FetchMetadata(const std::string& issuer,
                                          HttpClient& http) {
  absl::StatusOr<std::string> text;
  for (const std::string& url : MetadataUrls(issuer)) {
    text = http.Get(url);
    if (!absl::IsNotFound(text.status())) break;
  }
  return text;
}

absl::StatusOr<std::string> ReadKeysUrl(const std::string& metadata,
                                        const std::string& issuer) {
  const absl::StatusOr<Json> json = ParseJson(metadata);
  if (!json.ok() || !json->is_object()) {
    return absl::InvalidArgumentError("want a JSON object");
  }
  // RFC 8414 section 3.3: else another server's keys would speak for this one.
  const auto name = json->find("issuer");
  if (name == json->end() || *name != issuer) {
    return absl::InvalidArgumentError(
        "issuer: want exactly the one of --oauth_issuer");
  }
  const auto uri = json->find("jwks_uri");
  if (uri == json->end() || !uri->is_string()) {
    return absl::InvalidArgumentError("jwks_uri: want a URL");
  }
  const auto url = uri->get<std::string>();
  if (const absl::Status s = CheckKeysUrl(url, issuer); !s.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("jwks_uri: ", s.message()));
  }
  return url;
}

}  // namespace

absl::StatusOr<JwkSet> FetchIssuerKeys(const std::string& issuer,
                                       HttpClient& http) {
  constexpr char kMetadata[] = "issuer metadata";
  constexpr char kKeys[] = "issuer keys";

  const absl::StatusOr<std::string> metadata = FetchMetadata(issuer, http);
  if (!metadata.ok()) return About(kMetadata, metadata.status());
  const absl::StatusOr<std::string> url = ReadKeysUrl(*metadata, issuer);
  if (!url.ok()) return About(kMetadata, url.status());

  const absl::StatusOr<std::string> text = http.Get(*url);
  if (!text.ok()) return About(kKeys, text.status());
  absl::StatusOr<JwkSet> keys = JwkSet::Parse(*text);
  if (!keys.ok()) return About(kKeys, keys.status());
  return keys;
}

}  // namespace signet::oauth
