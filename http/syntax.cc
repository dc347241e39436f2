// SPDX-License-Identifier: Apache-2.0
#include "http/syntax.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"

namespace signet::http {
namespace {

enum CharClass : uint8_t {
  kTchar = 1,  // RFC 9110 section 5.6.2
  kUri = 2,    // pchar, "/" and "?" of RFC 3986 section 3.3, "%" included
  kHost = 4,   // reg-name of RFC 3986 section 3.2.2, "%" included
};

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view chars, uint8_t bits) {
    for (const char c : chars) classes[static_cast<uint8_t>(c)] |= bits;
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
      kTchar | kUri | kHost);
  add("!#$%&'*+-.^_`|~", kTchar);
  add("-._~%!$&'()*+,;=:@/?", kUri);
  add("-._~%!$&'()*+,;=", kHost);
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

bool AllOf(std::string_view text, CharClass wanted) {
  return std::all_of(text.begin(), text.end(), [wanted](char c) {
    return (kClasses[static_cast<uint8_t>(c)] & wanted) != 0;
  });
}

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool IsToken(std::string_view text) {
  return !text.empty() && AllOf(text, kTchar);
}

bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
  });
}

std::string_view TrimOws(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

void LowerCase(std::string& text) {
  for (char& c : text) c = absl::ascii_tolower(static_cast<uint8_t>(c));
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return absl::ascii_tolower(static_cast<uint8_t>(x)) ==
           absl::ascii_tolower(static_cast<uint8_t>(y));
  });
}

bool ListHas(std::string_view value, std::string_view token) {
  for (;;) {
    const size_t comma = value.find(',');
    if (EqualsIgnoringCase(TrimOws(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

bool IsAuthority(std::string_view text) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (const char c : text.substr(1, end - 1)) {
      if (!absl::ascii_isxdigit(static_cast<uint8_t>(c)) && c != ':' &&
          c != '.') {
        return false;
      }
    }
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    if (colon == 0 || !AllOf(text.substr(0, colon), kHost)) return false;
    port = text.substr(colon);
  }
  return port.empty() || AllDigits(port.substr(1));
}

std::optional<Target> ParseTarget(std::string_view text) {
  Target target{.path_and_query = text, .authority = {}};
  if (text.empty()) return std::nullopt;
  if (text.front() != '/') {
    const size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return std::nullopt;
    if (!EqualsIgnoringCase(text.substr(0, scheme), "http") &&
        !EqualsIgnoringCase(text.substr(0, scheme), "https")) {
      return std::nullopt;
    }
    text.remove_prefix(scheme + 3);
    const size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    target.path_and_query = text.substr(end);
    if (!IsAuthority(target.authority)) return std::nullopt;
  }
  if (!AllOf(target.path_and_query, kUri)) return std::nullopt;
  return target;
}

}  // namespace signet::http
