// SPDX-License-Identifier: Apache-2.0
#include "server/domain/replay.h"

#include <algorithm>
#include <utility>

#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/crypto/sealed_box.h"
#include "server/domain/encoding.h"

namespace signet {
namespace {

constexpr size_t kMaxKeyLength = 128;
constexpr std::string_view kAnswerPurpose = "signet replay answer v1";

// What only its owner may read. Only what an answer shows is kept.
Secret Encode(const IssuedServiceAccount& issued) {
  const ServiceAccountRecord& record = issued.record;
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
  ServiceAccountRecord& record = issued.record;
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
std::string Context(const Replay& replay) {
  return Encoder("signet replay context v1")
      .Add(replay.lookup)
      .Add(replay.fingerprint)
      .text();
}

}  // namespace

Replay Replay::For(const Caller& caller, std::string_view idempotency_key,
                   std::string_view request) {
  return {.lookup = Sha256(Encoder("signet replay lookup v1")
                               .Add(caller.principal.ToString())
                               .Add(idempotency_key)
                               .text()),
          .fingerprint = Sha256(request),
          .key = DeriveKey(caller.replay_seed.Expose(), idempotency_key,
                           "signet replay key v1")};
}

absl::Status CheckIdempotencyKey(std::string_view key) {
  const bool visible = std::all_of(key.begin(), key.end(),
                                   [](char c) { return c > 0x20 && c < 0x7F; });
  if (visible && !key.empty() && key.size() <= kMaxKeyLength) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("want 1 to 128 visible ASCII characters");
}

absl::StatusOr<std::optional<IssuedServiceAccount>> FindReplay(
    ReadTxn& txn, const Replay& replay) {
  const absl::StatusOr<ReplayRecord> kept = txn.FindReplay(replay.lookup);
  if (absl::IsNotFound(kept.status())) return std::nullopt;
  if (!kept.ok()) return kept.status();
  if (kept->fingerprint != replay.fingerprint) {
    return MakeError(absl::StatusCode::kInvalidArgument,
                     "the idempotency key came before with another request",
                     {.reason = "IDEMPOTENCY_KEY_REUSED"});
  }
  const absl::StatusOr<Secret> text =
      OpenBox(replay.key, kept->sealed, Context(replay));
  if (!text.ok()) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition,
        "the call was made before with another credential, which alone can "
        "read the answer; nothing was done now",
        {.reason = "REPLAY_CREDENTIAL_CHANGED"});
  }
  absl::StatusOr<IssuedServiceAccount> issued = Decode(*text);
  if (!issued.ok()) return issued.status();
  return std::optional(*std::move(issued));
}

absl::Status KeepReplay(WriteTxn& txn, const Replay& replay,
                        const IssuedServiceAccount& issued, absl::Time now,
                        RandomSource& random) {
  return txn.InsertReplay(
      {.lookup = replay.lookup,
       .fingerprint = replay.fingerprint,
       .sealed = CloseBox(replay.key, Encode(issued).Expose(), Context(replay),
                          random),
       .created_at = WholeMicros(now)});
}

}  // namespace signet
