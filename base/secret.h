// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_SECRET_H_
#define SIGNET_BASE_SECRET_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace signet {

// Overwrites `bytes` in a way the compiler keeps.
void Wipe(std::span<uint8_t> bytes);

// Overwrites the whole capacity of `text`, in a way the compiler keeps, and
// empties it. Buffers that `text` outgrew earlier are out of reach: reserve
// first.
void Wipe(std::string& text);

// Text that must not outlive its use: wiped when destroyed, overwritten or
// moved from. It cannot be copied or streamed, so that each exposure is a
// visible call. Not thread-safe.
class Secret {
 public:
  Secret() = default;
  // Takes over `text` and leaves it wiped (a short string lives inside the
  // std::string object itself, where a plain move would leave a copy).
  explicit Secret(std::string&& text) noexcept;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(text_); }

  // The plaintext; valid as long as this object is neither moved from nor
  // overwritten.
  std::string_view Expose() const { return text_; }

 private:
  std::string text_;
};

}  // namespace signet

#endif  // SIGNET_BASE_SECRET_H_
