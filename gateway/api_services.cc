// SPDX-License-Identifier: Apache-2.0
#include "gateway/api_services.h"

#include "signet/v1/audit.pb.h"
#include "signet/v1/authorizations.pb.h"
#include "signet/v1/discovery.pb.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "signet/v1/tokens.pb.h"

namespace signet::gateway {

std::vector<const google::protobuf::ServiceDescriptor*> ApiServices() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const google::protobuf::FileDescriptor* file :
       {v1::CreateServiceAccountRequest::descriptor()->file(),
        v1::CreateAuthorizationRequest::descriptor()->file(),
        v1::GetSelfRequest::descriptor()->file(),
        v1::ListAuditEventsRequest::descriptor()->file(),
        v1::VerifyTokenRequest::descriptor()->file(),
        v1::ProtectedResource::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      services.push_back(file->service(i));
    }
  }
  return services;
}

}  // namespace signet::gateway
