// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/convert.h"

#include <string>

namespace signet {
namespace {

// The thirteen fields that ServiceAccount and IssuedServiceAccount share.
template <typename Message>
void FillCommon(const ServiceAccountRecord& record, Message& out) {
  out.set_account_id(record.account_id.ToString());
  out.set_id(record.id.ToString());
  out.set_name(record.name);
  out.set_token_prefix(record.token.prefix);
  out.set_token_public_id(record.token.public_id);
  out.set_token_last4(record.token.last4);
  *out.mutable_created_at() = ToProto(record.created_at);
  *out.mutable_updated_at() = ToProto(record.updated_at);
  if (record.created_by_user_id.has_value()) {
    out.set_created_by_user_id(record.created_by_user_id->ToString());
  }
  if (record.revoked_by_user_id.has_value()) {
    out.set_revoked_by_user_id(record.revoked_by_user_id->ToString());
  }
  if (record.token.expires_at.has_value()) {
    *out.mutable_expires_at() = ToProto(*record.token.expires_at);
  }
  if (record.last_used_at.has_value()) {
    *out.mutable_last_used_at() = ToProto(*record.last_used_at);
  }
  if (record.revoked_at.has_value()) {
    *out.mutable_revoked_at() = ToProto(*record.revoked_at);
  }
}

}  // namespace

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp out;
  // Rounds down, so what is left is never negative (as the message demands).
  const int64_t seconds = absl::ToUnixSeconds(time);
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return out;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return out;
}

RawTimestamp FromProto(const google::protobuf::Timestamp& timestamp) {
  return {.seconds = timestamp.seconds(), .nanos = timestamp.nanos()};
}

void ToProto(const ServiceAccountRecord& record, v1::ServiceAccount& out) {
  FillCommon(record, out);
}

void ToProto(const IssuedServiceAccount& issued,
             v1::IssuedServiceAccount& out) {
  FillCommon(issued.record, out);
  const std::string_view token = issued.token.Expose();
  out.set_token(token.data(), token.size());
}

void ToProto(const Principal& principal, v1::Self& out) {
  const bool user = principal.kind == PrincipalKind::kUser;
  out.set_subject_type(user ? "user" : "service_account");
  out.set_subject_id(principal.id.ToString());
  if (principal.home_account_id.has_value()) {
    out.set_account_id(principal.home_account_id->ToString());
  }
  if (principal.credential_expires_at.has_value()) {
    *out.mutable_expires_at() = ToProto(*principal.credential_expires_at);
  }
}

}  // namespace signet
