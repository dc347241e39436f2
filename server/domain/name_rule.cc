// SPDX-License-Identifier: Apache-2.0
#include "server/domain/name_rule.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/utf8.h"

namespace signet {
namespace {

constexpr int kMaxCodePoints = 120;

// What kind of forbidden code point `c` is; nullptr if it is none.
const char* Forbidden(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return "a control character";
  if (c == 0x2028 || c == 0x2029) return "a line or paragraph separator";
  if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) {
    return "a bidirectional control";
  }
  if ((c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE) {
    return "a noncharacter";
  }
  return nullptr;
}

// White_Space of Unicode's PropList.txt, without what Forbidden() has.
bool IsWhiteSpace(char32_t c) {
  return c == 0x20 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

absl::Status Invalid(absl::string_view detail) {
  return absl::InvalidArgumentError(detail);
}

}  // namespace

absl::Status CheckName(std::string_view name) {
  int code_points = 0;
  bool blank = true;
  while (!name.empty()) {
    const std::optional<char32_t> c = TakeCodePoint(name);
    if (!c.has_value())
      return Invalid("got bytes that are not UTF-8, want UTF-8");
    if (const char* kind = Forbidden(*c); kind != nullptr) {
      return Invalid(
          absl::StrFormat("got %s (U+%04X) at character %d, want none", kind,
                          static_cast<uint32_t>(*c), code_points + 1));
    }
    if (!IsWhiteSpace(*c)) blank = false;
    ++code_points;
  }
  if (code_points < 1 || code_points > kMaxCodePoints) {
    return Invalid(absl::StrCat("got ", code_points, " characters, want 1 to ",
                                kMaxCodePoints));
  }
  if (blank)
    return Invalid("got only white space, want at least one other character");
  return absl::OkStatus();
}

}  // namespace signet
