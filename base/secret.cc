// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <string.h>  // explicit_bzero is not in <cstring>'s std.

namespace signet {

void Wipe(std::span<uint8_t> bytes) {
  explicit_bzero(bytes.data(), bytes.size());
}

void Wipe(std::string& text) {
  text.resize(text.capacity());  // Never reallocates.
  explicit_bzero(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string&& text) noexcept : text_(std::move(text)) {
  Wipe(text);
}

Secret::Secret(Secret&& other) noexcept : Secret(std::move(other.text_)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe(text_);
    text_ = std::move(other.text_);
    Wipe(other.text_);
  }
  return *this;
}

}  // namespace signet
