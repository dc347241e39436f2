// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_AUTHORIZATION_RULE_H_
#define SIGNET_SERVER_DOMAIN_AUTHORIZATION_RULE_H_

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "storage/records.h"

namespace signet::domain {

// The texts that clients write and read for the parts of an authorization.

// `user`, `group`, `service_account`; nullopt for anything else.
std::optional<storage::SubjectType> ParseSubjectType(std::string_view text);
std::string_view SubjectTypeName(storage::SubjectType type);

// `capability`, `account_owner`, `super_admin`; nullopt for anything else.
std::optional<storage::GrantKind> ParseGrantKind(std::string_view text);
std::string_view GrantKindName(storage::GrantKind kind);

// INVALID_ARGUMENT unless IsCapabilityKey(), "want Y".
absl::Status CheckCapabilityKey(std::string_view key);

// client, account, workspace, domain, dns_record, mailbox, redirect,
// forwarding, credential, tenant, route or proxy. INVALID_ARGUMENT otherwise.
absl::Status CheckResourceType(std::string_view type);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_AUTHORIZATION_RULE_H_
