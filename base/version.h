// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_VERSION_H_
#define SIGNET_BASE_VERSION_H_

namespace signet {

// The version of this source tree (semver.org).
inline constexpr char kVersion[] = "0.1.0";

}  // namespace signet

#endif  // SIGNET_BASE_VERSION_H_
