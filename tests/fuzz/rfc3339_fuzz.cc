// SPDX-License-Identifier: Apache-2.0
//
// What is read lies within the range, is written in the one normal form, and
// reads as the same instant again. absl's laxer parser agrees about the
// instant.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/rfc3339.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto time = signet::ParseRfc3339(text);
  if (!time.ok()) return 0;
  Check(*time >= signet::MinTimestamp() && *time <= signet::MaxTimestamp());

  const std::string written = signet::FormatRfc3339(*time);
  const auto again = signet::ParseRfc3339(written);
  Check(again.ok() && *again == *time);
  Check(signet::FormatRfc3339(*again) == written);
  Check(written.size() >= 20 && written.size() <= 30 && written.back() == 'Z');

  absl::Time other;
  std::string error;
  Check(absl::ParseTime(absl::RFC3339_full,
                        absl::string_view(text.data(), size), &other, &error));
  Check(other == *time);
  return 0;
}
