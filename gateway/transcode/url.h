// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_URL_H_
#define SIGNET_GATEWAY_TRANSCODE_URL_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"

namespace signet::transcode {

// The parts of a request target in origin form (RFC 9112 section 3.2.1), still
// escaped. Views into the target.
struct SplitTarget {
  std::string_view path;
  std::string_view query;  // Without the question mark.
};
SplitTarget SplitAtQuery(std::string_view target);

using PathSegments = absl::InlinedVector<std::string_view, 12>;

// Splits an escaped path at its slashes. nullopt for a path that could be taken
// for another one by anyone who normalises it differently: without a leading
// slash, with an empty segment (so also with a trailing slash), a dot segment
// (RFC 3986 section 5.2.4), or an encoded slash or backslash. Views into
// `path`.
std::optional<PathSegments> SplitPath(std::string_view path);

// One `name=value` of a query or a form, still escaped. Views into it.
struct EscapedPair {
  std::string_view text;  // All of it.
  std::string_view name;
  std::string_view value;  // Empty where there is no equals sign.
};

// Takes the next pair off `query`, and the `&` behind it. Where nothing stands
// between two of these, that is no pair. nullopt: there is none left.
std::optional<EscapedPair> TakePair(std::string_view& query);

// Undoes percent-encoding (RFC 3986 section 2.1). nullopt: a `%` without two
// hex digits, or a result that is not UTF-8; what was decoded of it is wiped.
std::optional<std::string> PercentDecode(std::string_view text);

// As PercentDecode, where `+` stands for a space, as HTML forms write queries
// (application/x-www-form-urlencoded).
std::optional<std::string> FormDecode(std::string_view text);

// Escapes all but the unreserved characters of RFC 3986 section 2.3.
std::string PercentEncode(std::string_view text);

// Appends a path or query as it is, but escapes what may not stand in one (RFC
// 3986 sections 3.3 and 3.4), so that nothing in it ends the reference early.
void AppendReference(std::string_view escaped, std::string& out);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_URL_H_
