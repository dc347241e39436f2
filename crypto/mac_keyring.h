// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_MAC_KEYRING_H_
#define SIGNET_CRYPTO_MAC_KEYRING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/digest.h"

namespace signet::crypto {

// What a MAC says. Each purpose has keys of its own, which follow (HKDF) from
// those of the keyring and tell nothing of each other: a MAC made for one never
// passes for another, whatever the message.
enum class MacPurpose {
  kSeal,       // That a row of the database is as this server wrote it.
  kAuditHead,  // Of the audit logs all together; see AuditHead.
  kReplay,     // Where an answer is kept, and part of what opens it.
};

// The server's versioned HMAC-SHA-256 keys: for the digests of tokens, for
// audit logs and page tokens, and for what MacPurpose names. One is current and
// makes what is new, all are accepted. Immutable after construction, so
// thread-safe. Keys are wiped on destruction.
class MacKeyring {
 public:
  // Reads `path`; creates it (0600, one fresh key of 256 bits, fsynced with its
  // directory, never overwriting) where nothing exists there and
  // `create_if_missing`. Several processes may do so at once: all get the same
  // key.
  //   FAILED_PRECONDITION: not a regular file, too big, open to group or
  //     others, or another user's.
  //   INVALID_ARGUMENT: its text is not a keyring (the message names the line,
  //     never its content).
  //   NOT_FOUND: absent and not to be created.
  //   Other errors of the file system as base/secret_file.h says.
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

  // Whether `mac` is that of `message` under key `version`, in constant time;
  // an unknown version costs the same and is false.
  bool Verify(uint32_t version, std::string_view message,
              const Sha256Digest& mac) const;

  // The same under the keys of `purpose`.
  Sha256Digest Compute(MacPurpose purpose, std::string_view message) const;
  bool Verify(MacPurpose purpose, uint32_t version, std::string_view message,
              const Sha256Digest& mac) const;

  // As Compute, under key `version`, or the current one if that is unknown.
  Sha256Digest ComputeWith(MacPurpose purpose, uint32_t version,
                           std::string_view message) const;

  bool Has(uint32_t version) const { return keys_.contains(version); }

  // A secret that follows from key `version`, to derive keys from that encrypt
  // an audit head (crypto/encryption.h). Null: no such key.
  const Secret* EncryptionSecret(uint32_t version) const;

 private:
  static constexpr size_t kPurposes = 3;

  // A key and what follows from it, made once.
  struct Key {
    explicit Key(std::string_view bytes);
    const HmacSha256Key& For(MacPurpose purpose) const {
      return derived[static_cast<size_t>(purpose)];
    }

    HmacSha256Key token;
    std::array<HmacSha256Key, kPurposes> derived;
    Secret encryption;
  };
  using Keys = std::map<uint32_t, Key>;  // By version.

  MacKeyring(uint32_t current_version, Keys keys)
      : current_version_(current_version), keys_(std::move(keys)) {}

  static absl::StatusOr<std::unique_ptr<MacKeyring>> Parse(
      const std::string& path, std::string_view text);

  // The current one where `version` is unknown.
  const Key& KeyOf(uint32_t version) const;

  const uint32_t current_version_;
  const Keys keys_;  // Has one of current_version_.
};

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_MAC_KEYRING_H_
