// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_HEAP_IN_USE_H_
#define SIGNET_TESTS_SUPPORT_HEAP_IN_USE_H_

#include <malloc.h>

#include <cstddef>

// Of a sanitizer's allocator, in a build that has one; null in others.
extern "C" size_t SanitizerAllocatedBytes() asm(
    "__sanitizer_get_current_allocated_bytes") __attribute__((weak));

namespace signet {

// The bytes that are allocated in the whole process: with what malloc adds to
// each block, or under a sanitizer, without.
inline size_t HeapInUse() {
  if (SanitizerAllocatedBytes != nullptr) return SanitizerAllocatedBytes();
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_HEAP_IN_USE_H_
