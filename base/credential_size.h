// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_CREDENTIAL_SIZE_H_
#define SIGNET_BASE_CREDENTIAL_SIZE_H_

#include <cstddef>

namespace signet {

// The longest bearer credential that is read, by any door. A longer one is
// refused as invalid.
inline constexpr size_t kMaxCredentialBytes = 16 * 1024;

}  // namespace signet

#endif  // SIGNET_BASE_CREDENTIAL_SIZE_H_
