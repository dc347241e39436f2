// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_CONVERT_AUDIT_H_
#define SIGNET_SERVER_API_CONVERT_AUDIT_H_

#include "server/domain/audit_reader.h"
#include "signet/v1/audit.pb.h"
#include "storage/records.h"

namespace signet::api {

// As server/api/convert.h, for the audit log. Pure functions.

void ToProto(const storage::AuditEventRecord& record, v1::AuditEvent& out);
void ToProto(const domain::AuditReader::Page& page,
             v1::ListAuditEventsResponse& out);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_CONVERT_AUDIT_H_
