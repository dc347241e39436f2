// SPDX-License-Identifier: Apache-2.0
#include "server/identity/principal.h"

#include "absl/strings/str_cat.h"

namespace signet {

std::vector<Subject> Principal::Subjects() const {
  if (kind == PrincipalKind::kServiceAccount) {
    return {{SubjectType::kServiceAccount, id.ToString()}};
  }
  std::vector<Subject> subjects = {{SubjectType::kUser, id.ToString()}};
  // A `sub` that is a UUID is the id already, if in other letters.
  if (!Uuid::Parse(oauth_subject).has_value()) {
    subjects.push_back({SubjectType::kUser, oauth_subject});
  }
  for (const std::string& group : groups) {
    subjects.push_back({SubjectType::kGroup, group});
  }
  return subjects;
}

std::string Principal::ToString() const {
  return absl::StrCat(
      kind == PrincipalKind::kUser ? "user:" : "service_account:",
      id.ToString());
}

}  // namespace signet
