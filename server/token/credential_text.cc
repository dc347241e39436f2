// SPDX-License-Identifier: Apache-2.0
#include "server/token/credential_text.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/ascii.h"
#include "server/token/token.h"

namespace signet::token {
namespace {

constexpr std::string_view kRedacted = "[redacted]";

// Of a JWT at least: its header and claims, and its signature. The shortest
// that is in use, HMAC-SHA-256, has 43 characters.
constexpr std::string_view kJwtBegin = "eyJ";  // `{"` in base64url.
constexpr size_t kShortestPart = 8;
constexpr size_t kShortestSignature = 32;

struct Place {
  size_t begin = 0;
  size_t end = 0;
};

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsBase64Url(char c) { return IsTokenCharacter(c) || c == '-'; }

// How far on from `begin` characters are as `is` says.
size_t EndOfRun(std::string_view text, size_t begin, bool (*is)(char)) {
  while (begin < text.size() && is(text[begin])) ++begin;
  return begin;
}

// The first token that ends with `tail`, the part behind its prefix.
std::optional<Place> TokenWithTailAt(std::string_view text, size_t tail) {
  const size_t end = tail + kTokenTailLength;
  const size_t first = tail - std::min(tail, kMaxTokenPrefixLength);
  for (size_t begin = tail; begin > first && IsTokenCharacter(text[begin - 1]);
       --begin) {
    if (ParseToken(text.substr(begin - 1, end - begin + 1)).has_value()) {
      return Place{.begin = begin - 1, .end = end};
    }
  }
  return std::nullopt;
}

std::optional<Place> FindToken(std::string_view text, size_t from) {
  while (from + kTokenTailLength <= text.size()) {
    const size_t tail = text.find('_', from);
    if (tail == text.npos || tail + kTokenTailLength > text.size()) break;
    const std::optional<Place> place = TokenWithTailAt(text, tail);
    if (place.has_value()) return place;
    from = tail + 1;
  }
  return std::nullopt;
}

std::optional<Place> FindJwt(std::string_view text, size_t from) {
  // Whatever else begins in the same run of characters ends with it, too, so
  // that the next place to look is behind it.
  size_t header = from;
  for (size_t begin = text.find(kJwtBegin, from); begin != text.npos;
       begin = text.find(kJwtBegin, header)) {
    header = EndOfRun(text, begin, &IsBase64Url);
    if (header - begin < kShortestPart || header >= text.size() ||
        text[header] != '.') {
      continue;
    }
    const size_t claims = EndOfRun(text, header + 1, &IsBase64Url);
    if (claims - header - 1 < kShortestPart || claims >= text.size() ||
        text[claims] != '.') {
      continue;
    }
    const size_t end = EndOfRun(text, claims + 1, &IsBase64Url);
    if (end - claims - 1 >= kShortestSignature) {
      return Place{.begin = begin, .end = end};
    }
  }
  return std::nullopt;
}

}  // namespace

bool HoldsCredential(std::string_view text) {
  return FindToken(text, 0).has_value() || FindJwt(text, 0).has_value();
}

std::string WithoutCredentials(std::string_view text) {
  std::string out(text);
  for (const auto find : {&FindToken, &FindJwt}) {
    size_t from = 0;
    for (auto place = find(out, from); place.has_value();
         place = find(out, from)) {
      out.replace(place->begin, place->end - place->begin, kRedacted);
      from = place->begin + kRedacted.size();
    }
  }
  return out;
}

}  // namespace signet::token
