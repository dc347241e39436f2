// SPDX-License-Identifier: Apache-2.0
#include "base/secret.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"

namespace signet {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);

// One lives in the string object itself, one on the heap.
constexpr std::string_view kShort = "canary-in-place";
constexpr std::string_view kLong =
    "a much longer canary that no string object has room for";

// The bytes of an object itself, not of what it points to.
template <typename T>
std::string_view Raw(const T& object) {
  return std::string_view(reinterpret_cast<const char*>(&object), sizeof(T));
}

// The end of it, for a string's own bookkeeping overwrites the beginning.
std::string_view Trace(std::string_view text) {
  return text.substr(text.size() - 6);
}

bool Holds(std::string_view memory, std::string_view text) {
  return memory.find(Trace(text)) != memory.npos;
}

TEST(Wipe, OverwritesBytes) {
  std::array<uint8_t, 8> bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  Wipe(bytes);
  EXPECT_EQ(bytes, (std::array<uint8_t, 8>{}));
}

TEST(Wipe, OverwritesTheWholeCapacityAndEmpties) {
  std::string text(kLong);
  text.resize(5);  // The rest still lies behind.
  const char* const memory = text.data();
  const size_t capacity = text.capacity();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), memory);
  ASSERT_EQ(text.capacity(), capacity);
  EXPECT_EQ(std::string_view(memory, capacity), std::string(capacity, '\0'));
}

TEST(Secret, ExposesItsText) {
  EXPECT_EQ(Secret().Expose(), "");
  EXPECT_EQ(Secret(std::string(kShort)).Expose(), kShort);
  EXPECT_EQ(Secret(std::string(kLong)).Expose(), kLong);
}

class SecretOf : public testing::TestWithParam<std::string_view> {};

TEST_P(SecretOf, TakingAStringLeavesNothingInIt) {
  std::string text(GetParam());
  const Secret secret(std::move(text));
  EXPECT_EQ(secret.Expose(), GetParam());
  EXPECT_FALSE(Holds(Raw(text), GetParam()));
  EXPECT_TRUE(text.empty());  // NOLINT(bugprone-use-after-move)
}

TEST_P(SecretOf, MovingLeavesNothingBehind) {
  Secret first{std::string(GetParam())};
  Secret second(std::move(first));
  EXPECT_EQ(second.Expose(), GetParam());
  EXPECT_EQ(first.Expose(), "");  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(Holds(Raw(first), GetParam()));

  Secret third(std::string("other"));
  third = std::move(second);
  EXPECT_EQ(third.Expose(), GetParam());
  EXPECT_EQ(second.Expose(), "");  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(Holds(Raw(second), GetParam()));
}

TEST_P(SecretOf, OverwritingLeavesNothingOfTheOldText) {
  for (const std::string_view next : {kShort, kLong}) {
    if (next == GetParam()) continue;
    Secret secret{std::string(GetParam())};
    FreedMemoryWatch watch(Trace(GetParam()));
    secret = Secret(std::string(next));
    EXPECT_EQ(secret.Expose(), next);
    EXPECT_FALSE(Holds(Raw(secret), GetParam()));
    EXPECT_EQ(watch.count(), 0);
  }
}

TEST_P(SecretOf, MovingToItselfChangesNothing) {
  Secret secret{std::string(GetParam())};
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.Expose(), GetParam());
}

TEST_P(SecretOf, DestructionLeavesNothingInPlace) {
  alignas(Secret) std::array<char, sizeof(Secret)> place;
  auto* secret = new (place.data()) Secret(std::string(GetParam()));
  ASSERT_EQ(secret->Expose(), GetParam());
  secret->~Secret();
  EXPECT_FALSE(Holds(std::string_view(place.data(), place.size()), GetParam()));
}

TEST_P(SecretOf, NoFreedMemoryHoldsIt) {
  const std::string text(GetParam());
  FreedMemoryWatch watch(Trace(GetParam()));
  {
    Secret first{std::string(text)};
    Secret second{std::string(text)};
    second = std::move(first);
    first = Secret(std::string(text));
    second = Secret();
  }
  EXPECT_EQ(watch.count(), 0);
}

INSTANTIATE_TEST_SUITE_P(Texts, SecretOf, testing::Values(kShort, kLong),
                         [](const auto& info) {
                           return info.param == kShort ? "Short" : "Long";
                         });

}  // namespace
}  // namespace signet
