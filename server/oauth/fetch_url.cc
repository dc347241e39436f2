// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/fetch_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"

namespace signet::oauth {
namespace {

bool IsVisibleAscii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7f; });
}

// Taken apart by the library that will open it, so that both agree on the host.
class Url {
 public:
  static std::optional<Url> Parse(const std::string& text) {
    Url url(curl_url());
    // Nothing is guessed: neither a scheme nor an escape for a space.
    if (url.handle_ == nullptr || curl_url_set(url.handle_.get(), CURLUPART_URL,
                                               text.c_str(), 0) != CURLUE_OK) {
      return std::nullopt;
    }
    return url;
  }

  bool Has(CURLUPart part) const { return Get(part).has_value(); }

  std::optional<std::string> Get(CURLUPart part) const {
    char* text = nullptr;
    if (curl_url_get(handle_.get(), part, &text, 0) != CURLUE_OK) {
      return std::nullopt;
    }
    const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
    return std::string(text);
  }

  bool IsHttps() const { return Get(CURLUPART_SCHEME) == "https"; }

  bool IsLoopbackHttp() const {
    if (Get(CURLUPART_SCHEME) != "http") return false;
    const std::string host = Get(CURLUPART_HOST).value_or("");
    in_addr ipv4 = {};
    if (inet_pton(AF_INET, host.c_str(), &ipv4) == 1) {
      return (ntohl(ipv4.s_addr) >> 24) == 127;
    }
    return host == "localhost" || host == "[::1]";
  }

  // None, or one that something can listen on.
  bool HasUsualPort() const {
    const std::optional<std::string> port = Get(CURLUPART_PORT);
    return !port.has_value() || port->find_first_not_of('0') != port->npos;
  }

  // As it is once escapes are undone.
  bool HasPlainHost() const {
    const std::string host = Get(CURLUPART_HOST).value_or("");
    return IsVisibleAscii(host) && host.find('%') == host.npos;
  }

  bool HasCredentialsOrFragment() const {
    return Has(CURLUPART_USER) || Has(CURLUPART_PASSWORD) ||
           Has(CURLUPART_FRAGMENT);
  }

 private:
  struct Deleter {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
  };
  explicit Url(CURLU* handle) : handle_(handle) {}

  std::unique_ptr<CURLU, Deleter> handle_;
};

}  // namespace

absl::Status CheckUrlCharacters(const std::string& url) {
  if (IsVisibleAscii(url)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "got a character that no URL has, want ASCII only: a host in its xn-- "
      "form (RFC 5890), a path in percent-encoding");
}

absl::Status CheckIssuerUrl(const std::string& issuer) {
  if (absl::Status s = CheckUrlCharacters(issuer); !s.ok()) return s;
  const std::optional<Url> url = Url::Parse(issuer);
  if (url.has_value() && !url->HasPlainHost()) {
    return absl::InvalidArgumentError(
        "host: got an escape, want ASCII only, in its xn-- form (RFC 5890)");
  }
  if (url.has_value() && !url->HasUsualPort()) {
    return absl::InvalidArgumentError("port: want 1 to 65535");
  }
  if (url.has_value() && (url->IsHttps() || url->IsLoopbackHttp()) &&
      !url->HasCredentialsOrFragment() && !url->Has(CURLUPART_QUERY)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "want an https URL (http of a loopback host) without query, fragment, "
      "user or password");
}

absl::Status CheckKeysUrl(const std::string& jwks_uri,
                          const std::string& issuer) {
  if (absl::Status s = CheckUrlCharacters(jwks_uri); !s.ok()) return s;
  const std::optional<Url> url = Url::Parse(jwks_uri);
  if (url.has_value() && !url->HasCredentialsOrFragment()) {
    if (url->IsHttps()) return absl::OkStatus();
    const std::optional<Url> home = Url::Parse(issuer);
    if (url->IsLoopbackHttp() && home.has_value() && home->IsLoopbackHttp()) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      "want an https URL without fragment, user or password");
}

std::vector<std::string> MetadataUrls(const std::string& issuer) {
  std::string base = issuer;
  while (base.ends_with('/')) base.pop_back();
  const size_t host = base.find("://") + 3;
  const size_t path = std::min(base.find('/', host), base.size());
  return {absl::StrCat(base, "/.well-known/openid-configuration"),
          absl::StrCat(base.substr(0, path),
                       "/.well-known/oauth-authorization-server",
                       base.substr(path))};
}

}  // namespace signet::oauth
