// SPDX-License-Identifier: Apache-2.0
#include "server/domain/service_account_filter.h"

#include <optional>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "server/domain/name_rule.h"
#include "server/domain/page_token.h"

namespace signet::domain {
namespace {

constexpr std::pair<std::string_view, storage::ServiceAccountState> kStates[] =
    {
        {"active", storage::ServiceAccountState::kActive},
        {"expired", storage::ServiceAccountState::kExpired},
        {"revoked", storage::ServiceAccountState::kRevoked},
        {"disabled", storage::ServiceAccountState::kDisabled},
};

constexpr std::pair<std::string_view, storage::ServiceAccountOrder> kOrders[] =
    {
        {"created_at", storage::ServiceAccountOrder::kCreated},
        {"name", storage::ServiceAccountOrder::kName},
        {"last_used_at", storage::ServiceAccountOrder::kLastUsed},
};

constexpr std::pair<std::string_view, storage::RevokeReason> kReasons[] = {
    {"unspecified", storage::RevokeReason::kUnspecified},
    {"key_compromise", storage::RevokeReason::kKeyCompromise},
    {"superseded", storage::RevokeReason::kSuperseded},
    {"cessation_of_operation", storage::RevokeReason::kCessationOfOperation},
    {"privilege_withdrawn", storage::RevokeReason::kPrivilegeWithdrawn},
};

template <typename T, size_t kSize>
std::optional<T> Find(const std::pair<std::string_view, T> (&table)[kSize],
                      std::string_view name) {
  for (const auto& [known, value] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::optional<absl::Time> ReadTime(std::string_view field,
                                   const std::optional<RawTimestamp>& raw,
                                   Violations& violations) {
  if (!raw.has_value()) return std::nullopt;
  const absl::StatusOr<absl::Time> time = ReadTimestamp(*raw);
  violations.Add(field, time.status());
  return time.ok() ? std::optional(*time) : std::nullopt;
}

}  // namespace

storage::ServiceAccountFilter ReadConditions(
    const ServiceAccounts::Conditions& conditions, absl::Time now,
    Violations& violations) {
  storage::ServiceAccountFilter filter;
  filter.now = now;
  filter.include_revoked = conditions.include_revoked;
  if (!conditions.name_prefix.empty()) {
    violations.Add("name_prefix", CheckNamePrefix(conditions.name_prefix));
    filter.name_prefix = conditions.name_prefix;
  }
  if (!conditions.state.empty()) {
    filter.state = Find(kStates, conditions.state);
    if (!filter.state.has_value()) {
      violations.Add("state", "want active, expired, revoked or disabled");
    } else if (*filter.state == storage::ServiceAccountState::kRevoked) {
      filter.include_revoked = true;
    }
  }
  filter.expires_before =
      ReadTime("expires_before", conditions.expires_before, violations);
  filter.unused_since =
      ReadTime("unused_since", conditions.unused_since, violations);
  return filter;
}

void ReadOrder(std::string_view order_by, storage::ServiceAccountQuery& query,
               Violations& violations) {
  query.order = storage::ServiceAccountOrder::kCreated;
  query.descending = true;
  if (order_by.empty()) return;
  constexpr std::string_view kDescending = " desc";
  query.descending = order_by.ends_with(kDescending);
  if (query.descending) order_by.remove_suffix(kDescending.size());
  const std::optional<storage::ServiceAccountOrder> order =
      Find(kOrders, order_by);
  if (order.has_value()) {
    query.order = *order;
  } else {
    violations.Add("order_by",
                   "want created_at, name or last_used_at, and perhaps \" "
                   "desc\"");
  }
}

std::string QuestionOf(std::string_view method,
                       const storage::ServiceAccountQuery& query) {
  Encoder encoder(method);
  encoder.Add(query.account_id)
      .Add(query.filter.include_revoked)
      .Add(query.filter.name_prefix)
      .Add(query.filter.state.has_value())
      .Add(static_cast<int>(
          query.filter.state.value_or(storage::ServiceAccountState::kActive)))
      .Add(query.filter.expires_before)
      .Add(query.filter.unused_since)
      .Add(static_cast<int>(query.order))
      .Add(query.descending);
  return std::move(encoder).text();
}

std::string MakePageToken(const crypto::MacKeyring& keyring,
                          std::string_view question,
                          const storage::ServiceAccountPosition& position) {
  return MakePageToken(
      keyring, question,
      EncodePosition(position.id, position.name, position.last_used_at));
}

void TakePosition(const crypto::MacKeyring& keyring, std::string_view question,
                  std::string_view token, storage::ServiceAccountQuery& query,
                  Violations& violations) {
  TakePosition(
      keyring, question, token,
      [&query](Decoder& decoder) {
        storage::ServiceAccountPosition position;
        position.id = decoder.Id();
        position.name = decoder.Text();
        position.last_used_at = decoder.OptionalTime();
        query.after = std::move(position);
      },
      violations);
}

storage::RevokeReason ReadRevokeReason(std::string_view text,
                                       storage::RevokeReason fallback,
                                       Violations& violations) {
  if (text.empty()) return fallback;
  const std::optional<storage::RevokeReason> reason = Find(kReasons, text);
  if (!reason.has_value()) {
    violations.Add("reason",
                   "want unspecified, key_compromise, superseded, "
                   "cessation_of_operation or privilege_withdrawn");
  }
  return reason.value_or(fallback);
}

std::string_view RevokeReasonName(storage::RevokeReason reason) {
  for (const auto& [name, value] : kReasons) {
    if (value == reason) return name;
  }
  return "unspecified";
}

}  // namespace signet::domain
