// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/media_type.h"

#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace signet::transcode {
namespace {

bool IsMediaType(std::string_view value, absl::string_view type) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(value.data(), value.size()), ';');
  const auto trim = [](absl::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
      text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
      text.remove_suffix(1);
    }
    return text;
  };
  if (!absl::EqualsIgnoreCase(trim(parts[0]), type)) return false;
  int charsets = 0;
  for (size_t i = 1; i < parts.size(); ++i) {
    const absl::string_view parameter = trim(parts[i]);
    if (parameter.empty()) continue;  // The grammar allows `;` alone.
    if (!absl::EqualsIgnoreCase(parameter, "charset=utf-8") &&
        !absl::EqualsIgnoreCase(parameter, "charset=\"utf-8\"")) {
      return false;
    }
    ++charsets;
  }
  return charsets <= 1;
}

}  // namespace

bool IsJsonMediaType(std::string_view value) {
  return IsMediaType(value, kJsonMediaType);
}

bool IsFormMediaType(std::string_view value) {
  return IsMediaType(value, kFormMediaType);
}

bool HasContentCoding(const http::Request& request) {
  for (const std::string_view coding : request.Values("content-encoding")) {
    if (!absl::EqualsIgnoreCase(absl::string_view(coding.data(), coding.size()),
                                "identity")) {
      return true;
    }
  }
  return false;
}

}  // namespace signet::transcode
