// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/domain/page_token.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_account_filter.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "server/token/token.h"

namespace signet::domain {
namespace {

constexpr char kQuestion[] = "signet list service accounts v1";

}  // namespace

void ServiceAccounts::Get(const identity::CallerPtr& caller,
                          const GetRequest& request,
                          Done<storage::ServiceAccountRecord> done) {
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const bool by_token = !request.token_public_id.empty();
  std::optional<Uuid> id;
  if (!by_token) {
    id = violations.TakeId("service_account_id", request.service_account_id);
  } else {
    if (!request.service_account_id.empty()) {
      violations.Add("token_public_id", "want it or service_account_id alone");
    }
    if (!token::IsTokenPublicId(request.token_public_id)) {
      violations.Add("token_public_id", "want 16 letters and digits");
    }
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  ReadOutcome<storage::ServiceAccountRecord>(
      *store_, identity::ReadFor(caller),
      [this, subjects = caller->principal.Subjects(), account_id = *account_id,
       id, public_id = request.token_public_id](storage::ReadTxn& txn)
          -> absl::StatusOr<storage::ServiceAccountRecord> {
        const absl::Status access =
            Authorize(txn, subjects, account_id, kReadRight).status();
        if (!access.ok()) return access;
        if (id.has_value()) {
          absl::StatusOr<storage::ServiceAccountRecord> record =
              FindServiceAccount(txn, account_id, *id);
          if (!record.ok()) return record.status();
          return Shown(*std::move(record));
        }
        absl::StatusOr<storage::TokenOwner> found = txn.FindToken(public_id);
        if (absl::IsNotFound(found.status())) return NoSuchServiceAccount();
        if (!found.ok()) return found.status();
        if (found->owner.account_id != account_id) {
          return NoSuchServiceAccount();
        }
        return Shown(std::move(found->owner));
      },
      std::move(done));
}

void ServiceAccounts::List(const identity::CallerPtr& caller,
                           const ListRequest& request, Done<Page> done) {
  Violations violations;
  storage::ServiceAccountQuery query;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  query.account_id = account_id.value_or(Uuid());
  query.filter = ReadConditions(request.conditions, clock_->Now(), violations);
  ReadOrder(request.order_by, query, violations);
  BoundPage(request.page_size, request.page_token, query, violations);
  std::string question = QuestionOf(kQuestion, query);
  if (!request.page_token.empty()) {
    TakePosition(*keyring_, question, request.page_token, query, violations);
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  storage::ReadOptions options = identity::ScanFor(caller, query.account_id);
  ReadOutcome<Page>(
      *store_, std::move(options),
      [this, subjects = caller->principal.Subjects(), query = std::move(query),
       question =
           std::move(question)](storage::ReadTxn& txn) -> absl::StatusOr<Page> {
        const absl::Status access =
            Authorize(txn, subjects, query.account_id, kReadRight).status();
        if (!access.ok()) return access;
        absl::StatusOr<storage::ServiceAccountPage> found =
            txn.ListServiceAccounts(query);
        if (!found.ok()) return found.status();
        Page page;
        for (storage::ServiceAccountRecord& record : found->records) {
          page.records.push_back(Shown(std::move(record)));
        }
        if (found->next.has_value()) {
          page.next_page_token =
              MakePageToken(*keyring_, question, *found->next);
        }
        return page;
      },
      std::move(done));
}

}  // namespace signet::domain
