// SPDX-License-Identifier: Apache-2.0
#include "server/domain/requirement.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/domain/access.h"
#include "server/domain/authorization_rule.h"

namespace signet::domain {
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

// Where a capability is required: all of it but the key. `prefix` comes before
// the names of the fields.
RequiredCapability ReadPlace(const std::string& prefix,
                             const std::string& account_id,
                             const std::string& resource_type,
                             const std::string& resource_id,
                             Violations& violations) {
  RequiredCapability read;
  if (!account_id.empty()) {
    read.account_id = violations.TakeId(prefix + "account_id", account_id);
  }
  if (!resource_type.empty()) {
    read.resource_type = resource_type;
    violations.Add(prefix + "resource_type", CheckResourceType(resource_type));
  }
  if (!resource_id.empty()) {
    read.resource_id = violations.TakeId(prefix + "resource_id", resource_id);
    if (resource_type.empty()) {
      violations.Add(prefix + "resource_id",
                     "want it with a resource_type only");
    }
  }
  return read;
}

}  // namespace

bool Requirement::IsMet(std::span<const storage::AuthorizationRecord> held,
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
                     [&wanted](const storage::AuthorizationRecord& grant) {
                       return Gives(grant, wanted);
                     });
}

const RequiredCapability* Requirement::FirstLacked(
    std::span<const storage::AuthorizationRecord> held,
    const Uuid& home) const {
  if (IsMet(held, home)) return nullptr;
  if (kind == Kind::kCapability) return &capability;
  for (const Requirement& part : of) {
    if (const auto* lacked = part.FirstLacked(held, home)) return lacked;
  }
  return nullptr;
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
  violations.Add(absl::StrCat(field, ".capability_key"),
                 CheckCapabilityKey(capability_key));
  RequiredCapability read = ReadPlace(absl::StrCat(field, "."), account_id,
                                      resource_type, resource_id, violations);
  read.capability_key = capability_key;
  return read;
}

std::shared_ptr<const Requirement> ReadAllOf(
    std::span<const std::string> capability_keys, const std::string& account_id,
    const std::string& resource_type, const std::string& resource_id,
    Violations& violations) {
  if (capability_keys.empty()) {
    if (!resource_type.empty() || !resource_id.empty()) {
      violations.Add(resource_type.empty() ? "resource_id" : "resource_type",
                     "want it with a capability only");
    }
    return nullptr;
  }
  if (capability_keys.size() > Requirement::kMaxCapabilities) {
    violations.Add("capability", absl::StrCat("want at most ",
                                              Requirement::kMaxCapabilities));
    return nullptr;
  }
  Requirement one = {.kind = Requirement::Kind::kCapability,
                     .capability = ReadPlace("", account_id, resource_type,
                                             resource_id, violations)};
  auto all_of = std::make_shared<Requirement>();
  for (const std::string& key : capability_keys) {
    violations.Add("capability", CheckCapabilityKey(key));
    one.capability.capability_key = key;
    all_of->of.push_back(one);
  }
  return all_of;
}

}  // namespace signet::domain
