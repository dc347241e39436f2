// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_WIPE_H_
#define SIGNET_HTTP_WIPE_H_

#include <string>
#include <string_view>

#include "base/secret.h"  // Wipe, for all that is not a whole message.
#include "http/http_message.h"

namespace signet::http {

// Overwrites the field values and the body of a request that nobody will
// handle: one of them may hold a bearer token.
void WipeRequest(Request& request);

// Appends to a body, and wipes the memory that it outgrows.
void AppendToBody(std::string_view bytes, std::string& body);

// Overwrites the body of a response that holds a token.
void WipeIfSensitive(Response& response);

// The same, and gives the memory of any response back, which to assign an empty
// one does not do.
void Drop(Response& response);

}  // namespace signet::http

#endif  // SIGNET_HTTP_WIPE_H_
