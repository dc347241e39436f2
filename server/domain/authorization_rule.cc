// SPDX-License-Identifier: Apache-2.0
#include "server/domain/authorization_rule.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/capability_key.h"
#include "policy/resource_type.h"

namespace signet {
namespace {

constexpr std::pair<std::string_view, SubjectType> kSubjectTypes[] = {
    {"user", SubjectType::kUser},
    {"group", SubjectType::kGroup},
    {"service_account", SubjectType::kServiceAccount},
};

constexpr std::pair<std::string_view, GrantKind> kGrantKinds[] = {
    {"capability", GrantKind::kCapability},
    {"account_owner", GrantKind::kAccountOwner},
    {"super_admin", GrantKind::kSuperAdmin},
};

}  // namespace

std::optional<SubjectType> ParseSubjectType(std::string_view text) {
  for (const auto& [name, type] : kSubjectTypes) {
    if (name == text) return type;
  }
  return std::nullopt;
}

std::string_view SubjectTypeName(SubjectType type) {
  for (const auto& [name, known] : kSubjectTypes) {
    if (known == type) return name;
  }
  return "";
}

std::optional<GrantKind> ParseGrantKind(std::string_view text) {
  for (const auto& [name, kind] : kGrantKinds) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

std::string_view GrantKindName(GrantKind kind) {
  for (const auto& [name, known] : kGrantKinds) {
    if (known == kind) return name;
  }
  return "";
}

absl::Status CheckCapabilityKey(std::string_view key) {
  if (IsCapabilityKey(key)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "want lower-case words of letters, digits and _, at least two, parted by "
      "., at most 100 characters, such as auth.manage");
}

absl::Status CheckResourceType(std::string_view type) {
  if (IsResourceType(type)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("want ", kResourceTypesText));
}

}  // namespace signet
