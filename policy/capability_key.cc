// SPDX-License-Identifier: Apache-2.0
#include "policy/capability_key.h"

#include <algorithm>
#include <cstddef>

namespace signet::policy {
namespace {

constexpr size_t kMaxLength = 100;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

bool IsLowerCaseWord(std::string_view text) {
  return !text.empty() && IsLower(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return IsLower(c) || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

bool IsCapabilityKey(std::string_view text) {
  if (text.size() > kMaxLength) return false;
  size_t dot = text.find('.');
  if (dot == text.npos) return false;
  while (dot != text.npos) {
    if (!IsLowerCaseWord(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
    dot = text.find('.');
  }
  return IsLowerCaseWord(text);
}

}  // namespace signet::policy
