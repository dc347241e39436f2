// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_SEAL_CHECK_H_
#define SIGNET_SERVER_SEAL_SEAL_CHECK_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_verify.h"
#include "storage/store.h"

namespace signet::seal {

// Verifies the seal of every token, service account and authorization (seal.h)
// in `store`, which is the engine itself, not a SealedStore. Calls `report` for
// each that does not; the number of rows looked at. Memory does not grow with
// the database. Blocks. Nothing writes to the store meanwhile. An error is the
// store's.
absl::StatusOr<uint64_t> VerifySeals(
    storage::Store& store, const crypto::MacKeyring& keyring,
    absl::FunctionRef<void(const audit::AuditFault&)> report);

}  // namespace signet::seal

#endif  // SIGNET_SERVER_SEAL_SEAL_CHECK_H_
