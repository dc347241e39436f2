// SPDX-License-Identifier: Apache-2.0
#include "server/api/convert_audit.h"

#include "absl/strings/str_cat.h"
#include "server/api/convert.h"
#include "server/audit/audit_log.h"

namespace signet::api {

void ToProto(const storage::AuditEventRecord& record, v1::AuditEvent& out) {
  // Text, since JSON numbers lose what is over 2^53.
  out.set_sequence(absl::StrCat(record.sequence));
  *out.mutable_at() = ToProto(record.at);
  out.set_actor(record.actor);
  out.set_action(record.action);
  out.set_resource_type(record.resource_type);
  out.set_resource_id(record.resource_id);
  out.set_outcome(record.outcome);
  out.set_request_id(record.request_id);
  out.set_peer(record.peer);
  out.set_user_agent(record.user_agent);
  for (const auto& [key, value] : audit::ReadDetails(record)) {
    (*out.mutable_details())[key] = value;
  }
}

void ToProto(const domain::AuditReader::Page& page,
             v1::ListAuditEventsResponse& out) {
  for (const storage::AuditEventRecord& record : page.records) {
    ToProto(record, *out.add_events());
  }
  out.set_next_page_token(page.next_page_token);
}

}  // namespace signet::api
