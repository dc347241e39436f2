// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/encoding.h"
#include "base/rfc3339.h"
#include "server/domain/cover.h"
#include "server/domain/idempotency.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_receiver.h"
#include "server/domain/violations.h"

namespace signet::domain {
namespace {

constexpr char kRotateAction[] = "service_account.rotate";

// All of a rotation but its idempotency key.
std::string Fingerprint(const Uuid& account_id, const Uuid& id,
                        const ServiceAccounts::RotateRequest& request) {
  Encoder encoder("signet rotate v1");
  encoder.Add(account_id).Add(id).Add(request.overlap.has_value());
  if (request.overlap.has_value()) {
    encoder.Add(static_cast<uint64_t>(request.overlap->seconds))
        .Add(request.overlap->nanos);
  }
  encoder.Add(request.expires_at.has_value());
  if (request.expires_at.has_value()) {
    encoder.Add(static_cast<uint64_t>(request.expires_at->seconds))
        .Add(request.expires_at->nanos);
  }
  // Absent where it is empty: what an older release kept stays found.
  if (!request.etag.empty()) encoder.Add(request.etag);
  return std::move(encoder).text();
}

// Anyone who still has a token that was replaced, though it is good for an
// overlap, has not the one that took its place, and would take that over.
absl::Status ReplacedTokenError() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the token presented was replaced by a rotation; only the "
                   "one that took its place may rotate the service account",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

}  // namespace

// A rotation on its way through the store, which may try it more than once.
struct ServiceAccounts::RotateCall {
  identity::CallerPtr caller;
  absl::Time now;
  Uuid account_id;
  Uuid id;
  absl::Duration overlap;
  bool keep_expiry;                       // That of the token before.
  std::optional<absl::Time> expires_at;   // Otherwise, or if that is over.
  std::optional<absl::Duration> max_ttl;  // Also of what is kept.
  std::string etag;                       // Of the version to be rotated.
  std::optional<IdempotentCall> idempotency;
  absl::Status fault;  // Stands unless the call is a repetition.
  IssuedToken minted;
  Done<IssuedServiceAccount> done;
  int attempts_left = kMintAttempts;
  IssuedServiceAccount issued;  // The answer.
  bool id_taken = false;        // The one minted for the latest run.

  absl::Status Run(storage::WriteTxn& txn, const ServiceAccounts& accounts,
                   const audit::AuditLog& audit, RandomSource& random) {
    id_taken = false;
    const absl::StatusOr<storage::GrantKind> grant = AuthorizeCaller(
        txn, *caller, accounts.clock_->Now(), account_id, kChangeRight);
    if (!grant.ok()) return grant.status();
    absl::StatusOr<storage::ServiceAccountRecord> found =
        FindServiceAccount(txn, account_id, id);
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
    // Before all that tells what became of it.
    if (found.ok()) {
      absl::Status status =
          CheckMayActOn(txn, caller->principal, *found, Cover::kEverything);
      if (!status.ok()) return status;
    }
    if (idempotency.has_value()) {
      absl::StatusOr<std::optional<IssuedServiceAccount>> before =
          FindAnswer(txn, *idempotency, accounts.clock_->Now());
      if (!before.ok()) return before.status();
      if (before->has_value()) {
        issued = **std::move(before);
        absl::Status live =
            CheckAnswerLive(txn, issued, accounts.clock_->Now());
        if (!live.ok()) return live;
        return RecordRepetition(txn, audit, *caller, now, kRotateAction,
                                issued);
      }
    }
    if (!found.ok()) return found.status();
    absl::Status status = CheckNotRevoked(*found);
    if (status.ok()) status = fault;
    if (status.ok()) status = CheckEtag(etag, *found);
    if (!status.ok()) return status;
    // As shown, so that a repetition shows the same.
    return Replace(txn, accounts.Shown(*std::move(found)), audit, random);
  }

  absl::Status Replace(storage::WriteTxn& txn,
                       storage::ServiceAccountRecord record,
                       const audit::AuditLog& audit, RandomSource& random) {
    const storage::TokenRecord replaced = record.token;
    absl::StatusOr<std::vector<storage::TokenRecord>> in_use =
        txn.ListTokensInUse(account_id, id);
    if (!in_use.ok()) return in_use.status();
    std::optional<absl::Time> expiry = Expiry(replaced);
    if (IsItself(caller->principal, record)) {
      absl::Status status = LimitOwn(replaced, expiry);
      if (!status.ok()) return status;
    }
    record.token = minted.record;
    record.token.expires_at = expiry;
    // One that rotates itself had the token before: the receiver stays.
    if (!IsItself(caller->principal, record)) {
      record.token_shown_to = ReceiverName(caller->principal);
    }
    MarkChanged(record, now);
    issued.record = record;
    // Copied, as the transaction may run again.
    issued.token = Secret(std::string(minted.text.Expose()));
    // No later than the token that takes its place.
    const absl::Time retires_at =
        std::min(WholeMicros(now) + overlap,
                 record.token.expires_at.value_or(absl::InfiniteFuture()));
    absl::Status status = txn.ReplaceToken(record);
    id_taken = absl::IsAlreadyExists(status);
    for (storage::TokenRecord& token : *in_use) {
      if (overlap > absl::ZeroDuration() &&
          token.public_id == replaced.public_id) {
        token.retires_at = retires_at;
      } else {
        EndForGood(token, now);
      }
      if (status.ok()) status = txn.UpdateToken(account_id, id, token);
    }
    if (status.ok()) {
      status = audit.Append(
          txn, account_id, *caller, now,
          {.action = kRotateAction,
           .resource_type = std::string(audit::kServiceAccountResource),
           .resource_id = id.ToString(),
           .details = {
               {"token_public_id", record.token.public_id},
               {"replaced_token_public_id", replaced.public_id},
               {"replaced_token_retires_at", FormatRfc3339(retires_at)},
               {"old_expires_at", AuditedTime(replaced.expires_at)},
               {"new_expires_at", AuditedTime(record.token.expires_at)}}});
    }
    if (status.ok() && idempotency.has_value()) {
      status = KeepAnswer(txn, *idempotency, issued, now, random);
    }
    return status;
  }

  std::optional<absl::Time> Expiry(const storage::TokenRecord& before) const {
    if (!keep_expiry) return expires_at;
    if (!before.expires_at.has_value()) {
      return max_ttl.has_value() ? expires_at : std::nullopt;
    }
    if (*before.expires_at <= now) return expires_at;
    if (!max_ttl.has_value()) return before.expires_at;
    return std::min(*before.expires_at, WholeMicros(now) + *max_ttl);
  }

  // What a service account may do to itself, by its current token only: the
  // next one ends no later.
  absl::Status LimitOwn(const storage::TokenRecord& current,
                        std::optional<absl::Time>& expiry) const {
    if (caller->principal.token_public_id != current.public_id) {
      return ReplacedTokenError();
    }
    if (expiry.value_or(absl::InfiniteFuture()) <=
        current.expires_at.value_or(absl::InfiniteFuture())) {
      return absl::OkStatus();
    }
    if (!keep_expiry) return SelfLimitError();
    expiry = current.expires_at;
    return absl::OkStatus();
  }
};

void ServiceAccounts::Rotate(identity::CallerPtr caller,
                             const RotateRequest& request,
                             Done<IssuedServiceAccount> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account_id", request.service_account_id);
  const absl::StatusOr<absl::Duration> overlap = ReadDuration(
      request.overlap.value_or(RawDuration()), policy_.max_overlap);
  violations.Add("overlap", overlap.status());
  const absl::StatusOr<std::optional<absl::Time>> expires_at =
      DecideExpiry(request.expires_at, now, policy_.expiry);
  std::optional<IdempotentCall> idempotency;
  if (!request.idempotency_key.empty()) {
    violations.Add("request_id", CheckIdempotencyKey(request.idempotency_key));
    if (violations.empty()) {
      idempotency =
          IdempotentCall::For(*keyring_, *caller, request.idempotency_key,
                              Fingerprint(*account_id, *id, request));
    }
  }
  // A repetition may come when the expiry it asked for is over.
  violations.Add("expires_at", expires_at.status());
  absl::Status fault;
  if (idempotency.has_value() && !violations.empty()) {
    fault = std::move(violations).ToStatus();
  } else if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }

  auto call = std::make_shared<RotateCall>();
  call->caller = std::move(caller);
  call->now = now;
  call->account_id = *account_id;
  call->id = *id;
  call->overlap = *overlap;
  call->keep_expiry = !request.expires_at.has_value();
  if (expires_at.ok()) call->expires_at = *expires_at;
  call->max_ttl = policy_.expiry.max_ttl;
  call->etag = request.etag;
  call->idempotency = std::move(idempotency);
  call->fault = std::move(fault);
  call->done = std::move(done);
  MintAndRotate(std::move(call));
}

void ServiceAccounts::MintAndRotate(std::shared_ptr<RotateCall> call) {
  --call->attempts_left;
  call->minted = IssueToken(policy_.token_prefix, call->now, std::nullopt,
                            *keyring_, *random_);
  storage::WriteOptions options =
      identity::WriteFor(call->caller, call->account_id);
  storage::Store::WriteBody body = [this, call](storage::WriteTxn& txn) {
    return call->Run(txn, *this, *audit_, *random_);
  };
  store_->Write(
      std::move(body),
      [this, call = std::move(call)](const absl::Status& status) mutable {
        if (absl::IsAlreadyExists(status) && call->id_taken &&
            call->attempts_left > 0) {
          MintAndRotate(std::move(call));
        } else if (!status.ok()) {
          std::move(call->done)(MintStatus(status, call->id_taken));
        } else {
          std::move(call->done)(std::move(call->issued));
        }
      },
      std::move(options));
}

}  // namespace signet::domain
