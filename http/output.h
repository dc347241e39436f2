// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_OUTPUT_H_
#define SIGNET_HTTP_OUTPUT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace signet::http {

// Bytes on their way to a socket, in one buffer that is made once and used for
// every connection of a loop. Not thread-safe.
class Output {
 public:
  // Sessions stop appending bodies once this much is there; heads and control
  // frames may exceed it.
  static constexpr size_t kTargetBytes = 64 * 1024;

  Output() { bytes_.reserve(kTargetBytes + 32 * 1024); }
  ~Output() { Clear(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // How much more of a body fits.
  size_t room() const {
    return bytes_.size() < kTargetBytes ? kTargetBytes - bytes_.size() : 0;
  }

  void Append(std::string_view bytes);

  // As Append, for bytes that hold a token: they are wiped after use.
  void AppendSensitive(std::string_view bytes);

  bool empty() const { return bytes_.empty(); }
  bool sensitive() const { return sensitive_; }
  std::string_view bytes() const { return bytes_; }

  // Forgets everything, wiping what is sensitive.
  void Clear();

 private:
  std::string bytes_;
  bool sensitive_ = false;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_OUTPUT_H_
