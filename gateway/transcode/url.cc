// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/url.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "base/secret.h"
#include "base/utf8.h"

namespace signet::transcode {
namespace {

// The value of a hex digit, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The octet that an escape at the front of `text` stands for, or -1.
int EscapedOctet(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = HexValue(text[1]);
  const int low = HexValue(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool IsDotSegment(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    if (segment[0] == '.') {
      segment.remove_prefix(1);
    } else if (EscapedOctet(segment) == '.') {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool HidesSeparator(std::string_view segment) {
  for (size_t i = segment.find('%'); i != segment.npos;
       i = segment.find('%', i + 1)) {
    const int octet = EscapedOctet(segment.substr(i));
    if (octet == '/' || octet == '\\') return true;
  }
  return segment.find('\\') != segment.npos;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int octet = EscapedOctet(text.substr(i));
      if (octet < 0) {
        Wipe(out);
        return std::nullopt;
      }
      out.push_back(static_cast<char>(octet));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  if (!IsUtf8(out)) {
    Wipe(out);
    return std::nullopt;
  }
  return out;
}

void AppendEscape(char c, std::string& out) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  out.push_back('%');
  out.push_back(kHexDigits[static_cast<uint8_t>(c) >> 4]);
  out.push_back(kHexDigits[c & 0x0F]);
}

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

SplitTarget SplitAtQuery(std::string_view target) {
  const size_t mark = target.find('?');
  if (mark == target.npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::optional<PathSegments> SplitPath(std::string_view path) {
  if (path.empty() || path[0] != '/') return std::nullopt;
  PathSegments segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash.
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty() || IsDotSegment(segment) || HidesSeparator(segment)) {
      return std::nullopt;
    }
    segments.push_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

std::optional<EscapedPair> TakePair(std::string_view& query) {
  while (!query.empty()) {
    const std::string_view text = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(text.size() + 1, query.size()));
    if (text.empty()) continue;
    const size_t equals = std::min(text.find('='), text.size());
    return EscapedPair{.text = text,
                       .name = text.substr(0, equals),
                       .value = text.substr(std::min(equals + 1, text.size()))};
  }
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  return Decode(text, /*plus_is_space=*/false);
}

std::optional<std::string> FormDecode(std::string_view text) {
  return Decode(text, /*plus_is_space=*/true);
}

std::string PercentEncode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
    } else {
      AppendEscape(c, out);
    }
  }
  return out;
}

void AppendReference(std::string_view escaped, std::string& out) {
  constexpr std::string_view kOthers = "%!$&'()*+,;=:@/?";
  for (const char c : escaped) {
    if (IsUnreserved(c) || kOthers.find(c) != kOthers.npos) {
      out.push_back(c);
    } else {
      AppendEscape(c, out);
    }
  }
}

}  // namespace signet::transcode
