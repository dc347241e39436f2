// SPDX-License-Identifier: Apache-2.0
#include "server/api/audit_methods.h"

#include <utility>

#include "server/api/convert.h"
#include "server/api/convert_audit.h"
#include "server/api/method_support.h"
#include "signet/v1/audit.pb.h"

namespace signet::api {
namespace {

constexpr char kAuditService[] = "Audit";

UnaryMethod List(domain::AuditReader* audit) {
  using Request = v1::ListAuditEventsRequest;
  UnaryMethod method =
      NewMethod(kAuditService, "ListAuditEvents", "audit.list",
                domain::AuditReader::kRight, &Request::account_id);
  method.admit_first = true;
  method.handle = [audit](const MethodCall& call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    domain::AuditReader::ListRequest list = {
        .account_id = request.account_id(),
        .actor = request.actor(),
        .action = request.action(),
        .resource_id = request.resource_id(),
        .outcome = request.outcome(),
        .page_size = request.page_size(),
        .page_token = request.page_token()};
    if (request.has_from()) list.from = FromProto(request.from());
    if (request.has_until()) list.until = FromProto(request.until());
    audit->List(call.caller, list,
                Answer<v1::ListAuditEventsResponse, domain::AuditReader::Page>(
                    std::move(done)));
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> AuditMethods(domain::AuditReader* audit) {
  std::vector<UnaryMethod> methods;
  methods.push_back(List(audit));
  return methods;
}

}  // namespace signet::api
