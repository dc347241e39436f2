// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_ENCODING_H_
#define SIGNET_BASE_ENCODING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "base/uuid.h"

namespace signet {

// Values one after another in a form that no other values share, to be hashed
// or kept. Texts have their length before them; numbers are 64 bits,
// big-endian.
class Encoder {
 public:
  // `purpose` comes first, so that what is encoded for one never passes for
  // another. Room for `size` bytes: a secret must not leave copies behind as
  // the text grows.
  explicit Encoder(std::string_view purpose, size_t size = 256);

  Encoder& Add(std::string_view text);
  Encoder& Add(uint64_t number);
  Encoder& Add(const std::array<uint8_t, 32>& digest);
  Encoder& Add(bool value) { return Add(uint64_t{value}); }
  Encoder& Add(int value) { return Add(static_cast<uint64_t>(value)); }
  Encoder& Add(const char* text) { return Add(std::string_view(text)); }
  Encoder& Add(const std::string& text) { return Add(std::string_view(text)); }
  Encoder& Add(const std::map<std::string, std::string>& pairs);
  Encoder& Add(const Uuid& id) { return Add(std::string_view(id.ToString())); }
  Encoder& Add(absl::Time time);  // Whole nanoseconds.
  template <typename T>
  Encoder& Add(const std::optional<T>& value) {
    Add(uint64_t{value.has_value()});
    return value.has_value() ? Add(*value) : *this;
  }

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

// Reads what an Encoder of the same purpose wrote. After a fault every value is
// empty and ok() is false.
class Decoder {
 public:
  // `text` outlives the decoder and the views it gives.
  Decoder(std::string_view purpose, std::string_view text);
  Decoder(std::string_view purpose, std::string&& text) = delete;

  std::string_view Text();
  uint64_t Number();
  Uuid Id();
  absl::Time Time();
  std::array<uint8_t, 32> Digest();
  std::optional<Uuid> OptionalId();
  std::optional<absl::Time> OptionalTime();
  std::map<std::string, std::string> Pairs();

  // Whether all went well and nothing is left.
  bool Finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view Take(size_t size);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace signet

#endif  // SIGNET_BASE_ENCODING_H_
