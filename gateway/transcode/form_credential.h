// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_FORM_CREDENTIAL_H_
#define SIGNET_GATEWAY_TRANSCODE_FORM_CREDENTIAL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gateway/problem.h"
#include "http/http_message.h"

namespace signet::transcode {

// The longest token that a form may hold: no longer one is good anywhere.
inline constexpr size_t kMaxFormTokenBytes = 16 * 1024;

// Whether the body of `request` is a form (application/x-www-form-urlencoded).
bool IsForm(const http::Request& request);

// Takes the credential out of a form (RFC 7009 section 2.1): `authorization`
// becomes the one value `Bearer TOKEN`, and `request` one without a body. Every
// parameter but `token` is ignored, though it must be sound.
//
// Returns the first fault, in the order of rank: an Authorization field beside
// the form (400 INVALID_REQUEST), a content coding (415), a body too large
// (413), and a form that does not hold the token exactly once (400
// INVALID_REQUEST). `authorization` is then empty. In any case the body and
// what was given up of `authorization` are wiped.
std::optional<gateway::Problem> TakeFormCredential(
    http::Request& request, std::vector<std::string>& authorization);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_FORM_CREDENTIAL_H_
