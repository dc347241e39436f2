// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_REQUIREMENTS_H_
#define SIGNET_TESTS_SUPPORT_REQUIREMENTS_H_

#include <string>

#include "signet/v1/tokens.pb.h"

namespace signet {

// A requirement of one capability, as a client writes it.
inline v1::Requirement NeedsCapability(const std::string& key,
                                       const std::string& account_id = "") {
  v1::Requirement requirement;
  requirement.mutable_capability()->set_capability_key(key);
  requirement.mutable_capability()->set_account_id(account_id);
  return requirement;
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_REQUIREMENTS_H_
