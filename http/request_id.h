// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_REQUEST_ID_H_
#define SIGNET_HTTP_REQUEST_ID_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/random.h"

namespace signet::http {

// The id of a call for the log: the client's if it `offered` exactly one that
// is 1 to 64 of `A-Za-z0-9._-`, else a new UUID of version 7 (RFC 9562).
std::string ChooseRequestId(std::span<const std::string_view> offered,
                            absl::Time now, RandomSource& random);

}  // namespace signet::http

#endif  // SIGNET_HTTP_REQUEST_ID_H_
