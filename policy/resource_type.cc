// SPDX-License-Identifier: Apache-2.0
#include "policy/resource_type.h"

#include <algorithm>
#include <iterator>

namespace signet::policy {
namespace {

constexpr std::string_view kResourceTypes[] = {
    "client",   "account",    "workspace",  "domain", "dns_record", "mailbox",
    "redirect", "forwarding", "credential", "tenant", "route",      "proxy",
};

}  // namespace

bool IsResourceType(std::string_view text) {
  return std::ranges::find(kResourceTypes, text) != std::end(kResourceTypes);
}

}  // namespace signet::policy
