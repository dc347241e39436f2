// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/form_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "gateway/transcode/url.h"

namespace signet::transcode {
namespace {

std::optional<Secret> Decode(std::string_view text) {
  std::optional<std::string> decoded = FormDecode(text);
  if (!decoded.has_value()) return std::nullopt;
  return Secret(*std::move(decoded));
}

}  // namespace

FormReading ReadForm(std::string_view form,
                     std::span<const std::string_view> names) {
  FormReading reading{.values = std::vector<Secret>(names.size()),
                      .faults = {}};
  std::vector<bool> seen(names.size());
  while (const std::optional<EscapedPair> pair = TakePair(form)) {
    const std::optional<Secret> name = Decode(pair->name);
    std::optional<Secret> value = Decode(pair->value);
    const auto known =
        name.has_value() ? std::find(names.begin(), names.end(), name->Expose())
                         : names.end();
    const auto i = static_cast<size_t>(known - names.begin());
    if (!name.has_value() || !value.has_value()) {
      reading.faults.push_back(
          {known == names.end() ? "(body)" : std::string(*known),
           "want UTF-8 in percent-encoding (RFC 3986 section 2.1)"});
    } else if (known != names.end() && seen[i]) {
      reading.faults.push_back(
          {std::string(*known), "got it more than once, want it once"});
    } else if (known != names.end()) {
      reading.values[i] = *std::move(value);
    }
    if (known != names.end()) seen[i] = true;
  }
  return reading;
}

}  // namespace signet::transcode
