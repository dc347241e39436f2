// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_BASE_SECRET_H_
#define SIGNET_SERVER_BASE_SECRET_H_

#include <string>
#include <string_view>

namespace signet {

// Overwrites the whole capacity of `text`, in a way the compiler keeps, and
// empties it.
void Wipe(std::string& text);

// Text that must not outlive its use: wiped when destroyed, overwritten or
// moved from. It cannot be copied or streamed, so that each exposure is a visible call.
// Not thread-safe.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(text_); }

  // The plaintext; valid as long as this object.
  std::string_view Expose() const { return text_; }

 private:
  std::string text_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_BASE_SECRET_H_
