// SPDX-License-Identifier: Apache-2.0
#include "server/audit/row_history.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "server/audit/audit_log.h"

namespace signet::audit {
namespace {

AuditFault OlderRow(const Uuid& account_id, uint64_t sequence,
                    std::string row) {
  return {.account_id = account_id,
          .sequence = sequence,
          .what = "the row is from before this event",
          .row = std::move(row)};
}

std::string ServiceAccountRow(const Uuid& id) {
  return "service account " + id.ToString();
}

// What an event says of a member, if it does.
std::optional<std::string> DetailOf(const storage::AuditEventRecord& event,
                                    const std::string& member) {
  const auto details = ReadDetails(event);
  const auto found = details.find(member);
  if (found == details.end()) return std::nullopt;
  return found->second;
}

// OK where there is no such row.
template <typename Record>
absl::Status Otherwise(const absl::StatusOr<Record>& found) {
  return absl::IsNotFound(found.status()) ? absl::OkStatus() : found.status();
}

}  // namespace

absl::Status RowHistory::Follow(storage::ReadTxn& txn,
                                const storage::AuditEventRecord& event,
                                std::vector<AuditFault>& faults) {
  if (event.outcome != kAllowed) return absl::OkStatus();
  const std::string_view action = event.action;
  if (action == "service_account.revoke" || action == "service_account.purge" ||
      action == "service_account.update") {
    return FollowServiceAccount(txn, event, faults);
  }
  if (action == "service_account.rotate") {
    return FollowRotation(txn, event, faults);
  }
  if (action == "service_account.revoke_self" ||
      action == "service_account.revoke_token") {
    return FollowToken(txn, event, faults);
  }
  if (action == "authorization.revoke") {
    return FollowAuthorization(txn, event, faults);
  }
  return absl::OkStatus();
}

void RowHistory::End(Ended what, std::string_view id,
                     const storage::AuditEventRecord& event, std::string row,
                     std::vector<AuditFault>& faults) {
  const uint64_t before =
      ended_.emplace(absl::HashOf(what, id), event.sequence).first->second;
  // Events may be followed again.
  if (before >= event.sequence) return;
  faults.push_back({.account_id = account_id_,
                    .sequence = event.sequence,
                    .what = "an earlier event ended it already, so an older "
                            "row was put back in between",
                    .row = std::move(row)});
}

void RowHistory::Finish(std::vector<AuditFault>& faults) {
  for (const auto& [id, sequence] : enabled_) {
    faults.push_back(OlderRow(account_id_, sequence, ServiceAccountRow(id)));
  }
  enabled_.clear();
}

absl::Status RowHistory::FollowServiceAccount(
    storage::ReadTxn& txn, const storage::AuditEventRecord& event,
    std::vector<AuditFault>& faults) {
  const std::optional<Uuid> id = Uuid::Parse(event.resource_id);
  if (!id.has_value()) return absl::OkStatus();
  std::optional<std::string> enabled;
  if (event.action == "service_account.update") {
    enabled = DetailOf(event, "new_enabled");
    if (!enabled.has_value()) return absl::OkStatus();
  }
  if (enabled == "true" || event.action == "service_account.purge") {
    enabled_.erase(*id);
  }
  if (enabled == "true") {
    ended_.erase(absl::HashOf(Ended::kDisabledServiceAccount,
                              std::string_view(event.resource_id)));
    return absl::OkStatus();
  }
  if (event.action != "service_account.purge") {
    End(enabled.has_value() ? Ended::kDisabledServiceAccount
                            : Ended::kRevokedServiceAccount,
        event.resource_id, event, ServiceAccountRow(*id), faults);
  }
  const absl::StatusOr<storage::ServiceAccountRecord> found =
      txn.GetServiceAccount(account_id_, *id);
  if (!found.ok()) return Otherwise(found);
  if (enabled.has_value()) {
    if (found->enabled) enabled_[*id] = event.sequence;
  } else if (!found->revoked_at.has_value() ||
             event.action == "service_account.purge") {
    faults.push_back(
        OlderRow(account_id_, event.sequence, ServiceAccountRow(*id)));
  }
  return absl::OkStatus();
}

absl::Status RowHistory::FollowRotation(storage::ReadTxn& txn,
                                        const storage::AuditEventRecord& event,
                                        std::vector<AuditFault>& faults) {
  const auto details = ReadDetails(event);
  const std::optional<Uuid> id = Uuid::Parse(event.resource_id);
  const auto next = details.find("token_public_id");
  const auto replaced = details.find("replaced_token_public_id");
  const auto retires = details.find("replaced_token_retires_at");
  if (!id.has_value() || next == details.end() || replaced == details.end() ||
      retires == details.end()) {
    return absl::OkStatus();
  }
  End(Ended::kReplacedToken, replaced->second, event,
      "token " + replaced->second, faults);
  const absl::StatusOr<absl::Time> retires_at = ParseRfc3339(retires->second);
  if (!retires_at.ok()) return absl::OkStatus();
  const absl::StatusOr<std::vector<storage::TokenRecord>> in_use =
      txn.ListTokensInUse(account_id_, *id);
  if (!in_use.ok()) return in_use.status();
  for (const storage::TokenRecord& token : *in_use) {
    const bool older =
        token.public_id == replaced->second
            ? token.retires_at.value_or(absl::InfiniteFuture()) > *retires_at
            // One that was replaced before this has ended by it.
            : in_use->front().public_id == next->second &&
                  token.public_id != next->second;
    if (older) {
      faults.push_back(
          OlderRow(account_id_, event.sequence, "token " + token.public_id));
    }
  }
  return absl::OkStatus();
}

absl::Status RowHistory::FollowToken(storage::ReadTxn& txn,
                                     const storage::AuditEventRecord& event,
                                     std::vector<AuditFault>& faults) {
  const std::optional<std::string> public_id =
      DetailOf(event, "token_public_id");
  if (!public_id.has_value()) return absl::OkStatus();
  End(Ended::kRevokedToken, *public_id, event, "token " + *public_id, faults);
  const absl::StatusOr<storage::TokenOwner> found = txn.FindToken(*public_id);
  if (!found.ok()) return Otherwise(found);
  // Before there was `ended` it was the time of this event when it retired.
  if (!found->token.ended && found->token.retires_at != event.at &&
      !found->owner.revoked_at.has_value()) {
    faults.push_back(
        OlderRow(account_id_, event.sequence, "token " + *public_id));
  }
  return absl::OkStatus();
}

absl::Status RowHistory::FollowAuthorization(
    storage::ReadTxn& txn, const storage::AuditEventRecord& event,
    std::vector<AuditFault>& faults) {
  const std::optional<Uuid> id = Uuid::Parse(event.resource_id);
  if (!id.has_value()) return absl::OkStatus();
  End(Ended::kRevokedAuthorization, event.resource_id, event,
      "authorization " + id->ToString(), faults);
  const absl::StatusOr<storage::AuthorizationRecord> found =
      txn.GetAuthorization(account_id_, *id);
  if (!found.ok()) return Otherwise(found);
  if (!found->revoked_at.has_value()) {
    faults.push_back(OlderRow(account_id_, event.sequence,
                              "authorization " + id->ToString()));
  }
  return absl::OkStatus();
}

}  // namespace signet::audit
