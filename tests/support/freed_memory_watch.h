// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_FREED_MEMORY_WATCH_H_
#define SIGNET_TESTS_SUPPORT_FREED_MEMORY_WATCH_H_

#include <string_view>

namespace signet {

// Counts, while it lives, the blocks that any thread gives back to the heap by
// `operator delete` with `pattern` still in them: copies of a secret that
// nobody wiped. One at a time; `pattern` outlives it. A test that uses it gets
// its own operator new and delete.
class FreedMemoryWatch {
 public:
  explicit FreedMemoryWatch(std::string_view pattern);
  FreedMemoryWatch(const FreedMemoryWatch&) = delete;
  FreedMemoryWatch& operator=(const FreedMemoryWatch&) = delete;
  ~FreedMemoryWatch();

  int count() const;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_FREED_MEMORY_WATCH_H_
