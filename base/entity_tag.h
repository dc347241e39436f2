// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_ENTITY_TAG_H_
#define SIGNET_BASE_ENTITY_TAG_H_

#include <string_view>

namespace signet {

// Entity tags (RFC 9110 section 8.8.3) and the conditions of requests on them
// (section 13.1). Pure functions.

// Whether `c` may be in an entity tag: etagc without obs-text.
bool IsEntityTagChar(char c);

// Whether `text` is the value of an If-Match field: `*`, or entity tags apart
// by commas, at least one and none of them empty.
bool IsTagCondition(std::string_view text);

enum class TagComparison {
  kStrong,  // A weak tag equals none. For If-Match.
  kWeak,    // Weak or not makes no difference. For If-None-Match.
};

// Whether `condition` is `*` or names `tag`, which stands without its quotes.
// What is no entity tag ends the list.
bool NamesTag(std::string_view condition, std::string_view tag,
              TagComparison comparison);

}  // namespace signet

#endif  // SIGNET_BASE_ENTITY_TAG_H_
