// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_CONVERT_H_
#define SIGNET_SERVER_API_CONVERT_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/domain/authorizations.h"
#include "server/domain/effective_grants.h"
#include "server/domain/service_accounts.h"
#include "server/identity/principal.h"
#include "signet/v1/authorization.pb.h"
#include "signet/v1/authorizations.pb.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "signet/v1/tokens.pb.h"

namespace signet::api {

// Between the domain's values and the API's messages. Pure functions.

// Whole nanoseconds; the rest is cut. Within the range of the message.
google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

domain::RawTimestamp FromProto(const google::protobuf::Timestamp& timestamp);
domain::RawDuration FromProto(const google::protobuf::Duration& duration);

void ToProto(const storage::ServiceAccountRecord& record,
             v1::ServiceAccount& out);
void ToProto(const domain::ServiceAccounts::Page& page,
             v1::ListServiceAccountsResponse& out);
void ToProto(const domain::ServiceAccounts::Batch& batch,
             v1::BatchRevokeServiceAccountsResponse& out);
// Copies the plaintext into `out`, whose owner wipes it (WipeToken).
void ToProto(const domain::IssuedServiceAccount& issued,
             v1::IssuedServiceAccount& out);
void ToProto(const storage::AuthorizationRecord& record,
             v1::Authorization& out);
void ToProto(const domain::Authorizations::Page& page,
             v1::ListAuthorizationsResponse& out);
void ToProto(const identity::Principal& principal, v1::Self& out);
void ToProto(const domain::EffectiveGrants& grants, v1::Self& out);
// All but the account.
void ToProto(const domain::EffectiveGrants& grants,
             v1::VerifyTokenResponse& out);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_CONVERT_H_
