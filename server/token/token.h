// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_TOKEN_TOKEN_H_
#define SIGNET_SERVER_TOKEN_TOKEN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/secret.h"

namespace signet::token {

// The text of a token: `<prefix>_<public_id>_<secret><checksum>`.
//   prefix     the server's: 1 to 32 letters, digits and underscores
//   public_id  16 base62 characters, unique for ever; a handle, not a secret
//   secret     43 base62 characters, uniform: 256 bits from the random source
//   checksum   6 base62 characters: CRC-32 (IEEE 802.3, as in zlib) of all that
//              precedes, most significant digit first, zero-padded
// The base62 alphabet is `0-9A-Za-z`. Pure functions, thread-safe.

// Of what follows the prefix, from its underscore on.
inline constexpr size_t kTokenTailLength = 1 + 16 + 1 + 43 + 6;
inline constexpr size_t kMaxTokenPrefixLength = 32;

struct MintedToken {
  Secret text;
  std::string public_id;
  std::string last4;
};

// Views into the text that was parsed.
struct ParsedToken {
  std::string_view prefix;
  std::string_view public_id;
};

// INVALID_ARGUMENT unless `prefix` may begin a token: 1 to 32 of `A-Za-z0-9_`,
// neither starting nor ending with an underscore.
absl::Status ValidateTokenPrefix(std::string_view prefix);

// Mints a token under a valid `prefix`. The public id is time-ordered: `now` in
// milliseconds since 1970 in its first 8 characters (enough until the year
// 8888), 8 uniform random ones (47 bits) after them; the caller's storage
// refuses a duplicate. One call of `random`, hardly ever two. No copy of the
// secret stays but in `text`.
MintedToken MintToken(std::string_view prefix, absl::Time now,
                      RandomSource& random);

// Reads a token from the right; nullopt unless shape, alphabet and checksum are
// right. Any valid prefix is read. Touches no storage. Once the shape is right
// the time depends on the length only.
std::optional<ParsedToken> ParseToken(std::string_view text);

// Whether `text` has the form of a public id.
bool IsTokenPublicId(std::string_view text);

}  // namespace signet::token

#endif  // SIGNET_SERVER_TOKEN_TOKEN_H_
