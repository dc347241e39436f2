// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_MAC_H_
#define SIGNET_SERVER_AUDIT_AUDIT_MAC_H_

#include "crypto/digest.h"
#include "crypto/mac_keyring.h"
#include "storage/records.h"

namespace signet::audit {

// The HMACs of the audit log; see AuditLog. They cover every member but the
// HMAC itself, each in a form that no other content shares.

// Sets key_version and mac of `event`, which follows one with `previous_mac`.
void SetMac(const crypto::MacKeyring& keyring,
            const crypto::Sha256Digest& previous_mac,
            storage::AuditEventRecord& event);
bool HasGoodMac(const crypto::MacKeyring& keyring,
                const crypto::Sha256Digest& previous_mac,
                const storage::AuditEventRecord& event);

// Sets key_version and mac of `chain`.
void SetMac(const crypto::MacKeyring& keyring,
            storage::AuditChainRecord& chain);
bool HasGoodMac(const crypto::MacKeyring& keyring,
                const storage::AuditChainRecord& chain);

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_MAC_H_
