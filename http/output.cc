// SPDX-License-Identifier: Apache-2.0
#include "http/output.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/secret.h"

namespace signet::http {

void Output::Append(std::string_view bytes) {
  const size_t size = bytes_.size() + bytes.size();
  if (size > bytes_.capacity() && sensitive_) {
    // The string itself would leave the outgrown buffer behind as it is.
    std::string larger;
    larger.reserve(2 * size);
    larger = bytes_;
    Wipe(bytes_);
    bytes_ = std::move(larger);
  }
  bytes_.append(bytes);
}

void Output::AppendSensitive(std::string_view bytes) {
  sensitive_ = true;
  Append(bytes);
}

void Output::Clear() {
  if (sensitive_) {
    Wipe(std::span(reinterpret_cast<uint8_t*>(bytes_.data()), bytes_.size()));
  }
  bytes_.clear();
  sensitive_ = false;
}

}  // namespace signet::http
