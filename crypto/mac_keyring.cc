// SPDX-License-Identifier: Apache-2.0
#include "crypto/mac_keyring.h"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/secret.h"
#include "base/secret_file.h"
#include "crypto/bytes.h"
#include "crypto/encryption.h"

namespace signet::crypto {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// A positive decimal number without leading zeros.
std::optional<uint32_t> ParseVersion(std::string_view text) {
  if (text.empty() || text.size() > 10 || text.front() == '0')
    return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  if (value > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(value);
}

// Reads exactly as many hex digits as fill `out`.
bool ParseHex(std::string_view text, std::span<uint8_t> out) {
  if (text.size() != 2 * out.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char lower = text[i] >= 'A' && text[i] <= 'F'
                           ? static_cast<char>(text[i] - 'A' + 'a')
                           : text[i];
    const size_t value = kHexDigits.find(lower);
    if (value == kHexDigits.npos) return false;
    out[i / 2] = static_cast<uint8_t>(out[i / 2] << 4 | value);
  }
  return true;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// The text of a keyring of one fresh key.
Secret NewKeyringText(RandomSource& random) {
  std::array<uint8_t, 32> key;
  random.Fill(key);
  constexpr std::string_view kHeader =
      "# Signet's keys: anyone who has them and the database can make tokens,\n"
      "# and without them every token is dead. Keep a backup, apart from the\n"
      "# database's. To rotate, add a key line with a new version and make it\n"
      "# current; keep the old line.\n"
      "current 1\n"
      "key 1 ";
  std::string text;
  text.reserve(kHeader.size() + 2 * key.size() + 1);
  text.append(kHeader);
  for (const uint8_t byte : key) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 0x0F]);
  }
  text.push_back('\n');
  Wipe(key);
  return Secret(std::move(text));
}

HmacSha256Key MacKeyOf(const Secret& secret) {
  const std::string_view bytes = secret.Expose();
  return HmacSha256Key(std::span(Bytes(bytes), bytes.size()));
}

HmacSha256Key DerivedKey(std::string_view key, std::string_view purpose) {
  return MacKeyOf(DeriveKey(key, "", purpose));
}

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// In the order of MacPurpose.
MacKeyring::Key::Key(std::string_view bytes)
    : token(std::span(Bytes(bytes), bytes.size())),
      derived{DerivedKey(bytes, "signet seal v1"),
              DerivedKey(bytes, "signet audit head v1"),
              DerivedKey(bytes, "signet replay v1")},
      encryption(DeriveKey(bytes, "", "signet audit head box v1")) {}

absl::StatusOr<std::unique_ptr<MacKeyring>> MacKeyring::Load(
    const std::string& path, bool create_if_missing, RandomSource& random) {
  absl::StatusOr<Secret> text = ReadSecretFile(path);
  if (absl::IsNotFound(text.status()) && create_if_missing) {
    const absl::Status created =
        CreateSecretFile(path, NewKeyringText(random).Expose(), random);
    // Where another process was faster its keys are the ones to use.
    if (!created.ok() && !absl::IsAlreadyExists(created)) return created;
    text = ReadSecretFile(path);
  }
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(text.status().message(),
                     "; the database needs the keys it was made with: restore "
                     "the key file from its backup"));
  }
  if (!text.ok()) return text.status();
  return Parse(path, text->Expose());
}

absl::StatusOr<std::unique_ptr<MacKeyring>> MacKeyring::Parse(
    const std::string& path, std::string_view text) {
  std::optional<uint32_t> current;
  Keys keys;

  int line_number = 0;
  const auto malformed = [&](const char* want) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": line ", line_number, ": want ", want));
  };
  for (const std::string_view line : Split(text, '\n')) {
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string_view> words = Split(line, ' ');
    if (!current.has_value()) {
      if (words.size() == 2 && words[0] == "current") {
        current = ParseVersion(words[1]);
      }
      if (!current.has_value()) return malformed("`current <version>`");
      continue;
    }
    const std::optional<uint32_t> version =
        words.size() == 3 && words[0] == "key" ? ParseVersion(words[1])
                                               : std::nullopt;
    if (!version.has_value())
      return malformed("`key <version> <64 hex digits>`");
    if (keys.contains(*version)) return malformed("each version once");
    std::array<uint8_t, 32> key = {};
    const absl::Cleanup wiper = [&key] { Wipe(key); };
    if (!ParseHex(words[2], key)) return malformed("64 hex digits as the key");
    keys.emplace(*version, TextOf(key));
  }
  if (!current.has_value()) return malformed("`current <version>`");
  if (!keys.contains(*current))
    return malformed("a key of the current version");
  return std::unique_ptr<MacKeyring>(new MacKeyring(*current, std::move(keys)));
}

std::unique_ptr<MacKeyring> MacKeyring::ForTest(std::string_view key_material) {
  Keys keys;
  keys.emplace(1, TextOf(Sha256(key_material)));
  return std::unique_ptr<MacKeyring>(new MacKeyring(1, std::move(keys)));
}

Sha256Digest MacKeyring::Compute(std::string_view message) const {
  return keys_.at(current_version_).token.Mac(message);
}

std::vector<uint32_t> MacKeyring::versions() const {
  std::vector<uint32_t> versions = {current_version_};
  for (const auto& [version, key] : keys_) {
    if (version != current_version_) versions.push_back(version);
  }
  return versions;
}

bool MacKeyring::Verify(uint32_t version, std::string_view message,
                        const Sha256Digest& mac) const {
  return ConstantTimeEquals(KeyOf(version).token.Mac(message), mac) &&
         Has(version);
}

Sha256Digest MacKeyring::Compute(MacPurpose purpose,
                                 std::string_view message) const {
  return ComputeWith(purpose, current_version_, message);
}

bool MacKeyring::Verify(MacPurpose purpose, uint32_t version,
                        std::string_view message,
                        const Sha256Digest& mac) const {
  return ConstantTimeEquals(ComputeWith(purpose, version, message), mac) &&
         Has(version);
}

Sha256Digest MacKeyring::ComputeWith(MacPurpose purpose, uint32_t version,
                                     std::string_view message) const {
  return KeyOf(version).For(purpose).Mac(message);
}

const Secret* MacKeyring::EncryptionSecret(uint32_t version) const {
  const auto found = keys_.find(version);
  return found == keys_.end() ? nullptr : &found->second.encryption;
}

const MacKeyring::Key& MacKeyring::KeyOf(uint32_t version) const {
  const auto found = keys_.find(version);
  return found == keys_.end() ? keys_.at(current_version_) : found->second;
}

}  // namespace signet::crypto
