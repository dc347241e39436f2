// SPDX-License-Identifier: Apache-2.0
#include "server/domain/authorization_rule.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/capability_key.h"
#include "policy/resource_type.h"

namespace signet::domain {
namespace {

constexpr std::pair<std::string_view, storage::SubjectType> kSubjectTypes[] = {
    {"user", storage::SubjectType::kUser},
    {"group", storage::SubjectType::kGroup},
    {"service_account", storage::SubjectType::kServiceAccount},
};

constexpr std::pair<std::string_view, storage::GrantKind> kGrantKinds[] = {
    {"capability", storage::GrantKind::kCapability},
    {"account_owner", storage::GrantKind::kAccountOwner},
    {"super_admin", storage::GrantKind::kSuperAdmin},
};

}  // namespace

std::optional<storage::SubjectType> ParseSubjectType(std::string_view text) {
  for (const auto& [name, type] : kSubjectTypes) {
    if (name == text) return type;
  }
  return std::nullopt;
}

std::string_view SubjectTypeName(storage::SubjectType type) {
  for (const auto& [name, known] : kSubjectTypes) {
    if (known == type) return name;
  }
  return "";
}

std::optional<storage::GrantKind> ParseGrantKind(std::string_view text) {
  for (const auto& [name, kind] : kGrantKinds) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

std::string_view GrantKindName(storage::GrantKind kind) {
  for (const auto& [name, known] : kGrantKinds) {
    if (known == kind) return name;
  }
  return "";
}

absl::Status CheckCapabilityKey(std::string_view key) {
  if (policy::IsCapabilityKey(key)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "want lower-case words of letters, digits and _, at least two, separated "
      "by "
      "., at most 100 characters, such as auth.manage");
}

absl::Status CheckResourceType(std::string_view type) {
  if (policy::IsResourceType(type)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("want ", policy::kResourceTypesText));
}

}  // namespace signet::domain
