// SPDX-License-Identifier: Apache-2.0
#include "storage/page_filler.h"

namespace signet::storage {

ServiceAccountPosition PositionOf(const ServiceAccountRecord& record,
                                  const ServiceAccountQuery& query) {
  ServiceAccountPosition position = {.id = record.id};
  switch (query.order) {
    case ServiceAccountOrder::kCreated:
      break;
    case ServiceAccountOrder::kName:
      position.name = record.name;
      break;
    case ServiceAccountOrder::kLastUsed:
      position.last_used_at = record.last_used_at;
      break;
  }
  return position;
}

Uuid PositionOf(const AuthorizationRecord& record, const AuthorizationQuery&) {
  return record.id;
}

uint64_t PositionOf(const AuditEventRecord& record, const AuditQuery&) {
  return record.sequence;
}

}  // namespace signet::storage
