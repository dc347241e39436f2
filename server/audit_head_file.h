// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_HEAD_FILE_H_
#define SIGNET_SERVER_AUDIT_HEAD_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_head.h"

namespace signet::server {

// The file of --audit_head_file: what the audit head of the database was, kept
// outside of it, so that a database that came back as an older one, or without
// its seals, is recognised. One line of JSON with a MAC; no secret.
struct AuditHeadFile {
  uint64_t events = 0;
  uint64_t accounts = 0;
  uint64_t changes = 0;
  Uuid database;
  absl::Time sealed_at;
  uint32_t key_version = 0;        // Of both MACs.
  crypto::Sha256Digest hash = {};  // HashOf the head.

  // Whether the file says what `head` is.
  bool Says(const crypto::MacKeyring& keyring,
            const audit::AuditHead& head) const {
    return hash == audit::HashOf(keyring, key_version, head);
  }
  friend bool operator==(const AuditHeadFile&, const AuditHeadFile&) = default;
};

// What says `head`, under the current key.
AuditHeadFile FileOf(const crypto::MacKeyring& keyring,
                     const audit::AuditHead& head);

// As it is written, with its time.
std::string FormatAuditHeadFile(const crypto::MacKeyring& keyring,
                                const AuditHeadFile& file, absl::Time now);

// FAILED_PRECONDITION: it is no such file, was altered, or was made with other
// keys.
absl::StatusOr<AuditHeadFile> ParseAuditHeadFile(
    const crypto::MacKeyring& keyring, std::string_view text);

// The text at `path`; nullopt: there is none. Errors as ReadSecretFile, and
// FAILED_PRECONDITION for a symbolic link.
absl::StatusOr<std::optional<std::string>> ReadAuditHeadFile(
    const std::string& path);

std::string HexOf(std::string_view bytes);
std::string HexOf(const crypto::Sha256Digest& digest);

}  // namespace signet::server

#endif  // SIGNET_SERVER_AUDIT_HEAD_FILE_H_
