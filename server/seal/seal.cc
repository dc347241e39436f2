// SPDX-License-Identifier: Apache-2.0
#include "server/seal/seal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

namespace signet::seal {
namespace {

constexpr char kSealFormat = 1;

enum class RowKind : char {
  kToken = 1,
  kServiceAccount = 2,
  kAuthorization = 3,
};

// Builds a message. Tags rise from call to call; a tag, once given, keeps its
// meaning for ever. Lengths and numbers are big-endian.
class SealWriter {
 public:
  explicit SealWriter(RowKind kind) {
    text_.reserve(512);
    text_.push_back(kSealFormat);
    text_.push_back(static_cast<char>(kind));
  }

  SealWriter& Add(char tag, std::string_view value) {
    if (value.empty()) return *this;
    text_.push_back(tag);
    Append(value);
    return *this;
  }
  SealWriter& Add(char tag, const Uuid& id) {
    return Add(tag, Raw(id.bytes()));
  }
  SealWriter& Add(char tag, const std::array<uint8_t, 32>& mac) {
    return Add(tag, Raw(mac));
  }
  SealWriter& Add(char tag, uint64_t number) {
    if (number == 0) return *this;
    const std::array<char, 8> bytes = BigEndian<8>(number);
    return Add(tag, std::string_view(bytes.data(), bytes.size()));
  }
  SealWriter& Add(char tag, bool value) { return Add(tag, uint64_t{value}); }
  SealWriter& Add(char tag, absl::Time time) {
    const timespec parts = absl::ToTimespec(time);
    const std::array<char, 8> seconds =
        BigEndian<8>(static_cast<uint64_t>(parts.tv_sec));
    const std::array<char, 4> nanos =
        BigEndian<4>(static_cast<uint64_t>(parts.tv_nsec));
    std::array<char, 12> bytes;
    std::copy(seconds.begin(), seconds.end(), bytes.begin());
    std::copy(nanos.begin(), nanos.end(), bytes.begin() + 8);
    return Add(tag, std::string_view(bytes.data(), bytes.size()));
  }
  template <typename T>
  SealWriter& Add(char tag, const std::optional<T>& value) {
    return value.has_value() ? Add(tag, *value) : *this;
  }
  SealWriter& Add(char tag, const std::map<std::string, std::string>& pairs) {
    if (pairs.empty()) return *this;
    size_t size = 0;
    for (const auto& [key, value] : pairs) {
      size += 8 + key.size() + value.size();
    }
    text_.push_back(tag);
    AppendLength(size);
    for (const auto& [key, value] : pairs) {
      Append(key);
      Append(value);
    }
    return *this;
  }

  std::string text() { return std::move(text_); }

 private:
  template <size_t kSize>
  static std::array<char, kSize> BigEndian(uint64_t number) {
    std::array<char, kSize> bytes;
    for (size_t i = 0; i < kSize; ++i) {
      bytes[kSize - 1 - i] = static_cast<char>(number >> (8 * i) & 0xFF);
    }
    return bytes;
  }
  template <typename Array>
  static std::string_view Raw(const Array& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void AppendLength(size_t size) {
    const std::array<char, 4> bytes = BigEndian<4>(size);
    text_.append(bytes.data(), bytes.size());
  }
  void Append(std::string_view value) {
    AppendLength(value.size());
    text_.append(value);
  }

  std::string text_;
};

storage::Seal SealOf(const crypto::MacKeyring& keyring,
                     const std::string& message) {
  return {.key_version = keyring.current_version(),
          .mac = keyring.Compute(crypto::MacPurpose::kSeal, message)};
}

bool Fits(const crypto::MacKeyring& keyring, const storage::Seal& seal,
          const std::string& message) {
  return keyring.Verify(crypto::MacPurpose::kSeal, seal.key_version, message,
                        seal.mac);
}

}  // namespace

std::string SealMessage(const Uuid& account_id, const Uuid& service_account_id,
                        const storage::TokenRecord& token) {
  return SealWriter(RowKind::kToken)
      .Add(1, token.public_id)
      .Add(2, account_id)
      .Add(3, service_account_id)
      .Add(4, uint64_t{token.key_version})
      .Add(5, token.mac)
      .Add(6, token.expires_at)
      .Add(7, token.retires_at)
      .Add(8, token.not_before)
      .Add(9, token.ended)
      .text();
}

std::string SealMessage(const storage::ServiceAccountRecord& record) {
  return SealWriter(RowKind::kServiceAccount)
      .Add(1, record.account_id)
      .Add(2, record.id)
      .Add(3, record.token.public_id)
      .Add(4, !record.enabled)
      .Add(5, record.revoked_at)
      .Add(6, record.labels)
      .Add(7, record.owner)
      .Add(8, record.allowed_addresses)
      .Add(9, record.token_shown_to)
      .text();
}

std::string SealMessage(const storage::AuthorizationRecord& record) {
  return SealWriter(RowKind::kAuthorization)
      .Add(1, record.id)
      .Add(2, record.account_id)
      .Add(3, static_cast<uint64_t>(record.grant_kind))
      .Add(4, static_cast<uint64_t>(record.subject.type))
      .Add(5, record.subject.id)
      .Add(6, record.capability_key)
      .Add(7, record.resource_type)
      .Add(8, record.resource_id)
      .Add(9, record.created_at)
      .Add(10, record.revoked_at)
      .Add(11, record.subject_issuer)
      .text();
}

storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const Uuid& account_id, const Uuid& service_account_id,
                       const storage::TokenRecord& token) {
  return SealOf(keyring, SealMessage(account_id, service_account_id, token));
}

storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const storage::ServiceAccountRecord& record) {
  return SealOf(keyring, SealMessage(record));
}

storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const storage::AuthorizationRecord& record) {
  return SealOf(keyring, SealMessage(record));
}

bool IsSealed(const crypto::MacKeyring& keyring, const Uuid& account_id,
              const Uuid& service_account_id,
              const storage::TokenRecord& token) {
  return Fits(keyring, token.seal,
              SealMessage(account_id, service_account_id, token));
}

bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::AuthorizationRecord& record) {
  return Fits(keyring, record.seal, SealMessage(record));
}

bool IsSealedAlone(const crypto::MacKeyring& keyring,
                   const storage::ServiceAccountRecord& record) {
  return Fits(keyring, record.seal, SealMessage(record));
}

bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::ServiceAccountRecord& record) {
  return IsSealedAlone(keyring, record) &&
         IsSealed(keyring, record.account_id, record.id, record.token);
}

bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::TokenOwner& found) {
  return IsSealed(keyring, found.owner) &&
         (found.token == found.owner.token ||
          IsSealed(keyring, found.owner.account_id, found.owner.id,
                   found.token));
}

storage::ServiceAccountRecord Sealed(const crypto::MacKeyring& keyring,
                                     storage::ServiceAccountRecord record) {
  record.token.seal =
      MakeSeal(keyring, record.account_id, record.id, record.token);
  record.seal = MakeSeal(keyring, record);
  return record;
}

}  // namespace signet::seal
