// SPDX-License-Identifier: Apache-2.0
#include "storage/queries.h"

#include <algorithm>

namespace signet::storage {
namespace {

// Whether a condition, if there is one, asks for this value.
template <typename T>
bool Admits(const std::optional<T>& wanted, const T& value) {
  return !wanted.has_value() || *wanted == value;
}

bool Admits(const std::string& wanted, const std::string& value) {
  return wanted.empty() || wanted == value;
}

int64_t Bytes(const std::string& text) {
  return static_cast<int64_t>(text.size());
}

int64_t Bytes(const std::optional<std::string>& text) {
  return text.has_value() ? Bytes(*text) : 0;
}

}  // namespace

int64_t BytesOf(const ServiceAccountRecord& record) {
  int64_t bytes = 640 + Bytes(record.name) + Bytes(record.description) +
                  Bytes(record.revoke_comment);
  for (const auto& [key, value] : record.labels) {
    bytes += 6 + Bytes(key) + Bytes(value);
  }
  return bytes;
}

int64_t BytesOf(const AuthorizationRecord& record) {
  return 320 + Bytes(record.subject.id) + Bytes(record.capability_key) +
         Bytes(record.resource_type);
}

int64_t BytesOf(const AuditEventRecord& record) {
  return 240 + Bytes(record.actor) + Bytes(record.action) +
         Bytes(record.resource_type) + Bytes(record.resource_id) +
         Bytes(record.request_id) + Bytes(record.peer) +
         Bytes(record.user_agent) + Bytes(record.details);
}

ServiceAccountState StateOf(const ServiceAccountRecord& record,
                            absl::Time now) {
  if (record.revoked_at.has_value()) return ServiceAccountState::kRevoked;
  if (!record.enabled) return ServiceAccountState::kDisabled;
  const std::optional<absl::Time>& expires_at = record.token.expires_at;
  if (expires_at.has_value() && now >= *expires_at) {
    return ServiceAccountState::kExpired;
  }
  return ServiceAccountState::kActive;
}

bool ServiceAccountFilter::Matches(const ServiceAccountRecord& record) const {
  if (!include_revoked && record.revoked_at.has_value()) return false;
  if (!record.name.starts_with(name_prefix)) return false;
  if (state.has_value() && StateOf(record, now) != *state) return false;
  if (expires_before.has_value() &&
      (!record.token.expires_at.has_value() ||
       *record.token.expires_at >= *expires_before)) {
    return false;
  }
  return !unused_since.has_value() ||
         record.last_used_at.value_or(record.created_at) < *unused_since;
}

bool AuthorizationQuery::Matches(const AuthorizationRecord& record) const {
  return record.account_id == account_id &&
         (include_revoked || !record.revoked_at.has_value()) &&
         Admits(subject_type, record.subject.type) &&
         Admits(subject_id, record.subject.id) &&
         Admits(grant_kind, record.grant_kind) &&
         (!capability_key.has_value() ||
          capability_key == record.capability_key);
}

bool HeldFilter::Matches(const AuthorizationRecord& record) const {
  if (record.grant_kind != GrantKind::kCapability) return true;
  return std::find(capability_keys.begin(), capability_keys.end(),
                   record.capability_key) != capability_keys.end() &&
         (!record.resource_type.has_value() ||
          record.resource_type == resource_type) &&
         (!record.resource_id.has_value() || record.resource_id == resource_id);
}

bool GrantFilter::Matches(const AuthorizationRecord& record) const {
  return Admits(kind, record.grant_kind) &&
         (record.grant_kind != GrantKind::kCapability ||
          record.capability_key->starts_with(capability_prefix));
}

bool AuditQuery::Matches(const AuditEventRecord& record) const {
  return record.account_id == account_id && Admits(actor, record.actor) &&
         Admits(action, record.action) &&
         Admits(resource_id, record.resource_id) &&
         Admits(outcome, record.outcome) &&
         record.at >= from.value_or(absl::InfinitePast()) &&
         (!until.has_value() || record.at < *until);
}

}  // namespace signet::storage
