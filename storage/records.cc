// SPDX-License-Identifier: Apache-2.0
#include "storage/records.h"

#include "absl/strings/str_cat.h"
#include "server/base/rfc3339.h"

namespace signet {
namespace {

bool Storable(absl::Time time) {
  return time >= MinTimestamp() && time <= MaxTimestamp() &&
         time == absl::TimeFromTimespec(absl::ToTimespec(time));
}

bool Storable(const std::optional<absl::Time>& time) {
  return !time.has_value() || Storable(*time);
}

bool FilledIfSet(const std::optional<std::string>& text) {
  return !text.has_value() || !text->empty();
}

// OK, or which rule the first broken one is.
class Rules {
 public:
  Rules& Require(bool kept, const char* rule) {
    if (status_.ok() && !kept) {
      status_ = absl::InternalError(absl::StrCat("record: want ", rule));
    }
    return *this;
  }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

}  // namespace

absl::Status CheckRecord(const ServiceAccountRecord& record) {
  constexpr char kTimes[] = "times within range, in whole nanoseconds";
  return Rules()
      .Require(!record.name.empty(), "a name")
      .Require(!record.token.public_id.empty(), "a token's public id")
      .Require(Storable(record.created_at), kTimes)
      .Require(Storable(record.updated_at), kTimes)
      .Require(Storable(record.last_used_at), kTimes)
      .Require(Storable(record.revoked_at), kTimes)
      .Require(Storable(record.token.created_at), kTimes)
      .Require(Storable(record.token.expires_at), kTimes)
      .status();
}

absl::Status CheckRecord(const AuthorizationRecord& record) {
  constexpr char kTimes[] = "times within range, in whole nanoseconds";
  return Rules()
      .Require(!record.subject.id.empty(), "a subject")
      .Require(record.capability_key.has_value() ==
                   (record.grant_kind == GrantKind::kCapability),
               "a capability key with a capability, and only then")
      .Require(FilledIfSet(record.capability_key), "no empty capability key")
      .Require(FilledIfSet(record.resource_type), "no empty resource type")
      .Require(Storable(record.created_at), kTimes)
      .Require(Storable(record.revoked_at), kTimes)
      .status();
}

}  // namespace signet
