// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_AUDIT_METHODS_H_
#define SIGNET_SERVER_API_AUDIT_METHODS_H_

#include <vector>

#include "server/api/unary_method.h"
#include "server/domain/audit_reader.h"

namespace signet::api {

// The methods of signet.v1.Audit. `audit` outlives them.
std::vector<UnaryMethod> AuditMethods(domain::AuditReader* audit);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_AUDIT_METHODS_H_
