// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace signet {

std::optional<char32_t> TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<uint8_t>(text.front());
  size_t size = 1;
  char32_t code_point = lead;
  char32_t smallest = 0;  // Anything below it is an overlong form.
  if (lead >= 0x80) {
    if (lead >= 0xC0 && lead < 0xE0) {
      size = 2, code_point = lead & 0x1F, smallest = 0x80;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      size = 3, code_point = lead & 0x0F, smallest = 0x800;
    } else if (lead >= 0xF0 && lead < 0xF8) {
      size = 4, code_point = lead & 0x07, smallest = 0x10000;
    } else {
      return std::nullopt;
    }
    if (text.size() < size) return std::nullopt;
    for (size_t i = 1; i < size; ++i) {
      const auto next = static_cast<uint8_t>(text[i]);
      if ((next & 0xC0) != 0x80) return std::nullopt;
      code_point = (code_point << 6) | (next & 0x3F);
    }
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < smallest || code_point > 0x10FFFF || surrogate) {
    return std::nullopt;
  }
  text.remove_prefix(size);
  return code_point;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    if (!TakeCodePoint(text).has_value()) return false;
  }
  return true;
}

}  // namespace signet
