// SPDX-License-Identifier: Apache-2.0
#include "base/entity_tag.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace signet {
namespace {

struct Tag {
  std::string_view text;  // Without its quotes.
  bool weak = false;
};

// Takes the first tag from `list`; nullopt where none begins.
std::optional<Tag> TakeTag(std::string_view& list) {
  Tag tag;
  if (list.starts_with("W/")) {
    tag.weak = true;
    list.remove_prefix(2);
  }
  if (!list.starts_with('"')) return std::nullopt;
  const size_t end = list.find('"', 1);
  if (end == list.npos) return std::nullopt;
  tag.text = list.substr(1, end - 1);
  list.remove_prefix(end + 1);
  return tag;
}

void Skip(std::string_view& list, const char* characters) {
  list.remove_prefix(std::min(list.find_first_not_of(characters), list.size()));
}

}  // namespace

bool IsEntityTagChar(char c) { return c >= 0x21 && c <= 0x7E && c != '"'; }

bool IsTagCondition(std::string_view text) {
  if (text == "*") return true;
  bool any = false;
  Skip(text, " \t,");
  while (!text.empty()) {
    const std::optional<Tag> tag = TakeTag(text);
    if (!tag.has_value() || tag->text.empty() ||
        !std::all_of(tag->text.begin(), tag->text.end(), IsEntityTagChar)) {
      return false;
    }
    any = true;
    Skip(text, " \t");
    if (!text.empty() && text.front() != ',') return false;
    Skip(text, " \t,");
  }
  return any;
}

bool NamesTag(std::string_view condition, std::string_view tag,
              TagComparison comparison) {
  if (condition == "*") return true;
  while (true) {
    Skip(condition, " \t,");
    const std::optional<Tag> named = TakeTag(condition);
    if (!named.has_value()) return false;
    if (named->text == tag &&
        (comparison == TagComparison::kWeak || !named->weak)) {
      return true;
    }
  }
}

}  // namespace signet
