// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_MUST_H_
#define SIGNET_TESTS_SUPPORT_MUST_H_

#include <cstdlib>

namespace signet {

// A helper of tests that cannot do its part has no test to run: aborts.
inline void Must(bool condition) {
  if (!condition) std::abort();
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_MUST_H_
