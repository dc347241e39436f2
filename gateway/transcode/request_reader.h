// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_REQUEST_READER_H_
#define SIGNET_GATEWAY_TRANSCODE_REQUEST_READER_H_

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/problem.h"
#include "gateway/transcode/route.h"
#include "google/protobuf/message.h"
#include "http/http_message.h"

namespace signet::transcode {

// What an HTTP request asks of a method.
struct RequestReading {
  // The whole request message; with a fault, only what the path names.
  std::unique_ptr<google::protobuf::Message> message;

  // The first-ranking fault that the gateway sees: 415, then 413, then 400.
  // Whether it is answered is for the backend to say: a 401 or 403 outranks it.
  std::optional<gateway::Problem> fault;
};

// Reads the path, the headers of the route, the query and the body. `segments`
// are the path's as the route matched them; `query` is escaped.
//
// A method with a body takes `application/json` without a content coding. An
// empty body without Content-Type sets no field (so it is fine where none is
// required); with one, it is malformed JSON. A method with `form_body` takes
// `application/x-www-form-urlencoded` instead, as ReadForm does. A method
// without a body takes none: a guess at what it might mean helps nobody (RFC
// 9110 section 9.3.1).
//
// Where the route has an update_mask that the query does not give, it is set to
// the names that the body has, in their order and those of nulls too; so it is
// there, but empty, where the body has none.
//
// Of fields marked `signet.v1.secret` the message holds the only copy that
// is left outside of `request`, whose body is for the caller to wipe.
RequestReading ReadRequest(const Route& route,
                           std::span<const std::string_view> segments,
                           std::string_view query,
                           const http::Request& request);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_REQUEST_READER_H_
