// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include <algorithm>

namespace signet {

Encoder::Encoder(std::string_view purpose, size_t size) {
  text_.reserve(size);
  Add(purpose);
}

Encoder& Encoder::Add(std::string_view text) {
  Add(uint64_t{text.size()});
  text_.append(text);
  return *this;
}

Encoder& Encoder::Add(uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    text_.push_back(static_cast<char>(number >> shift & 0xFF));
  }
  return *this;
}

Encoder& Encoder::Add(const std::array<uint8_t, 32>& digest) {
  text_.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return *this;
}

Encoder& Encoder::Add(absl::Time time) {
  const timespec parts = absl::ToTimespec(time);
  return Add(static_cast<uint64_t>(parts.tv_sec))
      .Add(static_cast<uint64_t>(parts.tv_nsec));
}

Encoder& Encoder::Add(const std::map<std::string, std::string>& pairs) {
  Add(uint64_t{pairs.size()});
  for (const auto& [key, value] : pairs) Add(key).Add(value);
  return *this;
}

Decoder::Decoder(std::string_view purpose, std::string_view text)
    : rest_(text) {
  ok_ = Text() == purpose && ok_;
}

std::string_view Decoder::Take(size_t size) {
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::string_view Decoder::Text() { return Take(Number()); }

uint64_t Decoder::Number() {
  uint64_t number = 0;
  for (const char byte : Take(8)) {
    number = number << 8 | static_cast<uint8_t>(byte);
  }
  return number;
}

Uuid Decoder::Id() {
  const std::optional<Uuid> id = Uuid::Parse(Text());
  ok_ = ok_ && id.has_value();
  return id.value_or(Uuid());
}

absl::Time Decoder::Time() {
  timespec parts;
  parts.tv_sec = static_cast<time_t>(Number());
  parts.tv_nsec = static_cast<long>(Number());
  return absl::TimeFromTimespec(parts);
}

std::array<uint8_t, 32> Decoder::Digest() {
  std::array<uint8_t, 32> digest = {};
  const std::string_view bytes = Take(digest.size());
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

std::optional<Uuid> Decoder::OptionalId() {
  if (Number() == 0) return std::nullopt;
  return Id();
}

std::optional<absl::Time> Decoder::OptionalTime() {
  if (Number() == 0) return std::nullopt;
  return Time();
}

std::map<std::string, std::string> Decoder::Pairs() {
  std::map<std::string, std::string> pairs;
  for (uint64_t left = Number(); left > 0 && ok_; --left) {
    const std::string key(Text());
    pairs.emplace(key, Text());
  }
  return pairs;
}

}  // namespace signet
