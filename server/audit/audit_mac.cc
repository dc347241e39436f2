// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_mac.h"

#include <cstdint>
#include <string>

#include "base/encoding.h"

namespace signet::audit {
namespace {

// The keys also MAC tokens, none of which begins as an Encoder's text does.
std::string EncodeEvent(const crypto::Sha256Digest& previous_mac,
                        const storage::AuditEventRecord& event) {
  return Encoder("signet audit event v1")
      .Add(previous_mac)
      .Add(event.account_id)
      .Add(event.sequence)
      .Add(event.at)
      .Add(event.actor)
      .Add(event.action)
      .Add(event.resource_type)
      .Add(event.resource_id)
      .Add(event.outcome)
      .Add(event.request_id)
      .Add(event.peer)
      .Add(event.user_agent)
      .Add(event.details)
      .Add(uint64_t{event.key_version})
      .text();
}

std::string EncodeChain(const storage::AuditChainRecord& chain) {
  return Encoder("signet audit chain v1")
      .Add(chain.account_id)
      .Add(chain.first_sequence)
      .Add(chain.mac_before_first)
      .Add(chain.last_sequence)
      .Add(chain.last_mac)
      .Add(uint64_t{chain.key_version})
      .text();
}

}  // namespace

void SetMac(const crypto::MacKeyring& keyring,
            const crypto::Sha256Digest& previous_mac,
            storage::AuditEventRecord& event) {
  event.key_version = keyring.current_version();
  event.mac = keyring.Compute(EncodeEvent(previous_mac, event));
}

bool HasGoodMac(const crypto::MacKeyring& keyring,
                const crypto::Sha256Digest& previous_mac,
                const storage::AuditEventRecord& event) {
  return keyring.Verify(event.key_version, EncodeEvent(previous_mac, event),
                        event.mac);
}

void SetMac(const crypto::MacKeyring& keyring,
            storage::AuditChainRecord& chain) {
  chain.key_version = keyring.current_version();
  chain.mac = keyring.Compute(EncodeChain(chain));
}

bool HasGoodMac(const crypto::MacKeyring& keyring,
                const storage::AuditChainRecord& chain) {
  return keyring.Verify(chain.key_version, EncodeChain(chain), chain.mac);
}

}  // namespace signet::audit
