// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_POLICY_RESOURCE_TYPE_H_
#define SIGNET_POLICY_RESOURCE_TYPE_H_

#include <string_view>

namespace signet::policy {

// Whether `text` names a type of resources that a grant may be limited to.
bool IsResourceType(std::string_view text);

// All of them, for people to read.
inline constexpr char kResourceTypesText[] =
    "client, account, workspace, domain, dns_record, mailbox, redirect, "
    "forwarding, credential, tenant, route or proxy";

}  // namespace signet::policy

#endif  // SIGNET_POLICY_RESOURCE_TYPE_H_
