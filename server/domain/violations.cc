// SPDX-License-Identifier: Apache-2.0
#include "server/domain/violations.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signet::domain {

void Violations::Add(std::string_view field, const absl::Status& status) {
  if (!status.ok()) Add(field, std::string(status.message()));
}

void Violations::Add(std::string_view field, std::string_view detail) {
  if (full_) return;
  bytes_ += field.size() + detail.size();
  full_ = bytes_ > kMostBytes;
  if (full_ && !list_.empty()) return;
  list_.push_back({.field = std::string(field), .detail = std::string(detail)});
}

std::optional<Uuid> Violations::TakeId(std::string_view field,
                                       std::string_view text) {
  std::optional<Uuid> id = Uuid::Parse(text);
  if (!id.has_value()) Add(field, "want a UUID, 8-4-4-4-12");
  return id;
}

absl::Status Violations::ToStatus() && {
  std::string message;
  for (const FieldViolation& violation : list_) {
    absl::StrAppend(&message, message.empty() ? "" : "; ", violation.field,
                    ": ", violation.detail);
  }
  if (full_) absl::StrAppend(&message, "; and more");
  return MakeError(absl::StatusCode::kInvalidArgument, message,
                   {.reason = "FIELD_INVALID", .violations = std::move(list_)});
}

}  // namespace signet::domain
