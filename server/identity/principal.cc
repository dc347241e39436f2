// SPDX-License-Identifier: Apache-2.0
#include "server/identity/principal.h"

#include "absl/strings/str_cat.h"

namespace signet::identity {

std::vector<storage::Subject> Principal::Subjects() const {
  if (kind == PrincipalKind::kServiceAccount) {
    return {{storage::SubjectType::kServiceAccount, id.ToString()}};
  }
  std::vector<storage::Subject> subjects = {
      {storage::SubjectType::kUser, id.ToString()}};
  // A `sub` that is a UUID is the id already, if in other letters.
  if (!Uuid::Parse(oauth_subject).has_value()) {
    subjects.push_back({storage::SubjectType::kUser, oauth_subject});
  }
  // One that is a UUID is recorded in lower case, however it was granted.
  for (const std::string& group : groups) {
    const std::optional<Uuid> as_id = Uuid::Parse(group);
    subjects.push_back({storage::SubjectType::kGroup,
                        as_id.has_value() ? as_id->ToString() : group});
  }
  return subjects;
}

std::string Principal::ToString() const {
  return absl::StrCat(
      kind == PrincipalKind::kUser ? "user:" : "service_account:",
      id.ToString());
}

}  // namespace signet::identity
