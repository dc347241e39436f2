// SPDX-License-Identifier: Apache-2.0
#include "server/domain/service_accounts.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/domain/name_rule.h"
#include "server/domain/token_issue.h"

namespace signet {
namespace {

// Two mints in a row that are both taken mean a broken random source.
constexpr int kMintAttempts = 3;

// Violations of one request, gathered so that the client hears of all at once.
class Violations {
 public:
  // Notes the fault in `field`, if `status` is one.
  void Add(std::string_view field, const absl::Status& status) {
    if (status.ok()) return;
    list_.push_back(
        {.field = std::string(field), .detail = std::string(status.message())});
  }

  // The id that `text` names; a violation if it is none.
  std::optional<Uuid> TakeId(std::string_view field, std::string_view text) {
    std::optional<Uuid> id = Uuid::Parse(text);
    if (!id.has_value()) {
      Add(field, absl::InvalidArgumentError("want a UUID, 8-4-4-4-12"));
    }
    return id;
  }

  bool empty() const { return list_.empty(); }

  absl::Status ToStatus() && {
    std::string message;
    for (const FieldViolation& violation : list_) {
      absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field,
                      ": ", violation.detail);
    }
    return MakeError(
        absl::StatusCode::kInvalidArgument, message,
        {.reason = "FIELD_INVALID", .violations = std::move(list_)});
  }

 private:
  std::vector<FieldViolation> list_;
};

}  // namespace

// A create on its way through the store, which may try it more than once.
struct ServiceAccounts::CreateCall {
  std::vector<Subject> subjects;
  absl::Time now;
  ServiceAccountRecord record;
  Secret token;
  Expired expired;
  Done<IssuedServiceAccount> done;
  int attempts_left = kMintAttempts;

  // Check and insertion in one transaction: no window between them.
  absl::Status Run(WriteTxn& txn) const {
    const absl::StatusOr<GrantKind> grant =
        Authorize(txn, subjects, record.account_id, Right::kManage);
    if (!grant.ok()) return grant.status();
    if (*grant == GrantKind::kSuperAdmin) {
      const absl::Status ensured =
          txn.EnsureAccount(record.account_id, record.created_at);
      if (!ensured.ok()) return ensured;
    }
    return txn.InsertServiceAccount(record);
  }
};

ServiceAccounts::ServiceAccounts(Store* store, const MacKeyring* keyring,
                                 const Clock* clock, RandomSource* random,
                                 IssuePolicy policy)
    : store_(store),
      keyring_(keyring),
      clock_(clock),
      random_(random),
      policy_(std::move(policy)) {}

void ServiceAccounts::Create(const Principal& principal, CreateRequest request,
                             Expired expired, Done<IssuedServiceAccount> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  violations.Add("name", CheckName(request.name));
  const absl::StatusOr<std::optional<absl::Time>> expires_at =
      DecideExpiry(request.expires_at, now, policy_.expiry);
  violations.Add("expires_at", expires_at.status());
  if (!violations.empty()) {
    Refuse(principal, account_id, Right::kManage,
           std::move(violations).ToStatus(), std::move(done));
    return;
  }

  auto call = std::make_shared<CreateCall>();
  call->subjects = principal.Subjects();
  call->now = now;
  call->record.account_id = *account_id;
  call->record.name = std::move(request.name);
  call->record.token.expires_at = *expires_at;
  call->record.created_by_user_id = principal.user_id();
  call->expired = std::move(expired);
  call->done = std::move(done);
  MintAndWrite(std::move(call));
}

void ServiceAccounts::MintAndWrite(std::shared_ptr<CreateCall> call) {
  --call->attempts_left;
  IssuedToken token =
      IssueToken(policy_.token_prefix, call->now, call->record.token.expires_at,
                 *keyring_, *random_);
  call->token = std::move(token.text);
  call->record.token = std::move(token.record);
  call->record.id = Uuid::V7(call->now, *random_);
  call->record.created_at = call->record.token.created_at;
  call->record.updated_at = call->record.created_at;

  Expired expired;
  if (call->expired) expired = [call] { return call->expired(); };
  Store::WriteBody body = [call](WriteTxn& txn) { return call->Run(txn); };
  store_->Write(
      std::move(body),
      [this, call = std::move(call)](const absl::Status& status) mutable {
        if (absl::IsAlreadyExists(status)) {
          if (call->attempts_left > 0) {
            MintAndWrite(std::move(call));
            return;
          }
          std::move(call->done)(absl::InternalError(
              absl::StrCat(kMintAttempts, " minted ids in a row were taken")));
        } else if (!status.ok()) {
          std::move(call->done)(status);
        } else {
          std::move(call->done)(
              IssuedServiceAccount{.record = std::move(call->record),
                                   .token = std::move(call->token)});
        }
      },
      std::move(expired));
}

void ServiceAccounts::Get(const Principal& principal, const GetRequest& request,
                          Done<ServiceAccountRecord> done) {
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account_id", request.service_account_id);
  if (!violations.empty()) {
    Refuse(principal, account_id, Right::kView,
           std::move(violations).ToStatus(), std::move(done));
    return;
  }

  auto record = std::make_shared<ServiceAccountRecord>();
  store_->Read(
      [record, subjects = principal.Subjects(), account_id = *account_id,
       id = *id](ReadTxn& txn) {
        const absl::Status access =
            Authorize(txn, subjects, account_id, Right::kView).status();
        if (!access.ok()) return access;
        absl::StatusOr<ServiceAccountRecord> found =
            txn.GetServiceAccount(account_id, id);
        if (absl::IsNotFound(found.status())) {
          return MakeError(absl::StatusCode::kNotFound,
                           "the account holds no such service account",
                           {.reason = "SERVICE_ACCOUNT_NOT_FOUND"});
        }
        if (!found.ok()) return found.status();
        *record = *std::move(found);
        return absl::OkStatus();
      },
      [record, done = std::move(done)](const absl::Status& status) mutable {
        if (status.ok()) {
          std::move(done)(std::move(*record));
        } else {
          std::move(done)(status);
        }
      });
}

void ServiceAccounts::AdmitCreate(const Principal& principal,
                                  std::string_view account_id, AdmitDone done) {
  Admit(principal, Uuid::Parse(account_id), Right::kManage, std::move(done));
}

void ServiceAccounts::AdmitGet(const Principal& principal,
                               std::string_view account_id, AdmitDone done) {
  Admit(principal, Uuid::Parse(account_id), Right::kView, std::move(done));
}

void ServiceAccounts::Admit(const Principal& principal,
                            const std::optional<Uuid>& account_id, Right right,
                            AdmitDone done) {
  if (!account_id.has_value()) {
    std::move(done)(absl::OkStatus());
    return;
  }
  store_->Read(
      [subjects = principal.Subjects(), account_id = *account_id,
       right](ReadTxn& txn) {
        return Authorize(txn, subjects, account_id, right).status();
      },
      std::move(done));
}

template <typename T>
void ServiceAccounts::Refuse(const Principal& principal,
                             const std::optional<Uuid>& account_id, Right right,
                             absl::Status fault, Done<T> done) {
  Admit(principal, account_id, right,
        [fault = std::move(fault),
         done = std::move(done)](const absl::Status& access) mutable {
          std::move(done)(access.ok() ? fault : access);
        });
}

}  // namespace signet
