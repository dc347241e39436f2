// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_WORK_FOR_H_
#define SIGNET_BASE_WORK_FOR_H_

#include "base/uuid.h"

namespace signet {

// Whom some work is for. Where work waits, tenants are served in turn, and the
// principals of each in turn, whatever account the work is about: who asks for
// much waits for it, and nobody else does.
struct WorkFor {
  // The account that the caller belongs to. Users belong to none: until they
  // are known to hold something on the account they ask about, all of them are
  // one tenant (kUsersTenant); then they count with that account. Nil: nobody
  // in particular, as for work of the server's own.
  Uuid tenant_id = {};
  Uuid principal_id = {};

  friend bool operator==(const WorkFor&, const WorkFor&) = default;
};

}  // namespace signet

#endif  // SIGNET_BASE_WORK_FOR_H_
