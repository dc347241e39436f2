// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_NUMERIC_DATE_H_
#define SIGNET_SERVER_OAUTH_NUMERIC_DATE_H_

#include <optional>

#include "absl/time/time.h"
#include "base/json.h"

namespace signet::oauth {

// Reads a NumericDate (RFC 7519 section 2): seconds since 1970, whole or not.
// nullopt unless it is a number within 1970 and 9999: a negative one is
// nobody's date, and a bigger one counts in milliseconds, most likely, and
// would make a token immortal.
std::optional<absl::Time> ReadNumericDate(const Json& value);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_NUMERIC_DATE_H_
