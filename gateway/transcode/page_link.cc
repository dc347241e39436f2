// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/page_link.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "gateway/transcode/url.h"

namespace signet::transcode {

std::string NextPageLink(std::string_view target, std::string_view page_token) {
  SplitTarget parts = SplitAtQuery(target);
  std::string link = "<";
  AppendReference(parts.path, link);
  char separator = '?';
  while (const std::optional<EscapedPair> pair = TakePair(parts.query)) {
    if (FormDecode(pair->name) == kPageToken) continue;
    link += separator;
    AppendReference(pair->text, link);
    separator = '&';
  }
  absl::StrAppend(&link, std::string(1, separator), kPageToken, "=",
                  PercentEncode(page_token), ">; rel=\"next\"");
  return link;
}

}  // namespace signet::transcode
