// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_receiver.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/uuid.h"
#include "server/domain/authorization_rule.h"
#include "server/domain/cover.h"
#include "server/domain/last_owner.h"
#include "server/identity/token_state.h"

namespace signet::domain {
namespace {

// Whom Principal::ToString() named.
std::optional<storage::Subject> ReadPrincipal(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<storage::SubjectType> type =
      ParseSubjectType(text.substr(0, colon));
  const std::optional<Uuid> id = Uuid::Parse(text.substr(colon + 1));
  if (!type.has_value() || !id.has_value()) return std::nullopt;
  return storage::Subject{.type = *type, .id = id->ToString()};
}

absl::StatusOr<bool> CoversNow(storage::ReadTxn& txn,
                               const storage::Subject& receiver, absl::Time now,
                               const storage::AuthorizationRecord& grant) {
  const absl::StatusOr<bool> acts =
      CanAct(txn, OauthOwners::kCanAct, now, receiver);
  if (!acts.ok() || !*acts) return acts;
  return Rights(&txn, {receiver}).MayGrant(grant);
}

// Whether a token that a rotation replaced is good until its overlap ends. Who
// was shown that is not known any more. One of a service account that is
// disabled comes back with it.
absl::StatusOr<bool> Overlaps(storage::ReadTxn& txn,
                              const storage::ServiceAccountRecord& record,
                              absl::Time now) {
  const absl::StatusOr<std::vector<storage::TokenRecord>> tokens =
      txn.ListTokensInUse(record.account_id, record.id);
  if (!tokens.ok()) return tokens.status();
  return std::any_of(
      tokens->begin(), tokens->end(), [&](const storage::TokenRecord& token) {
        return token.public_id != record.token.public_id &&
               identity::DeathOf(token).value_or(absl::InfiniteFuture()) > now;
      });
}

absl::Status ShownToAnother(std::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, what,
                   {.reason = kTokenShownToAnother});
}

absl::Status CheckReceiverOf(storage::ReadTxn& txn,
                             const storage::ServiceAccountRecord& record,
                             const identity::Principal& granter, absl::Time now,
                             const storage::AuthorizationRecord& grant) {
  const absl::StatusOr<bool> overlaps = Overlaps(txn, record, now);
  if (!overlaps.ok()) return overlaps.status();
  if (*overlaps) {
    return ShownToAnother(
        "a token of the service account that a rotation replaced is still "
        "good, and somebody else may have been shown it; rotate without an "
        "overlap first, or set acknowledge_token_shown to true");
  }
  const std::string& shown_to = record.token_shown_to;
  if (shown_to == kShownToOperator || shown_to == granter.ToString()) {
    return absl::OkStatus();
  }
  if (shown_to.empty()) {
    return ShownToAnother(
        "the token of the service account is from before this server kept who "
        "was shown it; rotate it first, or set acknowledge_token_shown to "
        "true");
  }
  const std::optional<storage::Subject> receiver = ReadPrincipal(shown_to);
  if (receiver.has_value()) {
    const absl::StatusOr<bool> covers = CoversNow(txn, *receiver, now, grant);
    if (!covers.ok()) return covers.status();
    if (*covers) return absl::OkStatus();
  }
  return ShownToAnother(
      "the token of the service account was shown to somebody who may not do "
      "what would be granted; rotate it first, or set "
      "acknowledge_token_shown to true");
}

}  // namespace

absl::Status CheckReceiver(storage::ReadTxn& txn,
                           const identity::Principal& granter, absl::Time now,
                           const storage::AuthorizationRecord& grant) {
  if (!IsGoverning(grant) ||
      grant.subject.type != storage::SubjectType::kServiceAccount) {
    return absl::OkStatus();
  }
  const absl::StatusOr<std::vector<storage::ServiceAccountRecord>> found =
      txn.FindServiceAccounts(*Uuid::Parse(grant.subject.id));
  if (!found.ok()) return found.status();
  for (const storage::ServiceAccountRecord& record : *found) {
    absl::Status status = CheckReceiverOf(txn, record, granter, now, grant);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace signet::domain
