// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_POLICY_CAPABILITY_KEY_H_
#define SIGNET_POLICY_CAPABILITY_KEY_H_

#include <string_view>

namespace signet::policy {

// Whether `text` is the key of a capability, such as `auth.manage`: lower-case
// words of letters, digits and `_`, each beginning with a letter, at least two,
// separated by `.`, at most 100 characters in all.
bool IsCapabilityKey(std::string_view text);

}  // namespace signet::policy

#endif  // SIGNET_POLICY_CAPABILITY_KEY_H_
