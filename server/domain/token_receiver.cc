// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_receiver.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/uuid.h"
#include "server/domain/authorization_rule.h"
#include "server/domain/cover.h"
#include "server/domain/last_owner.h"
#include "server/identity/token_state.h"

namespace signet::domain {
namespace {

struct Receiver {
  storage::Subject subject;
  std::string token_public_id;  // That it presented; empty for a user.
};

// Whom ReceiverName() named. A service account without its token, as releases
// before wrote it, is nobody: who called is not known.
std::optional<Receiver> ReadReceiver(std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(text), ':');
  if (parts.size() < 2) return std::nullopt;
  const std::optional<storage::SubjectType> type = ParseSubjectType(parts[0]);
  const std::optional<Uuid> id = Uuid::Parse(parts[1]);
  if (!type.has_value() || !id.has_value()) return std::nullopt;
  const bool has_token = *type == storage::SubjectType::kServiceAccount;
  if (parts.size() != (has_token ? 3 : 2)) return std::nullopt;
  return Receiver{.subject = {.type = *type, .id = id->ToString()},
                  .token_public_id = has_token ? parts[2] : ""};
}

// Whether it is the current token of that service account.
absl::StatusOr<bool> IsCurrentToken(storage::ReadTxn& txn,
                                    const std::string& public_id) {
  const absl::StatusOr<storage::TokenOwner> found = txn.FindToken(public_id);
  if (absl::IsNotFound(found.status())) return false;
  if (!found.ok()) return found.status();
  return found->owner.token.public_id == public_id;
}

absl::StatusOr<bool> CoversNow(storage::ReadTxn& txn, const Receiver& receiver,
                               absl::Time now,
                               const storage::AuthorizationRecord& grant) {
  absl::StatusOr<bool> acts =
      CanAct(txn, OauthOwners::kCanAct, now, receiver.subject);
  if (acts.ok() && *acts && !receiver.token_public_id.empty()) {
    acts = IsCurrentToken(txn, receiver.token_public_id);
  }
  if (!acts.ok() || !*acts) return acts;
  return Rights(&txn, {receiver.subject}).MayGrant(grant);
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
  if (shown_to == kShownToOperator || shown_to == ReceiverName(granter)) {
    return absl::OkStatus();
  }
  if (shown_to.empty()) {
    return ShownToAnother(
        "the token of the service account is from before this server kept who "
        "was shown it; rotate it first, or set acknowledge_token_shown to "
        "true");
  }
  const std::optional<Receiver> receiver = ReadReceiver(shown_to);
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

std::string ReceiverName(const identity::Principal& principal) {
  std::string name = principal.ToString();
  if (principal.kind == identity::PrincipalKind::kServiceAccount) {
    absl::StrAppend(&name, ":", principal.token_public_id);
  }
  return name;
}

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
