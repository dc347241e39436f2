// SPDX-License-Identifier: Apache-2.0
#include "server/api/convert.h"

#include <string>

#include "server/domain/authorization_rule.h"
#include "server/domain/service_account_filter.h"

namespace signet::api {
namespace {

// The fields that ServiceAccount and IssuedServiceAccount share.
template <typename Message>
void FillCommon(const storage::ServiceAccountRecord& record, Message& out) {
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
  out.set_description(record.description);
  out.mutable_labels()->insert(record.labels.begin(), record.labels.end());
  out.set_enabled(record.enabled);
  out.set_etag(domain::EtagOf(record));
}

// The fields that Self and VerifyTokenResponse share.
template <typename Message>
void FillEffectiveGrants(const domain::EffectiveGrants& grants, Message& out) {
  out.set_account_owner(grants.account_owner);
  out.set_super_admin(grants.super_admin);
  for (const std::string& key : grants.capabilities) {
    out.add_capabilities(key);
  }
  for (const domain::EffectiveGrants::OnResource& held : grants.on_resources) {
    v1::ResourceCapability& capability = *out.add_resource_capabilities();
    capability.set_capability_key(held.capability_key);
    capability.set_resource_type(held.resource_type);
    if (held.resource_id.has_value()) {
      capability.set_resource_id(held.resource_id->ToString());
    }
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

domain::RawTimestamp FromProto(const google::protobuf::Timestamp& timestamp) {
  return {.seconds = timestamp.seconds(), .nanos = timestamp.nanos()};
}

domain::RawDuration FromProto(const google::protobuf::Duration& duration) {
  return {.seconds = duration.seconds(), .nanos = duration.nanos()};
}

void ToProto(const storage::ServiceAccountRecord& record,
             v1::ServiceAccount& out) {
  FillCommon(record, out);
  if (record.revoked_at.has_value()) {
    out.set_revoke_comment(record.revoke_comment);
    if (record.revoke_reason != storage::RevokeReason::kUnspecified) {
      out.set_revoke_reason(
          std::string(domain::RevokeReasonName(record.revoke_reason)));
    }
  }
}

void ToProto(const domain::ServiceAccounts::Page& page,
             v1::ListServiceAccountsResponse& out) {
  for (const storage::ServiceAccountRecord& record : page.records) {
    ToProto(record, *out.add_service_accounts());
  }
  out.set_next_page_token(page.next_page_token);
}

void ToProto(const domain::ServiceAccounts::Batch& batch,
             v1::BatchRevokeServiceAccountsResponse& out) {
  for (const storage::ServiceAccountRecord& record : batch.records) {
    ToProto(record, *out.add_service_accounts());
  }
  out.set_more(!batch.next_page_token.empty());
  out.set_not_covered(batch.not_covered);
  out.set_next_page_token(batch.next_page_token);
}

void ToProto(const domain::IssuedServiceAccount& issued,
             v1::IssuedServiceAccount& out) {
  FillCommon(issued.record, out);
  const std::string_view token = issued.token.Expose();
  // In place: the setter makes a string first, and leaves it unwiped.
  out.mutable_token()->assign(token.data(), token.size());
}

void ToProto(const storage::AuthorizationRecord& record,
             v1::Authorization& out) {
  out.set_id(record.id.ToString());
  out.set_grant_kind(std::string(domain::GrantKindName(record.grant_kind)));
  out.set_subject_type(
      std::string(domain::SubjectTypeName(record.subject.type)));
  out.set_subject_id(record.subject.id);
  if (record.capability_key.has_value()) {
    out.set_capability_key(*record.capability_key);
  }
  if (record.resource_type.has_value()) {
    out.set_resource_type(*record.resource_type);
  }
  if (record.resource_id.has_value()) {
    out.set_resource_id(record.resource_id->ToString());
  }
  *out.mutable_created_at() = ToProto(record.created_at);
  if (record.revoked_at.has_value()) {
    *out.mutable_revoked_at() = ToProto(*record.revoked_at);
  }
}

void ToProto(const domain::Authorizations::Page& page,
             v1::ListAuthorizationsResponse& out) {
  for (const storage::AuthorizationRecord& record : page.records) {
    ToProto(record, *out.add_authorizations());
  }
  out.set_next_page_token(page.next_page_token);
}

void ToProto(const domain::EffectiveGrants& grants, v1::Self& out) {
  FillEffectiveGrants(grants, out);
}

void ToProto(const domain::EffectiveGrants& grants,
             v1::VerifyTokenResponse& out) {
  FillEffectiveGrants(grants, out);
}

void ToProto(const identity::Principal& principal, v1::Self& out) {
  const bool user = principal.kind == identity::PrincipalKind::kUser;
  out.set_subject_type(user ? "user" : "service_account");
  out.set_subject_id(principal.id.ToString());
  if (principal.home_account_id.has_value()) {
    out.set_account_id(principal.home_account_id->ToString());
  }
  if (principal.credential_expires_at.has_value()) {
    *out.mutable_expires_at() = ToProto(*principal.credential_expires_at);
  }
}

}  // namespace signet::api
