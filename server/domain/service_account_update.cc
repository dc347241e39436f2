// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/domain/cover.h"
#include "server/domain/name_rule.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"

namespace signet::domain {
namespace {

using Labels = std::map<std::string, std::string>;

// A value as an audit event has it.
std::string Audited(const std::string& text) { return text; }

std::string Audited(bool value) { return value ? "true" : "false"; }

std::string Audited(const std::optional<absl::Time>& time) {
  return AuditedTime(time);
}

// Makes an update's changes one by one and writes down what each replaced.
class Changes {
 public:
  explicit Changes(audit::AuditEntry* entry) : entry_(entry) {}

  // Whether the member really changed; see EffectOf.
  template <typename T>
  bool Set(const char* field, const std::optional<T>& value, T& member) {
    if (!value.has_value() || *value == member) return false;
    Note("old_", field, member, *value);
    Note("new_", field, *value, member);
    member = *value;
    changed_.push_back(field);
    return true;
  }

  std::string fields() const { return absl::StrJoin(changed_, ","); }

 private:
  // What of `value` is not in `other`.
  template <typename T>
  void Note(const char* prefix, const char* field, const T& value,
            const T& /*other*/) {
    entry_->details[absl::StrCat(prefix, field)] = Audited(value);
  }
  // Of labels only those that differ, each a detail: there may be 8 KiB.
  void Note(const char* prefix, const char* field, const Labels& labels,
            const Labels& other) {
    for (const auto& [key, value] : labels) {
      const auto found = other.find(key);
      if (found != other.end() && found->second == value) continue;
      entry_->details[absl::StrCat(prefix, field, ".", key)] = value;
    }
  }

  audit::AuditEntry* const entry_;
  std::vector<std::string> changed_;
};

bool IsLater(const std::optional<absl::Time>& a,
             const std::optional<absl::Time>& b) {
  return a.value_or(absl::InfiniteFuture()) >
         b.value_or(absl::InfiniteFuture());
}

// What an update makes of a service account's rights, if anything.
enum class Effect { kNone, kWeaker, kStronger };

Effect EffectOf(const ServiceAccounts::UpdateRequest& request,
                const std::optional<absl::Time>& expires_at,
                const storage::ServiceAccountRecord& record) {
  const auto changes = [](const auto& value, const auto& member) {
    return value.has_value() && *value != member;
  };
  const bool relabelled = changes(request.labels, record.labels);
  const bool switched = changes(request.enabled, record.enabled);
  const bool bounded =
      request.set_expires_at && expires_at != record.token.expires_at;
  if (relabelled || (switched && *request.enabled) ||
      (bounded && IsLater(expires_at, record.token.expires_at))) {
    return Effect::kStronger;
  }
  return switched || bounded || changes(request.name, record.name) ||
                 changes(request.description, record.description)
             ? Effect::kWeaker
             : Effect::kNone;
}

// OK if `by` may make the change. Before all that tells of the service account.
absl::Status CheckMayChange(storage::ReadTxn& txn,
                            const identity::Principal& by, Effect effect,
                            const storage::ServiceAccountRecord& record) {
  switch (effect) {
    case Effect::kNone:
      return absl::OkStatus();
    case Effect::kWeaker:
      return CheckMayActOn(txn, by, record, Cover::kGoverning);
    case Effect::kStronger:
      if (IsItself(by, record)) return SelfLimitError();
      return CheckMayActOn(txn, by, record, Cover::kEverything);
  }
  return absl::OkStatus();
}

// Whether an update ends something and does no more.
bool DisablesOnly(const ServiceAccounts::UpdateRequest& request) {
  return request.enabled == false && !request.name.has_value() &&
         !request.description.has_value() && !request.labels.has_value() &&
         !request.set_expires_at;
}

}  // namespace

absl::StatusOr<bool> ServiceAccounts::ApplyUpdate(
    storage::ReadTxn& txn, const identity::Principal& by,
    const UpdateRequest& request, const std::optional<absl::Time>& expires_at,
    absl::Time now, storage::ServiceAccountRecord& record,
    audit::AuditEntry& entry) const {
  const Effect effect = EffectOf(request, expires_at, record);
  if (absl::Status s = CheckMayChange(txn, by, effect, record); !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckNotRevoked(record); !s.ok()) return s;
  if (absl::Status s = CheckEtag(request.etag, record); !s.ok()) return s;
  if (request.labels.has_value() && *request.labels != record.labels) {
    // Larger ones are from before the limit, and may shrink.
    const size_t standing = LabelBytes(record.labels);
    const absl::Status labels =
        CheckLabels(*request.labels,
                    standing > kMaxLabelBytes ? standing - 1 : kMaxLabelBytes);
    if (!labels.ok()) {
      return InvalidField("FIELD_INVALID", "service_account.labels",
                          std::string(labels.message()));
    }
  }
  const storage::ServiceAccountRecord before = record;
  entry = ServiceAccountEntry("service_account.update", record.id);
  Changes changes(&entry);
  changes.Set("name", request.name, record.name);
  changes.Set("description", request.description, record.description);
  changes.Set("labels", request.labels, record.labels);
  const bool switched = changes.Set("enabled", request.enabled, record.enabled);
  if (request.set_expires_at) {
    changes.Set("expires_at", std::make_optional(expires_at),
                record.token.expires_at);
  }
  if (effect == Effect::kNone) return false;
  if (switched && !record.enabled) {
    absl::Status status = CheckMayLose(txn, by, policy_.oauth_owners,
                                       clock_->Now(), std::span(&before, 1));
    if (!status.ok()) return status;
  }
  MarkChanged(record, now);
  entry.details["fields"] = changes.fields();
  return true;
}

void ServiceAccounts::Update(identity::CallerPtr caller, UpdateRequest request,
                             Done<storage::ServiceAccountRecord> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("service_account.account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account.id", request.service_account_id);
  if (!request.not_updatable.empty()) {
    violations.Add("update_mask",
                   "got a field that cannot be changed, want name, expires_at, "
                   "description, labels or enabled");
  }
  if (request.name.has_value()) {
    violations.Add("service_account.name", CheckName(*request.name));
  }
  if (request.description.has_value()) {
    violations.Add("service_account.description",
                   CheckFreeText(*request.description));
  }
  if (request.labels.has_value()) {
    // How large they may be depends on those that stand.
    violations.Add("service_account.labels",
                   CheckLabels(*request.labels, /*max_bytes=*/SIZE_MAX));
  }
  std::optional<absl::Time> expires_at;
  if (request.set_expires_at) {
    const absl::StatusOr<std::optional<absl::Time>> decided =
        DecideExpiry(request.expires_at, now, policy_.expiry);
    violations.Add("service_account.expires_at", decided.status());
    if (decided.ok()) expires_at = *decided;
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  const identity::CallerPtr by = caller;
  storage::WriteOptions options =
      DisablesOnly(request) ? identity::RevocationFor(caller, *account_id)
                            : identity::WriteFor(caller, *account_id);
  ChangeOne(
      std::move(caller), *account_id, *id, now,
      [this, by, request = std::move(request), expires_at, now](
          storage::ReadTxn& txn, storage::ServiceAccountRecord& record,
          audit::AuditEntry& entry) {
        return ApplyUpdate(txn, by->principal, request, expires_at, now, record,
                           entry);
      },
      std::move(options), std::move(done));
}

}  // namespace signet::domain
