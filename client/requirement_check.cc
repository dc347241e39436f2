// SPDX-License-Identifier: Apache-2.0
#include "client/requirement_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "policy/capability_key.h"
#include "policy/resource_type.h"

namespace signet::client {
namespace {

// The server's own limits (Requirement, tokens.proto).
constexpr int kMaxCapabilities = 32;
constexpr int kMaxDepth = 4;
constexpr int kMaxParts = 128;

bool IsUuidOrEmpty(const std::string& text) {
  return text.empty() || Uuid::Parse(text).has_value();
}

bool IsWellFormedCapability(const v1::RequiredCapability& capability) {
  return policy::IsCapabilityKey(capability.capability_key()) &&
         IsUuidOrEmpty(capability.account_id()) &&
         (capability.resource_type().empty() ||
          policy::IsResourceType(capability.resource_type())) &&
         IsUuidOrEmpty(capability.resource_id()) &&
         (capability.resource_id().empty() ||
          !capability.resource_type().empty());
}

using Parts = google::protobuf::RepeatedPtrField<v1::Requirement>;

// The parts that a list has; null for a capability, and where nothing is set.
const Parts* PartsOf(const v1::Requirement& part) {
  switch (part.kind_case()) {
    case v1::Requirement::kAllOf:
      return &part.all_of().requirements();
    case v1::Requirement::kAnyOf:
      return &part.any_of().requirements();
    case v1::Requirement::kCapability:
    case v1::Requirement::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

// What was found so far.
struct Size {
  int capabilities = 0;
  int parts = 0;
};

bool IsWellFormedPart(const v1::Requirement& part, int depth, Size& size) {
  if (depth > kMaxDepth || ++size.parts > kMaxParts) return false;
  if (const Parts* parts = PartsOf(part)) {
    return std::all_of(parts->begin(), parts->end(),
                       [&](const v1::Requirement& inner) {
                         return IsWellFormedPart(inner, depth + 1, size);
                       });
  }
  return part.has_capability() && ++size.capabilities <= kMaxCapabilities &&
         IsWellFormedCapability(part.capability());
}

bool AsksElsewhere(const v1::Requirement& part,
                   const std::optional<Uuid>& home) {
  if (const Parts* parts = PartsOf(part)) {
    return std::any_of(parts->begin(), parts->end(),
                       [&home](const v1::Requirement& inner) {
                         return AsksElsewhere(inner, home);
                       });
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
  const Parts* parts = PartsOf(part);
  if (parts == nullptr) return Holds(answer, part.capability());
  return part.has_all_of() ? std::all_of(parts->begin(), parts->end(), is_met)
                           : std::any_of(parts->begin(), parts->end(), is_met);
}

}  // namespace

bool IsWellFormed(const v1::Requirement& requirement) {
  Size size;
  return IsWellFormedPart(requirement, 1, size);
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

TokenAnswer InactiveAnswer(const char* reason) {
  auto answer = std::make_shared<v1::VerifyTokenResponse>();
  answer->set_reason(reason);
  return answer;
}

TokenAnswer WithRequirement(TokenAnswer answer,
                            const v1::Requirement* requirement) {
  if (requirement == nullptr || !answer->active()) return answer;
  // Never destroyed: calls may outlive main().
  static const TokenAnswer& missing =
      *new TokenAnswer(InactiveAnswer("CAPABILITY_MISSING"));
  switch (CheckRequirement(*requirement, *answer)) {
    case RequirementVerdict::kMet:
      return answer;
    case RequirementVerdict::kNotMet:
      return missing;
    case RequirementVerdict::kAskServer:
      return nullptr;
  }
  return nullptr;
}

}  // namespace signet::client
