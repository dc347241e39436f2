// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_RESPONSE_HEAD_H_
#define SIGNET_HTTP_RESPONSE_HEAD_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "http/http_message.h"
#include "http/output.h"

namespace signet::http {

// Whether a response with `status` has a body and a Content-Length (RFC 9110
// section 8.6).
bool StatusHasBody(int status);

// Whether a field may be sent: its name is a token and its value has no control
// characters, so that no value can end the head. Others are left out.
bool IsSendable(const Field& field);

// What HTTP/1.1 says of the connection.
enum class ConnectionOption { kNone, kClose, kKeepAlive };

// Appends an HTTP/1.1 status line and field section (RFC 9112 section 4) with
// Date and Content-Length.
void AppendResponseHead(const Response& response, std::string_view date,
                        ConnectionOption connection, Output& out);

// An HTTP-date (RFC 9110 section 5.6.7), written anew once a second. Not
// thread-safe.
class DateCache {
 public:
  // Valid until the next call.
  std::string_view At(absl::Time now);

 private:
  int64_t second_ = 0;
  std::string text_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_RESPONSE_HEAD_H_
