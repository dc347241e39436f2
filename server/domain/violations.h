// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_VIOLATIONS_H_
#define SIGNET_SERVER_DOMAIN_VIOLATIONS_H_

#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/base/error.h"
#include "server/base/uuid.h"

namespace signet {

// Violations of one request, gathered so that the client hears of all at once.
class Violations {
 public:
  // Notes the fault in `field`, if `status` is one.
  void Add(std::string_view field, const absl::Status& status);

  // Notes a fault: "got X, want Y".
  void Add(std::string_view field, std::string_view detail);

  // The id that `text` names; a violation if it is none.
  std::optional<Uuid> TakeId(std::string_view field, std::string_view text);

  bool empty() const { return list_.empty(); }

  // INVALID_ARGUMENT / FIELD_INVALID, naming every field. Call it if not empty.
  absl::Status ToStatus() &&;

 private:
  std::vector<FieldViolation> list_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_VIOLATIONS_H_
