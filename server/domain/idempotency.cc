// SPDX-License-Identifier: Apache-2.0
#include "server/domain/idempotency.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "crypto/encryption.h"
#include "server/identity/token_state.h"

namespace signet::domain {
namespace {

constexpr size_t kMaxKeyLength = 128;
constexpr std::string_view kAnswerPurpose = "signet replay answer v1";

// What only its owner may read. Only what an answer shows is kept.
Secret Encode(const IssuedServiceAccount& issued) {
  const storage::ServiceAccountRecord& record = issued.record;
  size_t size = 1024 + record.name.size() + record.description.size();
  for (const auto& [key, value] : record.labels) {
    size += key.size() + value.size() + 16;
  }
  Encoder encoder(kAnswerPurpose, size);
  encoder.Add(issued.token.Expose())
      .Add(record.account_id)
      .Add(record.id)
      .Add(record.name)
      .Add(record.token.prefix)
      .Add(record.token.public_id)
      .Add(record.token.last4)
      .Add(record.token.expires_at)
      .Add(record.created_at)
      .Add(record.updated_at)
      .Add(record.created_by_user_id)
      .Add(record.last_used_at)
      .Add(record.description)
      .Add(record.labels)
      .Add(record.enabled)
      .Add(record.revision);
  return Secret(std::move(encoder).text());
}

absl::StatusOr<IssuedServiceAccount> Decode(const Secret& text) {
  Decoder decoder(kAnswerPurpose, text.Expose());
  IssuedServiceAccount issued;
  storage::ServiceAccountRecord& record = issued.record;
  issued.token = Secret(std::string(decoder.Text()));
  record.account_id = decoder.Id();
  record.id = decoder.Id();
  record.name = decoder.Text();
  record.token.prefix = decoder.Text();
  record.token.public_id = decoder.Text();
  record.token.last4 = decoder.Text();
  record.token.expires_at = decoder.OptionalTime();
  record.created_at = decoder.Time();
  record.updated_at = decoder.Time();
  record.created_by_user_id = decoder.OptionalId();
  record.last_used_at = decoder.OptionalTime();
  record.description = decoder.Text();
  record.labels = decoder.Pairs();
  record.enabled = decoder.Number() != 0;
  record.revision = decoder.Number();
  if (!decoder.Finished()) {
    return absl::InternalError("a kept answer cannot be read");
  }
  return issued;
}

// A kept answer belongs to one request.
std::string Context(const IdempotentCall& idempotent,
                    const IdempotentCall::Place& place) {
  return Encoder("signet replay context v1")
      .Add(place.lookup)
      .Add(idempotent.fingerprint)
      .text();
}

IdempotentCall::Place PlaceUnder(const crypto::MacKeyring& keyring,
                                 uint32_t version,
                                 const identity::Caller& caller,
                                 std::string_view idempotency_key) {
  const std::string who = caller.principal.ToString();
  const auto mac = [&](std::string_view purpose) {
    return keyring.ComputeWith(
        crypto::MacPurpose::kReplay, version,
        Encoder(purpose).Add(who).Add(idempotency_key).text());
  };
  crypto::Sha256Digest salt = mac("signet replay key v2");
  IdempotentCall::Place place = {
      .lookup = mac("signet replay lookup v2"),
      .key = crypto::DeriveKey(
          caller.idempotency_seed.Expose(),
          std::string_view(reinterpret_cast<const char*>(salt.data()),
                           salt.size()),
          "signet replay key v2")};
  Wipe(salt);
  return place;
}

// A time that was taken back since is as far away as one that is long over.
bool IsKept(const storage::IdempotencyRecord& record, absl::Time now) {
  return absl::AbsDuration(now - record.created_at) < kIdempotencyWindow;
}

}  // namespace

IdempotentCall IdempotentCall::For(const crypto::MacKeyring& keyring,
                                   const identity::Caller& caller,
                                   std::string_view idempotency_key,
                                   std::string_view request) {
  IdempotentCall idempotent = {.fingerprint = crypto::Sha256(request),
                               .places = {}};
  for (const uint32_t version : keyring.versions()) {
    idempotent.places.push_back(
        PlaceUnder(keyring, version, caller, idempotency_key));
  }
  return idempotent;
}

absl::Status CheckIdempotencyKey(std::string_view key) {
  const bool visible = std::all_of(key.begin(), key.end(),
                                   [](char c) { return c > 0x20 && c < 0x7F; });
  if (visible && !key.empty() && key.size() <= kMaxKeyLength) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("want 1 to 128 visible ASCII characters");
}

absl::StatusOr<std::optional<IssuedServiceAccount>> FindAnswer(
    storage::ReadTxn& txn, const IdempotentCall& idempotent, absl::Time now) {
  for (const IdempotentCall::Place& place : idempotent.places) {
    const absl::StatusOr<storage::IdempotencyRecord> kept =
        txn.FindIdempotencyRecord(place.lookup);
    if (!kept.ok() && !absl::IsNotFound(kept.status())) return kept.status();
    if (!kept.ok() || !IsKept(*kept, now)) continue;
    if (kept->fingerprint != idempotent.fingerprint) {
      return MakeError(absl::StatusCode::kInvalidArgument,
                       "the idempotency key came before with another request",
                       {.reason = "IDEMPOTENCY_KEY_REUSED"});
    }
    const absl::StatusOr<Secret> text = crypto::Decrypt(
        place.key, kept->ciphertext, Context(idempotent, place));
    if (!text.ok()) {
      return MakeError(
          absl::StatusCode::kFailedPrecondition,
          "the call was made before with another credential, which alone can "
          "read the answer; nothing was done now; list the service accounts "
          "to see what it made, then rotate that one",
          {.reason = "REPLAY_CREDENTIAL_CHANGED"});
    }
    absl::StatusOr<IssuedServiceAccount> issued = Decode(*text);
    if (!issued.ok()) return issued.status();
    return std::optional(*std::move(issued));
  }
  return std::nullopt;
}

absl::Status CheckAnswerLive(storage::ReadTxn& txn,
                             const IssuedServiceAccount& issued,
                             absl::Time now) {
  const absl::StatusOr<storage::TokenOwner> found =
      txn.FindToken(issued.record.token.public_id);
  if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
  if (found.ok() && identity::IsLive(*found, now)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the call was made before, and the token that it issued has "
                   "ended since; nothing was done now; use a new key to issue "
                   "another",
                   {.reason = "REPLAY_TOKEN_ENDED"});
}

absl::Status RecordRepetition(storage::WriteTxn& txn,
                              const audit::AuditLog& audit,
                              const identity::Caller& caller, absl::Time now,
                              std::string_view action,
                              IssuedServiceAccount& issued) {
  issued.repeated = true;
  const storage::ServiceAccountRecord& record = issued.record;
  return audit.Append(
      txn, record.account_id, caller, now,
      {.action = "service_account.replay",
       .resource_type = std::string(audit::kServiceAccountResource),
       .resource_id = record.id.ToString(),
       .details = {{"action", std::string(action)},
                   {"token_public_id", record.token.public_id}}});
}

absl::Status KeepAnswer(storage::WriteTxn& txn,
                        const IdempotentCall& idempotent,
                        const IssuedServiceAccount& issued, absl::Time now,
                        RandomSource& random) {
  const IdempotentCall::Place& place = idempotent.places.front();
  return txn.PutIdempotencyRecord(
      {.lookup = place.lookup,
       .fingerprint = idempotent.fingerprint,
       .ciphertext = crypto::Encrypt(place.key, Encode(issued).Expose(),
                                     Context(idempotent, place), random),
       .created_at = WholeMicros(now)});
}

}  // namespace signet::domain
