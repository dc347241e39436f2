// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_SAMPLE_RECORDS_H_
#define SIGNET_TESTS_SUPPORT_SAMPLE_RECORDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"
#include "storage/store.h"

namespace signet {

// Records that may be stored. What is made from different numbers differs, and
// sorts as the numbers do.

inline Uuid SampleId(uint32_t number) {
  Uuid::Bytes bytes = {0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80};
  for (int i = 0; i < 4; ++i) bytes[15 - i] = number >> (8 * i) & 0xff;
  return Uuid(bytes);
}

// 2030-01-02T03:04:05.678901234Z and as many seconds.
inline absl::Time SampleTime(int64_t seconds = 0) {
  return absl::FromUnixSeconds(1893553445 + seconds) +
         absl::Nanoseconds(678901234);
}

inline std::string SamplePublicId(uint32_t number) {
  return absl::StrFormat("%016d", number);
}

inline storage::ServiceAccountRecord SampleServiceAccount(
    const Uuid& account_id, uint32_t number) {
  storage::ServiceAccountRecord record;
  record.account_id = account_id;
  record.id = SampleId(number);
  record.name = absl::StrFormat("service account %d", number);
  record.token.public_id = SamplePublicId(number);
  record.token.prefix = "hbx_sa";
  record.token.last4 = "a1B2";
  record.token.key_version = 1;
  record.token.mac.fill(static_cast<uint8_t>(number));
  record.token.created_at = SampleTime();
  record.created_at = SampleTime();
  record.updated_at = SampleTime();
  return record;
}

inline storage::AuthorizationRecord SampleCapability(
    const Uuid& account_id, uint32_t number, const storage::Subject& subject) {
  storage::AuthorizationRecord record;
  record.id = SampleId(number);
  record.account_id = account_id;
  record.grant_kind = storage::GrantKind::kCapability;
  record.subject = subject;
  record.capability_key = "auth.manage";
  record.created_at = SampleTime();
  return record;
}

inline storage::AuthorizationRecord SampleGrant(const Uuid& account_id,
                                                uint32_t number,
                                                const storage::Subject& subject,
                                                storage::GrantKind kind) {
  storage::AuthorizationRecord record =
      SampleCapability(account_id, number, subject);
  record.grant_kind = kind;
  record.capability_key.reset();
  return record;
}

// What a rotation hands over: the same service account with another token.
inline storage::ServiceAccountRecord WithToken(
    storage::ServiceAccountRecord record, uint32_t number) {
  record.token = SampleServiceAccount(record.account_id, number).token;
  return record;
}

// A rotation: the token before retires then.
inline absl::Status ReplaceIn(storage::WriteTxn& txn,
                              const storage::ServiceAccountRecord& record,
                              absl::Time retires_at, bool ended = false) {
  const absl::StatusOr<storage::ServiceAccountRecord> before =
      txn.GetServiceAccount(record.account_id, record.id);
  absl::Status status = txn.ReplaceToken(record);
  if (!status.ok() || !before.ok()) return status;
  storage::TokenRecord replaced = before->token;
  replaced.retires_at = retires_at;
  replaced.ended = ended;
  return txn.UpdateToken(record.account_id, record.id, replaced);
}

inline storage::Seal SampleSeal(uint32_t number) {
  storage::Seal seal;
  seal.key_version = 1 + number;
  seal.mac.fill(static_cast<uint8_t>(number));
  return seal;
}

inline storage::AuditEventRecord SampleAuditEvent(const Uuid& account_id,
                                                  uint64_t sequence) {
  storage::AuditEventRecord record;
  record.account_id = account_id;
  record.sequence = sequence;
  record.at = SampleTime(static_cast<int64_t>(sequence));
  record.actor = "user:someone";
  record.action = "service_account.create";
  record.outcome = "allowed";
  record.request_id = absl::StrFormat("request %d", sequence);
  record.peer = "192.0.2.1";
  record.key_version = 1;
  record.mac.fill(static_cast<uint8_t>(sequence));
  return record;
}

inline storage::IdempotencyRecord SampleIdempotencyRecord(uint32_t number) {
  storage::IdempotencyRecord record;
  for (int i = 0; i < 4; ++i) record.lookup[31 - i] = number >> (8 * i) & 0xff;
  record.fingerprint.fill(static_cast<uint8_t>(number));
  record.ciphertext = absl::StrFormat("sealed %d", number);
  record.created_at = SampleTime(number);
  return record;
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_SAMPLE_RECORDS_H_
