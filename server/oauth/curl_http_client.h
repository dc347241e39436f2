// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_CURL_HTTP_CLIENT_H_
#define SIGNET_SERVER_OAUTH_CURL_HTTP_CLIENT_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/oauth/http_client.h"
#include "server/oauth/oauth_options.h"

namespace signet::oauth {

// An HttpClient on libcurl for servers that are trusted only as far as needed:
// certificates are verified against the system's authorities (TLS 1.2 or
// later); no redirect is followed, no proxy taken from the environment, no
// cookie, password or encoded body accepted; a bigger or later answer than the
// policy allows is dropped. http is spoken where the URL says so: see
// fetch_url.h for who may.
class CurlHttpClient final : public HttpClient {
 public:
  // RESOURCE_EXHAUSTED: libcurl could not be set up.
  static absl::StatusOr<std::unique_ptr<CurlHttpClient>> Create(
      const KeyFetchPolicy& policy);

  ~CurlHttpClient() override;

  absl::StatusOr<std::string> Get(const std::string& url) override;
  void Cancel() override;

 private:
  struct Handles;

  CurlHttpClient(const KeyFetchPolicy& policy,
                 std::unique_ptr<Handles> handles);

  // Runs the prepared request. A curl error code.
  int Perform();

  const KeyFetchPolicy policy_;
  const std::unique_ptr<Handles> handles_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_CURL_HTTP_CLIENT_H_
