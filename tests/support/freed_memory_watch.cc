// SPDX-License-Identifier: Apache-2.0
#include "tests/support/freed_memory_watch.h"

#include <malloc.h>
#include <string.h>  // memmem

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace signet {
namespace {

// Nothing here may allocate, and operator delete runs before and after main.
constinit std::atomic<const std::string_view*> watched = nullptr;
constinit std::atomic<int> found = 0;

void Free(void* block) {
  const std::string_view* const pattern = watched.load();
  if (block != nullptr && pattern != nullptr &&
      memmem(block, malloc_usable_size(block), pattern->data(),
             pattern->size()) != nullptr) {
    ++found;
  }
  std::free(block);
}

void* Allocate(size_t size) {
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) std::abort();
  return block;
}

// Where `watched` points; only one FreedMemoryWatch lives at a time.
constinit std::string_view current_pattern;

}  // namespace

FreedMemoryWatch::FreedMemoryWatch(std::string_view pattern) {
  current_pattern = pattern;
  found = 0;
  watched = &current_pattern;
}

FreedMemoryWatch::~FreedMemoryWatch() { watched = nullptr; }

int FreedMemoryWatch::count() const { return found; }

}  // namespace signet

void* operator new(size_t size) { return signet::Allocate(size); }
void* operator new[](size_t size) { return signet::Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return signet::Allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return signet::Allocate(size);
}
void operator delete(void* block) noexcept { signet::Free(block); }
void operator delete[](void* block) noexcept { signet::Free(block); }
void operator delete(void* block, size_t) noexcept { signet::Free(block); }
void operator delete[](void* block, size_t) noexcept { signet::Free(block); }
