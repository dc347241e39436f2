// SPDX-License-Identifier: Apache-2.0
//
// Whatever is read is valid, within its depth, free of duplicates, and reads
// the same after being written; whatever is refused has one of two reasons.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

int Depth(const signet::Json& json) {
  if (!json.is_structured()) return 0;
  int deepest = 0;
  std::set<std::string> names;
  for (const auto& [name, value] : json.items()) {
    if (json.is_object()) Check(names.insert(name).second);
    deepest = std::max(deepest, Depth(value));
  }
  return deepest + 1;
}

void CheckStrings(const signet::Json& json) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    Check(signet::IsUtf8(text));
    std::string written;
    signet::AppendJsonString(text, written);
    const auto again = signet::ParseJson(written);
    Check(again.ok() && *again == json);
  }
  if (json.is_structured()) {
    for (const auto& value : json) CheckStrings(value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kMaxDepth = 8;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = signet::ParseJson(text, {.max_depth = kMaxDepth});
  if (!json.ok()) {
    const std::string reason = signet::GetErrorDetail(json.status()).reason;
    Check(reason == "JSON_MALFORMED" || reason == "JSON_TOO_DEEP");
    return 0;
  }
  // nlohmann's own parser takes more, so it must take this.
  Check(signet::Json::accept(text.begin(), text.end()));
  Check(signet::IsUtf8(text));
  Check(Depth(*json) <= kMaxDepth);
  CheckStrings(*json);
  const auto again = signet::ParseJson(json->dump(), {.max_depth = kMaxDepth});
  Check(again.ok() && *again == *json);
  return 0;
}
