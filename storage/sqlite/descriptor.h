// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DESCRIPTOR_H_
#define SIGNET_STORAGE_SQLITE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace signet::sqlite {

// Owns a file descriptor, or none. Move-only.
class Descriptor {
 public:
  Descriptor() = default;
  // What open(2) has returned.
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (is_open()) close(fd_);
  }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DESCRIPTOR_H_
