// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_UTF8_H_
#define SIGNET_BASE_UTF8_H_

#include <optional>
#include <string_view>

namespace signet {

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates (so no
// CESU-8), nothing above U+10FFFF.

// Takes the first code point off `text`, which is not empty. Where it does not
// begin with a whole well-formed one: nullopt, and `text` stays as it is.
//
//   while (!text.empty()) {
//     const std::optional<char32_t> c = TakeCodePoint(text);
//     if (!c.has_value()) return error;
//     ...
//   }
std::optional<char32_t> TakeCodePoint(std::string_view& text);

// Whether all of `text` is well-formed.
bool IsUtf8(std::string_view text);

}  // namespace signet

#endif  // SIGNET_BASE_UTF8_H_
