// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_PROBLEM_RESPONSE_H_
#define SIGNET_GATEWAY_PROBLEM_RESPONSE_H_

#include <optional>
#include <string>
#include <string_view>

#include "gateway/problem.h"
#include "http/http_message.h"

namespace signet::gateway {

// Who reads a problem document.
enum class ProblemReader {
  kApi,
  // OAuth clients: as `application/json` and with one member more, `error`, as
  // OAuthErrorOf says (RFC 6749 section 5.2).
  kOAuth,
};

// The answer for a problem: an `application/problem+json` after RFC 9457 with
// the members `type`, `title`, `status`, `detail`, `code`, `reason`,
// `request_id`, `errors`, always all and in this order. `type` is
// `urn:signet:error:` and the reason in kebab-case; `title` is the reason in
// words; of more than 100 errors the first 100 are there. Equal problems give
// equal bytes but for the request id. Fields:
//   WWW-Authenticate as ChallengeFor says, and with 401 for OAuth clients a
//   second one for `Basic` (RFC 6749 section 5.2);
//   Retry-After with 429 and 503, at least a second (RFC 9110 section 10.2.3);
//   Cache-Control: no-store, X-Request-Id, and those of the problem.
// `resource_metadata`: where the server's metadata is, which a challenge then
// names (RFC 9728 section 5.1); empty: it names none.
http::Response ProblemResponse(const Problem& problem,
                               std::string_view request_id,
                               ProblemReader reader = ProblemReader::kApi,
                               std::string_view resource_metadata = {});

// The challenge that belongs to a problem (RFC 6750 section 3), if one does:
//   401 CREDENTIAL_MISSING: no error code; any other 401: invalid_token.
//   403 INSUFFICIENT_SCOPE: insufficient_scope, and the scope where it is
//   known. 400 INVALID_REQUEST: invalid_request.
std::optional<std::string> ChallengeFor(const Problem& problem);

// The error code of OAuth 2.0 for a problem (RFC 6749 sections 5.2 and 4.1.2.1,
// RFC 7009 section 2.2.1):
//   UNSUPPORTED_TOKEN_TYPE: unsupported_token_type. 401: invalid_client.
//   403: unauthorized_client. 429, 503, 504: temporarily_unavailable.
//   Any other 5xx: server_error. The rest: invalid_request.
std::string_view OAuthErrorOf(const Problem& problem);

}  // namespace signet::gateway

#endif  // SIGNET_GATEWAY_PROBLEM_RESPONSE_H_
