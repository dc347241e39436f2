// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_FORM_READER_H_
#define SIGNET_GATEWAY_TRANSCODE_FORM_READER_H_

#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace signet::transcode {

// What a form says.
struct FormReading {
  // The values of the parameters asked for, in that order. Empty: the parameter
  // is not there, or has no value, which is the same (RFC 6749 section 3.2).
  std::vector<Secret> values;

  // In the order of the form; each names its parameter, or `(body)` where that
  // is not one of those asked for. A fault never echoes a value.
  std::vector<FieldViolation> faults;
};

// Reads the parameters called `names` from a form
// (application/x-www-form-urlencoded). Each may come once, with or without a
// value. Others are ignored, though all must be UTF-8 in sound
// percent-encoding. Whatever was decoded on the way is wiped, since any piece
// may hold a token that was put where it does not belong.
FormReading ReadForm(std::string_view form,
                     std::span<const std::string_view> names);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_FORM_READER_H_
