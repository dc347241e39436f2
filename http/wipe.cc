// SPDX-License-Identifier: Apache-2.0
#include "http/wipe.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/secret.h"
#include "http/http_message.h"

namespace signet::http {

void WipeRequest(Request& request) {
  for (Field& field : request.fields) Wipe(field.value);
  Wipe(request.body);
}

void AppendToBody(std::string_view bytes, std::string& body) {
  const size_t size = body.size() + bytes.size();
  if (size > body.capacity()) {
    std::string larger;
    larger.reserve(std::max(size, 2 * body.capacity()));
    larger.append(body);
    std::swap(body, larger);
    Wipe(larger);
  }
  body.append(bytes);
}

void WipeIfSensitive(Response& response) {
  if (response.sensitive) Wipe(response.body);
}

void Drop(Response& response) {
  WipeIfSensitive(response);
  const Response dropped = std::move(response);
  response = Response();
}

}  // namespace signet::http
