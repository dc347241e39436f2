// SPDX-License-Identifier: Apache-2.0
#include "client/requirement_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/uuid.h"

namespace signet {
namespace {

// The server's own limits (Requirement, tokens.proto).
constexpr int kMaxCapabilities = 32;
constexpr int kMaxDepth = 4;
constexpr size_t kMaxKeyLength = 100;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// A lower-case word of letters, digits and `_` that begins with a letter.
bool IsWord(std::string_view word) {
  return !word.empty() && IsLower(word.front()) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return IsLower(c) || (c >= '0' && c <= '9') || c == '_';
         });
}

// Words, two at least, parted by dots.
bool IsCapabilityKey(std::string_view key) {
  if (key.size() > kMaxKeyLength || key.find('.') == key.npos) return false;
  for (size_t dot = key.find('.'); dot != key.npos; dot = key.find('.')) {
    if (!IsWord(key.substr(0, dot))) return false;
    key.remove_prefix(dot + 1);
  }
  return IsWord(key);
}

bool IsUuidOrEmpty(const std::string& text) {
  return text.empty() || Uuid::Parse(text).has_value();
}

bool IsWellFormedCapability(const v1::RequiredCapability& capability) {
  return IsCapabilityKey(capability.capability_key()) &&
         IsUuidOrEmpty(capability.account_id()) &&
         (capability.resource_type().empty() ||
          IsWord(capability.resource_type())) &&
         IsUuidOrEmpty(capability.resource_id()) &&
         (capability.resource_id().empty() ||
          !capability.resource_type().empty());
}

bool IsWellFormedPart(const v1::Requirement& part, int depth,
                      int& capabilities) {
  if (depth > kMaxDepth) return false;
  const v1::RequirementList* list = nullptr;
  switch (part.kind_case()) {
    case v1::Requirement::kCapability:
      return ++capabilities <= kMaxCapabilities &&
             IsWellFormedCapability(part.capability());
    case v1::Requirement::kAllOf:
      list = &part.all_of();
      break;
    case v1::Requirement::kAnyOf:
      list = &part.any_of();
      break;
    case v1::Requirement::KIND_NOT_SET:
      return false;
  }
  return std::all_of(list->requirements().begin(), list->requirements().end(),
                     [&](const v1::Requirement& inner) {
                       return IsWellFormedPart(inner, depth + 1, capabilities);
                     });
}

bool AsksElsewhere(const v1::Requirement& part,
                   const std::optional<Uuid>& home) {
  const auto elsewhere = [&home](const v1::Requirement& inner) {
    return AsksElsewhere(inner, home);
  };
  switch (part.kind_case()) {
    case v1::Requirement::kAllOf:
      return std::any_of(part.all_of().requirements().begin(),
                         part.all_of().requirements().end(), elsewhere);
    case v1::Requirement::kAnyOf:
      return std::any_of(part.any_of().requirements().begin(),
                         part.any_of().requirements().end(), elsewhere);
    case v1::Requirement::kCapability:
    case v1::Requirement::KIND_NOT_SET:
      break;
  }
  const std::string& account_id = part.capability().account_id();
  return !account_id.empty() && Uuid::Parse(account_id) != home;
}

// Whether a grant on part of the account is enough.
bool Covers(const v1::ResourceCapability& held,
            const v1::RequiredCapability& wanted) {
  return held.capability_key() == wanted.capability_key() &&
         held.resource_type() == wanted.resource_type() &&
         (!held.has_resource_id() || (!wanted.resource_id().empty() &&
                                      Uuid::Parse(held.resource_id()) ==
                                          Uuid::Parse(wanted.resource_id())));
}

bool Holds(const v1::VerifyTokenResponse& answer,
           const v1::RequiredCapability& wanted) {
  if (answer.super_admin() || answer.account_owner()) return true;
  // Sorted, as tokens.proto says.
  if (std::binary_search(answer.capabilities().begin(),
                         answer.capabilities().end(),
                         wanted.capability_key())) {
    return true;
  }
  return std::any_of(answer.resource_capabilities().begin(),
                     answer.resource_capabilities().end(),
                     [&wanted](const v1::ResourceCapability& held) {
                       return Covers(held, wanted);
                     });
}

bool IsMet(const v1::Requirement& part, const v1::VerifyTokenResponse& answer) {
  const auto is_met = [&answer](const v1::Requirement& inner) {
    return IsMet(inner, answer);
  };
  switch (part.kind_case()) {
    case v1::Requirement::kAllOf:
      return std::all_of(part.all_of().requirements().begin(),
                         part.all_of().requirements().end(), is_met);
    case v1::Requirement::kAnyOf:
      return std::any_of(part.any_of().requirements().begin(),
                         part.any_of().requirements().end(), is_met);
    case v1::Requirement::kCapability:
    case v1::Requirement::KIND_NOT_SET:
      break;
  }
  return Holds(answer, part.capability());
}

}  // namespace

bool IsWellFormed(const v1::Requirement& requirement) {
  int capabilities = 0;
  return IsWellFormedPart(requirement, 1, capabilities);
}

RequirementVerdict CheckRequirement(const v1::Requirement& requirement,
                                    const v1::VerifyTokenResponse& answer) {
  // A super_admin's grant reaches every account.
  if (!answer.super_admin() &&
      AsksElsewhere(requirement, Uuid::Parse(answer.account_id()))) {
    return RequirementVerdict::kAskServer;
  }
  return IsMet(requirement, answer) ? RequirementVerdict::kMet
                                    : RequirementVerdict::kNotMet;
}

}  // namespace signet
