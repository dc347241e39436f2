// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_NAME_RULE_H_
#define SIGNET_SERVER_DOMAIN_NAME_RULE_H_

#include <string_view>

#include "absl/status/status.h"

namespace signet {

// Names are labels for people, kept byte for byte. Allowed are 1 to 120 Unicode
// code points in UTF-8 that are not all White_Space (Unicode's property), none
// of them
//   - a control: C0, DEL or C1;
//   - a line or paragraph separator: U+2028, U+2029;
//   - a bidirectional embedding, override or isolate: U+202A to U+202E, U+2066
//     to U+2069 (they make text read as what it is not);
//   - a noncharacter: U+FDD0 to U+FDEF, and the last two of each plane.
// Other format characters (zero-width ones among them), private use and
// unassigned code points are allowed. Nothing is normalised.
//
// INVALID_ARGUMENT otherwise; the message is "got X, want Y" and names at most
// one code point by its number.
absl::Status CheckName(std::string_view name);

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_NAME_RULE_H_
