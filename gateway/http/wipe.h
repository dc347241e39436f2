// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_HTTP_WIPE_H_
#define SIGNET_GATEWAY_HTTP_WIPE_H_

#include "gateway/http_message.h"

namespace signet {

// Overwrites the field values of a request that nobody will handle: one of them
// may be a bearer token.
void WipeFields(HttpRequest& request);

// Overwrites the body of a response that holds a token.
void WipeIfSensitive(HttpResponse& response);

}  // namespace signet

#endif  // SIGNET_GATEWAY_HTTP_WIPE_H_
