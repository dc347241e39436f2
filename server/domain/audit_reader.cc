// SPDX-License-Identifier: Apache-2.0
#include "server/domain/audit_reader.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/encoding.h"
#include "server/audit/audit_log.h"
#include "server/domain/page_token.h"
#include "server/domain/violations.h"

namespace signet::domain {
namespace {

std::string QuestionOf(const storage::AuditQuery& query) {
  return Encoder("signet list audit events v1")
      .Add(query.account_id)
      .Add(query.actor)
      .Add(query.action)
      .Add(query.resource_id)
      .Add(query.outcome)
      .Add(query.from)
      .Add(query.until)
      .text();
}

std::optional<absl::Time> TakeTime(std::string_view field,
                                   const std::optional<RawTimestamp>& raw,
                                   Violations& violations) {
  if (!raw.has_value()) return std::nullopt;
  const absl::StatusOr<absl::Time> time = ReadTimestamp(*raw);
  violations.Add(field, time.status());
  return time.ok() ? std::optional(*time) : std::nullopt;
}

// The actor as events name it; nullopt if none can. Ids are recorded in lower
// case, however they are asked for.
std::optional<std::string> ReadActor(std::string_view text) {
  if (text == audit::kSystemActor) return std::string(text);
  for (const std::string_view kind : {"service_account:", "user:"}) {
    if (!text.starts_with(kind)) continue;
    const std::optional<Uuid> id = Uuid::Parse(text.substr(kind.size()));
    if (id.has_value()) {
      return absl::StrCat(std::string(kind), id->ToString());
    }
  }
  return std::nullopt;
}

// The query that `request` asks, but for its position.
storage::AuditQuery ReadQuery(const AuditReader::ListRequest& request,
                              Violations& violations) {
  storage::AuditQuery query;
  query.account_id =
      violations.TakeId("account_id", request.account_id).value_or(Uuid());
  if (!request.actor.empty()) {
    const std::optional<std::string> actor = ReadActor(request.actor);
    if (!actor.has_value()) {
      violations.Add("actor",
                     "want service_account:ID, user:ID (the id that auth/self "
                     "tells, not the sub) or system");
    }
    query.actor = actor.value_or("");
  }
  query.action = request.action;
  const std::optional<Uuid> id = Uuid::Parse(request.resource_id);
  query.resource_id = id.has_value() ? id->ToString() : request.resource_id;
  query.outcome = request.outcome;
  if (!query.outcome.empty() && query.outcome != audit::kAllowed &&
      query.outcome != audit::kDenied) {
    violations.Add("outcome", "want allowed or denied");
  }
  query.from = TakeTime("from", request.from, violations);
  query.until = TakeTime("until", request.until, violations);
  if (query.from.has_value() && query.until.has_value() &&
      *query.until <= *query.from) {
    violations.Add("until", "got a time not after from, want a later one");
  }
  BoundPage(request.page_size, request.page_token, query, violations);
  return query;
}

}  // namespace

void AuditReader::List(const identity::CallerPtr& caller,
                       const ListRequest& request, Done<Page> done) {
  Violations violations;
  storage::AuditQuery query = ReadQuery(request, violations);
  std::string question = QuestionOf(query);
  if (!request.page_token.empty()) {
    TakePosition(
        *keyring_, question, request.page_token,
        [&query](Decoder& decoder) { query.after = decoder.Number(); },
        violations);
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
            Authorize(txn, subjects, query.account_id, kRight).status();
        if (!access.ok()) return access;
        absl::StatusOr<storage::AuditPage> found = txn.ListAuditEvents(query);
        if (!found.ok()) return found.status();
        Page page = {.records = std::move(found->records),
                     .next_page_token = ""};
        if (found->next.has_value()) {
          page.next_page_token =
              MakePageToken(*keyring_, question, EncodePosition(*found->next));
        }
        return page;
      },
      std::move(done));
}

}  // namespace signet::domain
