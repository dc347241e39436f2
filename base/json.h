// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_JSON_H_
#define SIGNET_BASE_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace signet {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  int max_depth = 32;  // The top value is level 1 when an object or array.
};

// Reads one JSON text (RFC 8259), strictly: UTF-8 only and no byte order mark;
// no duplicate member names (compared after unescaping), comments, single
// quotes, trailing commas or bytes, lone surrogates, unescaped controls, NaN,
// or numbers that a double or 64-bit integer cannot hold. Memory is bounded by
// a small multiple of the text. Errors are INVALID_ARGUMENT with reason
// `JSON_TOO_DEEP` or `JSON_MALFORMED`; the message gives the byte offset and
// never echoes the text, and what was read of it is wiped.
absl::StatusOr<Json> ParseJson(std::string_view text, JsonLimits limits = {});

// Overwrites every string in `json`, and empties it; names of members stay.
void WipeStrings(Json& json);

// Appends `text`, valid UTF-8, as a JSON string with its quotes. Escapes only
// what RFC 8259 section 7 demands.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace signet

#endif  // SIGNET_BASE_JSON_H_
