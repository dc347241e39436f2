// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_NAME_RULE_H_
#define SIGNET_SERVER_DOMAIN_NAME_RULE_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace signet::domain {

// Names are labels for people, kept byte for byte. Allowed are 1 to 120 Unicode
// code points in UTF-8 that are not all White_Space (Unicode's property), none
// of them
//   - a control: C0, DEL or C1;
//   - a line or paragraph separator: U+2028, U+2029;
//   - a bidirectional embedding, override or isolate: U+202A to U+202E, U+2066
//     to U+2069 (they make text read as what it is not);
//   - a noncharacter: U+FDD0 to U+FDEF, and the last two of each plane.
// Other format characters (zero-width ones among them), private use and
// unassigned code points are allowed. Nothing is normalised. Nor does a
// credential stand in it anywhere (credential_text.h): names are listed and
// audited.
//
// INVALID_ARGUMENT otherwise; the message is "got X, want Y" and names at most
// one code point by its number.
absl::Status CheckName(std::string_view name);

// What a name may begin with: at most 120 code points of what one may hold.
// INVALID_ARGUMENT otherwise, likewise.
absl::Status CheckNamePrefix(std::string_view prefix);

// The name of a user or group: 1 to 255 code points of what a name may hold,
// not only white space. INVALID_ARGUMENT otherwise, likewise.
absl::Status CheckSubjectName(std::string_view name);

// Free text for people, such as a description: at most 1000 code points of what
// a name may hold, and line feeds. Empty and blank ones are fine.
// INVALID_ARGUMENT otherwise, likewise.
absl::Status CheckFreeText(std::string_view text);

// Of the labels of a service account in all: keys and values.
inline constexpr size_t kMaxLabelBytes = 8 * 1024;

// Labels for programs: at most 64, of at most `max_bytes` in all. Keys have 1
// to 63 of `a-z`, `0-9`, `-`, `_`, `.` and `/`, and begin and end with a letter
// or digit; values at most 255 code points of what a name may hold.
// INVALID_ARGUMENT otherwise, likewise.
absl::Status CheckLabels(const std::map<std::string, std::string>& labels,
                         size_t max_bytes = kMaxLabelBytes);

size_t LabelBytes(const std::map<std::string, std::string>& labels);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_NAME_RULE_H_
