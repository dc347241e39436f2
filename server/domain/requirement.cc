// SPDX-License-Identifier: Apache-2.0
#include "server/domain/requirement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/domain/access.h"
#include "server/domain/authorization_rule.h"

namespace signet {
namespace {

void AddOtherAccounts(const Requirement& requirement, const Uuid& home,
                      std::vector<Uuid>& accounts) {
  if (requirement.kind == Requirement::Kind::kCapability) {
    const Uuid account_id = requirement.capability.account_id.value_or(home);
    if (account_id != home && std::find(accounts.begin(), accounts.end(),
                                        account_id) == accounts.end()) {
      accounts.push_back(account_id);
    }
  }
  for (const Requirement& part : requirement.of) {
    AddOtherAccounts(part, home, accounts);
  }
}

}  // namespace

bool Requirement::IsMet(std::span<const AuthorizationRecord> held,
                        const Uuid& home) const {
  const auto is_met = [&](const Requirement& part) {
    return part.IsMet(held, home);
  };
  switch (kind) {
    case Kind::kAllOf:
      return std::all_of(of.begin(), of.end(), is_met);
    case Kind::kAnyOf:
      return std::any_of(of.begin(), of.end(), is_met);
    case Kind::kCapability:
      break;
  }
  const ScopedCapability wanted = {
      .account_id = capability.account_id.value_or(home),
      .capability_key = capability.capability_key,
      .resource_type = capability.resource_type,
      .resource_id = capability.resource_id};
  return std::any_of(held.begin(), held.end(),
                     [&wanted](const AuthorizationRecord& grant) {
                       return Gives(grant, wanted);
                     });
}

std::vector<Uuid> Requirement::OtherAccounts(const Uuid& home) const {
  std::vector<Uuid> accounts;
  AddOtherAccounts(*this, home, accounts);
  return accounts;
}

RequiredCapability ReadRequiredCapability(const std::string& field,
                                          const std::string& capability_key,
                                          const std::string& account_id,
                                          const std::string& resource_type,
                                          const std::string& resource_id,
                                          Violations& violations) {
  const auto name = [&field](const char* member) {
    return field.empty() ? std::string(member)
                         : absl::StrCat(field, ".", member);
  };
  RequiredCapability read;
  read.capability_key = capability_key;
  violations.Add(name("capability_key"), CheckCapabilityKey(capability_key));
  if (!account_id.empty()) {
    read.account_id = violations.TakeId(name("account_id"), account_id);
  }
  if (!resource_type.empty()) {
    read.resource_type = resource_type;
    violations.Add(name("resource_type"), CheckResourceType(resource_type));
  }
  if (!resource_id.empty()) {
    read.resource_id = violations.TakeId(name("resource_id"), resource_id);
    if (resource_type.empty()) {
      violations.Add(name("resource_id"), "want it with a resource_type only");
    }
  }
  return read;
}

}  // namespace signet
