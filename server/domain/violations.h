// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_VIOLATIONS_H_
#define SIGNET_SERVER_DOMAIN_VIOLATIONS_H_

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/error.h"
#include "base/uuid.h"

namespace signet::domain {

// Violations of one request, gathered so that the client hears of all at once;
// of those beyond kMostBytes only that there are more, since gRPC carries them
// twice in trailers, for which clients take 8 KiB.
class Violations {
 public:
  // Of names and details together. The first violation is kept at any length.
  static constexpr size_t kMostBytes = 1500;

  // Notes the fault in `field`, if `status` is one.
  void Add(std::string_view field, const absl::Status& status);

  // Notes a fault: "got X, want Y".
  void Add(std::string_view field, std::string_view detail);

  // The id that `text` names; a violation if it is none.
  std::optional<Uuid> TakeId(std::string_view field, std::string_view text);

  bool empty() const { return list_.empty(); }

  // Whether further ones would be left out: there is no need to look for them.
  bool full() const { return full_; }

  // INVALID_ARGUMENT / FIELD_INVALID, naming every field. Call it if not empty.
  absl::Status ToStatus() &&;

 private:
  size_t bytes_ = 0;
  bool full_ = false;
  std::vector<FieldViolation> list_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_VIOLATIONS_H_
