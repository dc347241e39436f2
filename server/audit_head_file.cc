// SPDX-License-Identifier: Apache-2.0
#include "server/audit_head_file.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/rfc3339.h"
#include "base/secret.h"
#include "base/secret_file.h"

namespace signet::server {
namespace {

constexpr int kHeadFileFormat = 1;

crypto::Sha256Digest MacOf(const crypto::MacKeyring& keyring,
                           const AuditHeadFile& file,
                           std::string_view written_at) {
  return keyring.ComputeWith(crypto::MacPurpose::kAuditHead, file.key_version,
                             Encoder("signet audit head file v1")
                                 .Add(file.events)
                                 .Add(file.accounts)
                                 .Add(file.changes)
                                 .Add(file.database)
                                 .Add(file.sealed_at)
                                 .Add(file.hash)
                                 .Add(written_at)
                                 .text());
}

absl::Status NotOurs() {
  return absl::FailedPreconditionError(
      "got something else, want what this server wrote there, with the same "
      "keys");
}

// Members of the object; what is missing or of another kind leaves ok() false.
class MemberReader {
 public:
  explicit MemberReader(const Json& json) : json_(json) {}

  uint64_t Number(const char* name) {
    const auto found = json_.find(name);
    if (found != json_.end() && found->is_number_unsigned()) {
      return found->get<uint64_t>();
    }
    ok_ = false;
    return 0;
  }
  std::string Text(const char* name) {
    const auto found = json_.find(name);
    if (found != json_.end() && found->is_string()) {
      return found->get<std::string>();
    }
    ok_ = false;
    return "";
  }
  crypto::Sha256Digest Digest(const char* name) {
    const std::string hex = Text(name);
    const std::string bytes = absl::HexStringToBytes(hex);
    crypto::Sha256Digest digest = {};
    ok_ = ok_ && HexOf(bytes) == hex && bytes.size() == digest.size();
    if (ok_) std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  }
  Uuid Id(const char* name) {
    const std::optional<Uuid> id = Uuid::Parse(Text(name));
    ok_ = ok_ && id.has_value();
    return id.value_or(Uuid());
  }
  absl::Time Time(const char* name) {
    const absl::StatusOr<absl::Time> time = ParseRfc3339(Text(name));
    ok_ = ok_ && time.ok();
    return time.value_or(absl::UnixEpoch());
  }

  bool ok() const { return ok_; }

 private:
  const Json& json_;
  bool ok_ = true;
};

}  // namespace

std::string HexOf(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

std::string HexOf(const crypto::Sha256Digest& digest) {
  return HexOf(std::string_view(reinterpret_cast<const char*>(digest.data()),
                                digest.size()));
}

AuditHeadFile FileOf(const crypto::MacKeyring& keyring,
                     const audit::AuditHead& head) {
  const uint32_t version = keyring.current_version();
  return {.events = head.events,
          .accounts = head.accounts,
          .changes = head.changes,
          .database = head.database,
          .sealed_at = head.sealed_at,
          .key_version = version,
          .hash = audit::HashOf(keyring, version, head)};
}

std::string FormatAuditHeadFile(const crypto::MacKeyring& keyring,
                                const AuditHeadFile& file, absl::Time now) {
  const std::string written_at = FormatRfc3339(now);
  const Json json = {{"format", kHeadFileFormat},
                     {"database", file.database.ToString()},
                     {"sealed_at", FormatRfc3339(file.sealed_at)},
                     {"events", file.events},
                     {"accounts", file.accounts},
                     {"changes", file.changes},
                     {"hash", HexOf(file.hash)},
                     {"written_at", written_at},
                     {"key_version", file.key_version},
                     {"mac", HexOf(MacOf(keyring, file, written_at))}};
  return json.dump() + "\n";
}

absl::StatusOr<AuditHeadFile> ParseAuditHeadFile(
    const crypto::MacKeyring& keyring, std::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return NotOurs();
  MemberReader members(*json);
  AuditHeadFile file;
  file.database = members.Id("database");
  file.sealed_at = members.Time("sealed_at");
  file.events = members.Number("events");
  file.accounts = members.Number("accounts");
  file.changes = members.Number("changes");
  file.hash = members.Digest("hash");
  const uint64_t version = members.Number("key_version");
  file.key_version = static_cast<uint32_t>(version);
  const std::string written_at = members.Text("written_at");
  const crypto::Sha256Digest mac = members.Digest("mac");
  const bool ours =
      members.ok() && members.Number("format") == kHeadFileFormat &&
      version == file.key_version && keyring.Has(file.key_version) &&
      crypto::ConstantTimeEquals(mac, MacOf(keyring, file, written_at));
  if (!ours) return NotOurs();
  return file;
}

absl::StatusOr<std::optional<std::string>> ReadAuditHeadFile(
    const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_symlink(path, ignored)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        ": is a symbolic link, which the next head would take the place "
        "of; name the file that it leads to"));
  }
  const absl::StatusOr<Secret> text = ReadSecretFile(path);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  return std::string(text->Expose());
}

}  // namespace signet::server
