// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_REQUIREMENT_H_
#define SIGNET_SERVER_DOMAIN_REQUIREMENT_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "server/domain/violations.h"
#include "storage/records.h"

namespace signet::domain {

// A capability that a token must have. Fields as RequiredCapability of
// proto/signet/v1/tokens.proto.
struct RequiredCapability {
  std::string capability_key = {};
  std::optional<Uuid> account_id = {};  // Absent: the token's own account.
  std::optional<std::string> resource_type = {};
  std::optional<Uuid> resource_id = {};
};

// What a token must have. A plain value.
struct Requirement {
  enum class Kind { kCapability, kAllOf, kAnyOf };

  static constexpr int kMaxCapabilities = 32;
  static constexpr int kMaxParts = 128;  // Lists among them, and itself.
  static constexpr int kMaxDepth = 4;

  Kind kind = Kind::kAllOf;  // Of nothing: nothing is required.
  RequiredCapability capability = {};
  std::vector<Requirement> of = {};

  // Whether one who holds `held` and belongs to `home` meets it. Pure.
  bool IsMet(std::span<const storage::AuthorizationRecord> held,
             const Uuid& home) const;

  // The first capability, in order of mention, that one who does not meet it
  // lacks; null where there is none that is lacked. Pure.
  const RequiredCapability* FirstLacked(
      std::span<const storage::AuthorizationRecord> held,
      const Uuid& home) const;

  // The accounts that it asks about beside `home`, each once.
  std::vector<Uuid> OtherAccounts(const Uuid& home) const;
};

// Reads one from what the client sent; `field` is its name. An empty text is
// absent. What breaks a rule is noted in `violations`.
RequiredCapability ReadRequiredCapability(const std::string& field,
                                          const std::string& capability_key,
                                          const std::string& account_id,
                                          const std::string& resource_type,
                                          const std::string& resource_id,
                                          Violations& violations);

// Reads that all of the capabilities are required, each as above on the same
// account and resource; null where there are none. What breaks a rule, a
// resource without a capability among them, is noted in `violations`.
std::shared_ptr<const Requirement> ReadAllOf(
    std::span<const std::string> capability_keys, const std::string& account_id,
    const std::string& resource_type, const std::string& resource_id,
    Violations& violations);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_REQUIREMENT_H_
