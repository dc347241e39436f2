// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_HTTP_CLIENT_H_
#define SIGNET_SERVER_OAUTH_HTTP_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"

namespace signet::oauth {

// Fetches small documents. Get is for one thread; Cancel for any.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // The body of a 200 answer to a GET of `url`. Blocks, for a bounded time.
  //   NOT_FOUND: the answer was 404.
  //   CANCELLED: Cancel was called.
  //   UNAVAILABLE: anything else. The message says what, and nothing of the
  //   body.
  virtual absl::StatusOr<std::string> Get(const std::string& url) = 0;

  // Ends the Get that runs, and every later one, at once.
  virtual void Cancel() = 0;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_HTTP_CLIENT_H_
