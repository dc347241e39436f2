// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_head.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/encryption.h"

namespace signet::audit {
namespace {

constexpr std::string_view kHeadPurpose = "signet audit head v1";
constexpr std::string_view kEmbeddedWriter = "";
constexpr size_t kSaltBytes = 16;
constexpr size_t kVersionBytes = 4;
// Far below what one key is good for (see Encrypt).
constexpr uint32_t kUsesOfKey = uint32_t{1} << 24;

std::string RandomText(RandomSource& random, size_t size) {
  std::string text(size, '\0');
  random.Fill(std::span(reinterpret_cast<uint8_t*>(text.data()), size));
  return text;
}

std::string HeadContext(const storage::AuditHeadRecord& record) {
  return Encoder(kHeadPurpose)
      .Add(record.writer)
      .Add(record.events)
      .Add(record.accounts)
      .text();
}

Secret HeadKey(const Secret& secret, std::string_view salt) {
  return crypto::DeriveKey(secret.Expose(), salt, kHeadPurpose);
}

}  // namespace

AuditHead NewAuditHead(RandomSource& random, absl::Time now) {
  Uuid::Bytes id;
  random.Fill(id);
  return {.database = Uuid(id), .sealed_at = WholeMicros(now)};
}

absl::StatusOr<std::optional<AuditHead>> SumOf(
    std::span<const AuditHead> heads) {
  std::optional<AuditHead> sum;
  for (const AuditHead& head : heads) {
    if (!sum.has_value()) {
      sum = head;
      continue;
    }
    if (head.database != sum->database) {
      return absl::DataLossError("the audit heads are not of one database");
    }
    sum->events += head.events;
    sum->accounts += head.accounts;
    sum->changes += head.changes;
    AddTo(sum->digest, head.digest);
    sum->sealed_at = std::min(sum->sealed_at, head.sealed_at);
  }
  return sum;
}

crypto::Sha256Digest DigestOf(const crypto::MacKeyring& keyring,
                              const storage::AuditChainRecord& chain) {
  return keyring.ComputeWith(
      crypto::MacPurpose::kAuditHead, chain.key_version,
      Encoder("signet audit chain digest v1").Add(chain.mac).text());
}

void AddTo(crypto::Sha256Digest& sum, const crypto::Sha256Digest& part) {
  for (size_t i = 0; i < sum.size(); ++i) sum[i] ^= part[i];
}

crypto::Sha256Digest HashOf(const crypto::MacKeyring& keyring,
                            uint32_t key_version, const AuditHead& head) {
  return keyring.ComputeWith(crypto::MacPurpose::kAuditHead, key_version,
                             Encoder("signet audit head hash v1")
                                 .Add(head.events)
                                 .Add(head.accounts)
                                 .Add(head.changes)
                                 .Add(head.digest)
                                 .Add(head.database)
                                 .Add(head.sealed_at)
                                 .text());
}

absl::Status AuditHeads::Move(
    storage::WriteTxn& txn, absl::Time now,
    const std::optional<storage::AuditChainRecord>& before, bool begins,
    const storage::AuditChainRecord& after, uint64_t events) const {
  const absl::StatusOr<std::vector<storage::AuditHeadRecord>> records =
      txn.ListAuditHeads();
  if (!records.ok()) return records.status();
  const auto own = std::find_if(records->begin(), records->end(),
                                [](const storage::AuditHeadRecord& record) {
                                  return record.writer == kEmbeddedWriter;
                                });
  AuditHead head;
  if (own == records->end()) {
    head = genesis_.has_value() ? *genesis_ : NewAuditHead(*random_, now);
  } else if (absl::StatusOr<AuditHead> opened = FromRecord(*own); opened.ok()) {
    head = *opened;
  } else {
    // Whatever is written now must not look as if all were well.
    random_->Fill(head.digest);
    head.sealed_at = WholeMicros(now);
  }
  if (before.has_value()) AddTo(head.digest, DigestOf(*keyring_, *before));
  AddTo(head.digest, DigestOf(*keyring_, after));
  head.events += events;
  head.accounts += begins ? 1 : 0;
  ++head.changes;
  return Put(txn, head);
}

absl::Status AuditHeads::Put(storage::WriteTxn& txn,
                             const AuditHead& head) const {
  return txn.PutAuditHead(ToRecord(head));
}

absl::StatusOr<std::optional<AuditHead>> AuditHeads::Read(
    storage::ReadTxn& txn) const {
  const absl::StatusOr<std::vector<storage::AuditHeadRecord>> records =
      txn.ListAuditHeads();
  if (!records.ok()) return records.status();
  std::vector<AuditHead> heads;
  for (const storage::AuditHeadRecord& record : *records) {
    const absl::StatusOr<AuditHead> head = FromRecord(record);
    if (!head.ok()) {
      return absl::DataLossError(
          "the audit head of the database was altered, or made with other "
          "keys");
    }
    heads.push_back(*head);
  }
  return SumOf(heads);
}

storage::AuditHeadRecord AuditHeads::ToRecord(const AuditHead& head) const {
  storage::AuditHeadRecord record = {.writer = std::string(kEmbeddedWriter),
                                     .events = head.events,
                                     .accounts = head.accounts,
                                     .ciphertext = {}};
  const std::string plain = Encoder(kHeadPurpose)
                                .Add(head.changes)
                                .Add(head.digest)
                                .Add(head.database)
                                .Add(head.sealed_at)
                                .text();
  const std::shared_ptr<const EncryptionKey> key = TakeEncryptionKey();
  for (int shift = 24; shift >= 0; shift -= 8) {
    record.ciphertext.push_back(
        static_cast<char>(key->version >> shift & 0xFF));
  }
  record.ciphertext += key->salt;
  record.ciphertext +=
      crypto::Encrypt(key->key, plain, HeadContext(record), *random_);
  absl::MutexLock lock(&mutex_);
  latest_ = Latest{.record = record, .head = head};
  return record;
}

std::shared_ptr<const AuditHeads::EncryptionKey> AuditHeads::TakeEncryptionKey()
    const {
  const uint32_t version = keyring_->current_version();
  {
    absl::MutexLock lock(&mutex_);
    if (encryption_key_ != nullptr && encryption_key_uses_left_ > 0) {
      --encryption_key_uses_left_;
      return encryption_key_;
    }
  }
  std::string salt = RandomText(*random_, kSaltBytes);
  Secret key = HeadKey(*keyring_->EncryptionSecret(version), salt);
  auto fresh = std::make_shared<const EncryptionKey>(
      EncryptionKey{version, std::move(salt), std::move(key)});
  absl::MutexLock lock(&mutex_);
  encryption_key_ = fresh;
  encryption_key_uses_left_ = kUsesOfKey - 1;
  return fresh;
}

absl::StatusOr<AuditHead> AuditHeads::FromRecord(
    const storage::AuditHeadRecord& record) const {
  {
    absl::MutexLock lock(&mutex_);
    if (latest_.has_value() && latest_->record == record) return latest_->head;
  }
  return DecryptRecord(record);
}

absl::StatusOr<AuditHead> AuditHeads::DecryptRecord(
    const storage::AuditHeadRecord& record) const {
  const absl::Status altered = absl::UnauthenticatedError(
      "audit head: want one that was made with these keys");
  const std::string_view ciphertext = record.ciphertext;
  if (ciphertext.size() < kVersionBytes + kSaltBytes) return altered;
  uint32_t version = 0;
  for (const char byte : ciphertext.substr(0, kVersionBytes)) {
    version = version << 8 | static_cast<uint8_t>(byte);
  }
  const Secret* const secret = keyring_->EncryptionSecret(version);
  if (secret == nullptr) return altered;
  const absl::StatusOr<Secret> plain = crypto::Decrypt(
      HeadKey(*secret, ciphertext.substr(kVersionBytes, kSaltBytes)),
      ciphertext.substr(kVersionBytes + kSaltBytes), HeadContext(record));
  if (!plain.ok()) return altered;
  Decoder decoder(kHeadPurpose, plain->Expose());
  AuditHead head;
  head.events = record.events;
  head.accounts = record.accounts;
  head.changes = decoder.Number();
  head.digest = decoder.Digest();
  head.database = decoder.Id();
  head.sealed_at = decoder.Time();
  if (!decoder.Finished()) return altered;
  return head;
}

}  // namespace signet::audit
