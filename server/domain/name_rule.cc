// SPDX-License-Identifier: Apache-2.0
#include "server/domain/name_rule.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/utf8.h"
#include "server/token/credential_text.h"

namespace signet::domain {
namespace {

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

struct TextRule {
  int min_code_points = 0;
  int max_code_points;
  bool line_feeds = false;
  bool blank = true;  // Whether only white space will do.
};

absl::Status CheckText(std::string_view text, const TextRule& rule) {
  int code_points = 0;
  bool blank = true;
  for (std::string_view rest = text; !rest.empty();) {
    const std::optional<char32_t> c = TakeCodePoint(rest);
    if (!c.has_value())
      return Invalid("got bytes that are not UTF-8, want UTF-8");
    const char* kind = Forbidden(*c);
    if (kind != nullptr && !(rule.line_feeds && *c == '\n')) {
      return Invalid(
          absl::StrFormat("got %s (U+%04X) at character %d, want none", kind,
                          static_cast<uint32_t>(*c), code_points + 1));
    }
    if (!IsWhiteSpace(*c)) blank = false;
    ++code_points;
  }
  if (code_points < rule.min_code_points ||
      code_points > rule.max_code_points) {
    return Invalid(absl::StrCat("got ", code_points, " characters, want ",
                                rule.min_code_points, " to ",
                                rule.max_code_points));
  }
  if (blank && !rule.blank)
    return Invalid("got only white space, want at least one other character");
  // Of a short text only: it costs more than the rest.
  if (token::HoldsCredential(text)) {
    return Invalid(
        "got a text with a credential in it, which is a secret, want none");
  }
  return absl::OkStatus();
}

constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxLabelKeyLength = 63;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool IsLabelKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxLabelKeyLength &&
         IsLetterOrDigit(key.front()) && IsLetterOrDigit(key.back()) &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return IsLetterOrDigit(c) || c == '-' || c == '_' || c == '.' ||
                  c == '/';
         });
}

}  // namespace

absl::Status CheckName(std::string_view name) {
  return CheckText(
      name, {.min_code_points = 1, .max_code_points = 120, .blank = false});
}

absl::Status CheckNamePrefix(std::string_view prefix) {
  return CheckText(prefix, {.max_code_points = 120});
}

absl::Status CheckSubjectName(std::string_view name) {
  return CheckText(
      name, {.min_code_points = 1, .max_code_points = 255, .blank = false});
}

absl::Status CheckFreeText(std::string_view text) {
  return CheckText(text, {.max_code_points = 1000, .line_feeds = true});
}

size_t LabelBytes(const std::map<std::string, std::string>& labels) {
  size_t bytes = 0;
  for (const auto& [key, value] : labels) bytes += key.size() + value.size();
  return bytes;
}

absl::Status CheckLabels(const std::map<std::string, std::string>& labels,
                         size_t max_bytes) {
  if (labels.size() > kMaxLabels) {
    return Invalid(absl::StrCat("got ", labels.size(), " labels, want at most ",
                                kMaxLabels));
  }
  for (const auto& [key, value] : labels) {
    if (!IsLabelKey(key)) {
      return Invalid(
          "got a key out of form, want 1 to 63 of a-z, 0-9, -, _, . and /, "
          "first and last a letter or digit");
    }
    if (absl::Status s = CheckText(value, {.max_code_points = 255}); !s.ok()) {
      return Invalid(absl::StrCat("value of ", key, ": ", s.message()));
    }
  }
  if (const size_t bytes = LabelBytes(labels); bytes > max_bytes) {
    return Invalid(absl::StrCat(
        "got ", bytes, " bytes of keys and values, want at most ", max_bytes));
  }
  return absl::OkStatus();
}

}  // namespace signet::domain
