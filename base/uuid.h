// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_UUID_H_
#define SIGNET_BASE_UUID_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/random.h"

namespace signet {

// A 128-bit identifier (RFC 9562). An immutable value; compares in byte order,
// which for version 7 is the order of creation, to the millisecond.
class Uuid {
 public:
  using Bytes = std::array<uint8_t, 16>;

  constexpr Uuid() = default;  // The nil UUID (RFC 9562 section 5.9).
  constexpr explicit Uuid(const Bytes& bytes) : bytes_(bytes) {}

  // Reads the canonical 8-4-4-4-12 form in any letter case. Braces, `urn:uuid:`
  // and forms without hyphens are not read. Any version and variant is taken.
  static std::optional<Uuid> Parse(std::string_view text);

  // Time-ordered, version 7 (RFC 9562 section 5.7): 48 bits of Unix
  // milliseconds from `now`, 12 of the fraction (section 6.2, method 3), so
  // that ids sort by time to a quarter of a microsecond; the rest random.
  static Uuid V7(absl::Time now, RandomSource& random);

  // The canonical form in lower case.
  std::string ToString() const;

  constexpr const Bytes& bytes() const { return bytes_; }

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  Bytes bytes_ = {};
};

}  // namespace signet

#endif  // SIGNET_BASE_UUID_H_
