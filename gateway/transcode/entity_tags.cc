// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/entity_tags.h"

#include <algorithm>
#include <cstddef>

namespace signet::transcode {
namespace {

// `list` is a list of entity tags; what is none ends it.
bool ListNamesTag(std::string_view list, std::string_view tag) {
  if (list == "*") return true;
  while (true) {
    const size_t begin = list.find_first_not_of(" \t,");
    if (begin == list.npos) return false;
    list.remove_prefix(begin);
    if (list.starts_with("W/")) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const size_t end = list.find('"', 1);
    if (end == list.npos) return false;
    if (list.substr(1, end - 1) == tag) return true;
    list.remove_prefix(end + 1);
  }
}

}  // namespace

bool NamesTag(std::span<const std::string_view> values, std::string_view tag) {
  return std::any_of(
      values.begin(), values.end(),
      [tag](std::string_view list) { return ListNamesTag(list, tag); });
}

}  // namespace signet::transcode
