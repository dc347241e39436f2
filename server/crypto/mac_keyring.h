// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CRYPTO_MAC_KEYRING_H_
#define SIGNET_SERVER_CRYPTO_MAC_KEYRING_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/random.h"
#include "server/crypto/digest.h"

namespace signet {

// The server's versioned HMAC-SHA-256 keys for token digests: one is current
// and MACs new tokens, all are accepted. Immutable after construction, so
// thread-safe. Keys are wiped on destruction.
class MacKeyring {
 public:
  // Reads `path`; creates it (0600, one fresh key of 256 bits, fsynced with its
  // directory, never overwriting) where nothing exists there and
  // `create_if_missing`. Several processes may do so at once: all get the same
  // key.
  //   FAILED_PRECONDITION: not a regular file, or open to group or others.
  //   INVALID_ARGUMENT: its text is not a keyring (the message names the line,
  //     never its content).
  //   NOT_FOUND: absent and not to be created.
  //   Other errors of the file system as server/base/secret_file.h says.
  // File format: lines; empty ones and those that start with `#` mean nothing;
  // the first other line is `current <version>`, every other one
  // `key <version> <64 hex digits>`. A version is 1 to 2^32-1, each one once;
  // words are apart by one space.
  static absl::StatusOr<std::unique_ptr<MacKeyring>> Load(
      const std::string& path, bool create_if_missing, RandomSource& random);

  // A keyring of one key, version 1. For tests.
  static std::unique_ptr<MacKeyring> ForTest(std::string_view key_material);

  MacKeyring(const MacKeyring&) = delete;
  MacKeyring& operator=(const MacKeyring&) = delete;

  uint32_t current_version() const { return current_version_; }

  // The MAC of `message` under the current key.
  Sha256Digest Compute(std::string_view message) const;

  // The versions there are, the current one first.
  std::vector<uint32_t> versions() const;

  // The MAC of `message` under the key of one of versions().
  Sha256Digest ComputeUnder(uint32_t version, std::string_view message) const;

  // Whether `mac` is that of `message` under key `version`, in constant time;
  // an unknown version costs the same and is false.
  bool Verify(uint32_t version, std::string_view message,
              const Sha256Digest& mac) const;

 private:
  using Keys = std::map<uint32_t, HmacSha256Key>;  // By version.

  MacKeyring(uint32_t current_version, Keys keys)
      : current_version_(current_version), keys_(std::move(keys)) {}

  static absl::StatusOr<std::unique_ptr<MacKeyring>> Parse(
      const std::string& path, std::string_view text);

  const uint32_t current_version_;
  const Keys keys_;  // Has one of current_version_.
};

}  // namespace signet

#endif  // SIGNET_SERVER_CRYPTO_MAC_KEYRING_H_
