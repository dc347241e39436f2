// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_AUDIT_METHODS_H_
#define SIGNET_SERVER_RPC_AUDIT_METHODS_H_

#include <vector>

#include "server/domain/audit_reader.h"
#include "server/rpc/unary_method.h"

namespace signet {

// The methods of signet.v1.Audit. `audit` outlives them.
std::vector<UnaryMethod> AuditMethods(AuditReader* audit);

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_AUDIT_METHODS_H_
