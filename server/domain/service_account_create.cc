// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/encoding.h"
#include "server/domain/authorization_rule.h"
#include "server/domain/cover.h"
#include "server/domain/idempotency.h"
#include "server/domain/name_rule.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_receiver.h"
#include "server/domain/violations.h"

namespace signet::domain {
namespace {

constexpr size_t kMaxCapabilities = 32;
constexpr char kCreateAction[] = "service_account.create";

// All of a create but its idempotency key.
std::string Fingerprint(const ServiceAccounts::CreateRequest& request) {
  Encoder encoder("signet create v1");
  encoder.Add(request.account_id).Add(request.name);
  encoder.Add(request.expires_at.has_value());
  if (request.expires_at.has_value()) {
    encoder.Add(static_cast<uint64_t>(request.expires_at->seconds))
        .Add(request.expires_at->nanos);
  }
  encoder.Add(request.description).Add(request.labels);
  encoder.Add(uint64_t{request.capabilities.size()});
  for (const std::string& key : request.capabilities) encoder.Add(key);
  return std::move(encoder).text();
}

void CheckCapabilities(const std::vector<std::string>& capabilities,
                       Violations& violations) {
  if (capabilities.size() > kMaxCapabilities) {
    violations.Add("capabilities",
                   absl::StrCat("got ", capabilities.size(), ", want at most ",
                                kMaxCapabilities));
    return;
  }
  for (size_t i = 0; i < capabilities.size(); ++i) {
    violations.Add(absl::StrCat("capabilities[", i, "]"),
                   CheckCapabilityKey(capabilities[i]));
  }
}

}  // namespace

// A create on its way through the store, which may try it more than once.
struct ServiceAccounts::CreateCall {
  identity::CallerPtr caller;
  absl::Time now;
  IssuedServiceAccount issued;
  std::vector<std::string> capabilities;
  std::optional<IdempotentCall> idempotent;
  absl::Status fault;  // Stands unless the call is a repetition.
  Done<IssuedServiceAccount> done;
  int attempts_left = kMintAttempts;
  // The answer given before, if it was.
  std::optional<IssuedServiceAccount> repeated;
  bool ids_taken = false;  // Those minted for the latest run.

  // Check and insertion in one transaction: no window between them.
  absl::Status Run(storage::WriteTxn& txn, const audit::AuditLog& audit,
                   const Clock& clock, RandomSource& random) {
    repeated.reset();
    ids_taken = false;
    const storage::ServiceAccountRecord& record = issued.record;
    const absl::StatusOr<storage::GrantKind> grant = AuthorizeCaller(
        txn, *caller, clock.Now(), record.account_id, kChangeRight);
    if (!grant.ok()) return grant.status();
    if (replay.has_value()) {
      absl::StatusOr<std::optional<IssuedServiceAccount>> before =
          FindAnswer(txn, *idempotent, clock.Now());
      if (!before.ok()) return before.status();
      repeated = *std::move(before);
      if (repeated.has_value()) {
        absl::Status status = CheckMayActOn(
            txn, caller->principal, repeated->record, Cover::kEverything);
        if (status.ok()) status = CheckAnswerLive(txn, *repeated, clock.Now());
        if (!status.ok()) return status;
        return RecordRepetition(txn, audit, *caller, now, kCreateAction,
                                *repeated);
      }
    }
    absl::Status status = fault;
    if (!status.ok()) return status;
    if (*grant == storage::GrantKind::kSuperAdmin) {
      status = txn.EnsureAccount(record.account_id, record.created_at);
    }
    if (status.ok()) {
      status = txn.InsertServiceAccount(record);
      ids_taken = absl::IsAlreadyExists(status);
    }
    if (status.ok()) status = Grant(txn, random);
    if (status.ok()) {
      status = audit.Append(txn, record.account_id, *caller, now, Entry());
    }
    if (status.ok() && replay.has_value()) {
      status = KeepAnswer(txn, *idempotent, issued, now, random);
    }
    return status;
  }

  absl::Status Grant(storage::WriteTxn& txn, RandomSource& random) const {
    Rights rights(&txn, caller->principal.Subjects());
    for (const std::string& key : capabilities) {
      storage::AuthorizationRecord authorization;
      authorization.id = Uuid::V7(now, random);
      authorization.account_id = issued.record.account_id;
      authorization.subject = {storage::SubjectType::kServiceAccount,
                               issued.record.id.ToString()};
      authorization.capability_key = key;
      authorization.created_at = issued.record.created_at;
      absl::Status status = CheckMayGrant(rights, authorization);
      if (status.ok()) status = txn.InsertAuthorization(authorization);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  audit::AuditEntry Entry() const {
    audit::AuditEntry entry = {
        .action = kCreateAction,
        .resource_type = std::string(audit::kServiceAccountResource),
        .resource_id = issued.record.id.ToString(),
        .details = {{"token_public_id", issued.record.token.public_id}}};
    if (!capabilities.empty()) {
      entry.details["capabilities"] = absl::StrJoin(capabilities, ",");
    }
    return entry;
  }
};

void ServiceAccounts::Create(identity::CallerPtr caller, CreateRequest request,
                             Done<IssuedServiceAccount> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  violations.Add("name", CheckName(request.name));
  const absl::StatusOr<std::optional<absl::Time>> expires_at =
      DecideExpiry(request.expires_at, now, policy_.expiry);
  violations.Add("description", CheckFreeText(request.description));
  violations.Add("labels", CheckLabels(request.labels));
  CheckCapabilities(request.capabilities, violations);
  std::optional<IdempotentCall> idempotent;
  if (!request.idempotency_key.empty()) {
    violations.Add("request_id", CheckIdempotencyKey(request.idempotency_key));
    if (account_id.has_value()) request.account_id = account_id->ToString();
    idempotent = IdempotentCall::For(
        *keyring_, *caller, request.idempotency_key, Fingerprint(request));
  }
  // A repetition may come when the expiry it asked for is over.
  const bool may_be_repeated = replay.has_value() && violations.empty();
  violations.Add("expires_at", expires_at.status());
  absl::Status fault;
  if (may_be_repeated && !violations.empty()) {
    fault = std::move(violations).ToStatus();
  } else if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }

  auto call = std::make_shared<CreateCall>();
  call->caller = std::move(caller);
  call->now = now;
  storage::ServiceAccountRecord& record = call->issued.record;
  record.account_id = *account_id;
  record.name = std::move(request.name);
  record.description = std::move(request.description);
  record.labels = std::move(request.labels);
  record.created_by_user_id = call->caller->principal.user_id();
  record.token_shown_to = ReceiverName(call->caller->principal);
  call->capabilities = std::move(request.capabilities);
  std::sort(call->capabilities.begin(), call->capabilities.end());
  call->capabilities.erase(
      std::unique(call->capabilities.begin(), call->capabilities.end()),
      call->capabilities.end());
  call->idempotent = std::move(idempotent);
  call->done = std::move(done);
  call->fault = std::move(fault);
  if (expires_at.ok()) record.token.expires_at = *expires_at;
  MintAndCreate(std::move(call));
}

void ServiceAccounts::MintAndCreate(std::shared_ptr<CreateCall> call) {
  --call->attempts_left;
  storage::ServiceAccountRecord& record = call->issued.record;
  IssuedToken token = IssueToken(policy_.token_prefix, call->now,
                                 record.token.expires_at, *keyring_, *random_);
  call->issued.token = std::move(token.text);
  record.token = std::move(token.record);
  record.id = Uuid::V7(call->now, *random_);
  record.created_at = record.token.created_at;
  record.updated_at = record.created_at;

  storage::WriteOptions options =
      identity::WriteFor(call->caller, record.account_id);
  storage::Store::WriteBody body = [this, call](storage::WriteTxn& txn) {
    return call->Run(txn, *audit_, *clock_, *random_);
  };
  store_->Write(
      std::move(body),
      [this, call = std::move(call)](const absl::Status& status) mutable {
        if (absl::IsAlreadyExists(status) && call->ids_taken &&
            call->attempts_left > 0) {
          MintAndCreate(std::move(call));
        } else if (!status.ok()) {
          std::move(call->done)(MintStatus(status, call->ids_taken));
        } else if (call->repeated.has_value()) {
          std::move(call->done)(*std::move(call->repeated));
        } else {
          std::move(call->done)(std::move(call->issued));
        }
      },
      std::move(options));
}

}  // namespace signet::domain
