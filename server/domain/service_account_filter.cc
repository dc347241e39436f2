// SPDX-License-Identifier: Apache-2.0
#include "server/domain/service_account_filter.h"

#include <optional>
#include <string>
#include <utility>

#include "server/domain/name_rule.h"

namespace signet {
namespace {

constexpr std::pair<std::string_view, ServiceAccountState> kStates[] = {
    {"active", ServiceAccountState::kActive},
    {"expired", ServiceAccountState::kExpired},
    {"revoked", ServiceAccountState::kRevoked},
    {"disabled", ServiceAccountState::kDisabled},
};

constexpr std::pair<std::string_view, ServiceAccountOrder> kOrders[] = {
    {"created_at", ServiceAccountOrder::kCreated},
    {"name", ServiceAccountOrder::kName},
    {"last_used_at", ServiceAccountOrder::kLastUsed},
};

constexpr std::pair<std::string_view, RevokeReason> kReasons[] = {
    {"unspecified", RevokeReason::kUnspecified},
    {"key_compromise", RevokeReason::kKeyCompromise},
    {"superseded", RevokeReason::kSuperseded},
    {"cessation_of_operation", RevokeReason::kCessationOfOperation},
    {"privilege_withdrawn", RevokeReason::kPrivilegeWithdrawn},
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

ServiceAccountFilter ReadConditions(
    const ServiceAccounts::Conditions& conditions, absl::Time now,
    Violations& violations) {
  ServiceAccountFilter filter;
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
    } else if (*filter.state == ServiceAccountState::kRevoked) {
      filter.include_revoked = true;
    }
  }
  filter.expires_before =
      ReadTime("expires_before", conditions.expires_before, violations);
  filter.unused_since =
      ReadTime("unused_since", conditions.unused_since, violations);
  return filter;
}

void ReadOrder(std::string_view order_by, ServiceAccountQuery& query,
               Violations& violations) {
  query.order = ServiceAccountOrder::kCreated;
  query.descending = true;
  if (order_by.empty()) return;
  constexpr std::string_view kDescending = " desc";
  query.descending = order_by.ends_with(kDescending);
  if (query.descending) order_by.remove_suffix(kDescending.size());
  const std::optional<ServiceAccountOrder> order = Find(kOrders, order_by);
  if (order.has_value()) {
    query.order = *order;
  } else {
    violations.Add("order_by",
                   "want created_at, name or last_used_at, and perhaps \" "
                   "desc\"");
  }
}

RevokeReason ReadRevokeReason(std::string_view text, RevokeReason fallback,
                              Violations& violations) {
  if (text.empty()) return fallback;
  const std::optional<RevokeReason> reason = Find(kReasons, text);
  if (!reason.has_value()) {
    violations.Add("reason",
                   "want unspecified, key_compromise, superseded, "
                   "cessation_of_operation or privilege_withdrawn");
  }
  return reason.value_or(fallback);
}

std::string_view RevokeReasonName(RevokeReason reason) {
  for (const auto& [name, value] : kReasons) {
    if (value == reason) return name;
  }
  return "unspecified";
}

}  // namespace signet
