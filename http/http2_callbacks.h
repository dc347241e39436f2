// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP2_CALLBACKS_H_
#define SIGNET_HTTP_HTTP2_CALLBACKS_H_

#include <nghttp2/nghttp2.h>

#include "http/options.h"

namespace signet::http {

class Http2Session;

// A server session of nghttp2 whose events go to `owner`. What it frees it
// wipes first: HPACK's table keeps Authorization values. Null: out of memory.
nghttp2_session* NewNghttp2Session(Http2Session* owner);

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP2_CALLBACKS_H_
