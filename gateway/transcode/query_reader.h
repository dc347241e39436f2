// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_QUERY_READER_H_
#define SIGNET_GATEWAY_TRANSCODE_QUERY_READER_H_

#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gateway/transcode/route.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// Sets the fields of `request` that the escaped `query` names: those that
// neither the path nor the body provides, `a.b` for a field inside a message.
// One in `by_header` has its value already, and one marked
// `signet.v1.not_in_json` or `signet.v1.secret`, or deeper than a body may
// nest, takes none from here. A repeated field may come several times, any
// other once; a value is read as SetFromText says. Pairs stand between `&`, and
// `+` is a space (application/x-www-form-urlencoded). Returns every fault in
// order; with any, `request` is partly filled. A fault never echoes a value.
std::vector<FieldViolation> QueryToMessage(std::string_view query,
                                           const Route& route,
                                           std::span<const FieldPath> by_header,
                                           google::protobuf::Message& request);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_QUERY_READER_H_
