// SPDX-License-Identifier: Apache-2.0
#include "crypto/system_random.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace signet::crypto {
namespace {

using Block = std::array<uint8_t, 32>;

Block Draw(SystemRandom& random) {
  Block block = {};
  random.Fill(block);
  return block;
}

TEST(SystemRandom, FillsAllOfWhatItIsGiven) {
  SystemRandom random;
  random.Fill({});
  for (const size_t size : {1u, 2u, 31u, 64u, 1000u}) {
    // After 64 draws a byte that no draw ever set is a hole: 2^-512 by chance.
    std::vector<uint8_t> seen(size);
    for (int i = 0; i < 64; ++i) {
      std::vector<uint8_t> bytes(size);
      random.Fill(bytes);
      for (size_t b = 0; b < size; ++b) seen[b] |= bytes[b];
    }
    EXPECT_EQ(seen, std::vector<uint8_t>(size, 0xFF)) << size;
  }
}

TEST(SystemRandom, HalfOfTheBitsAreOne) {
  SystemRandom random;
  std::vector<uint8_t> bytes(1 << 20);
  random.Fill(bytes);
  int64_t ones = 0;
  for (const uint8_t byte : bytes) ones += std::popcount(byte);
  // 8 Mi fair coins: a standard deviation is 1448; this allows ten.
  EXPECT_NEAR(static_cast<double>(ones), 4.0 * (1 << 20), 14'480);
}

TEST(SystemRandom, ThreadsDrawDifferentBytes) {
  SystemRandom random;
  std::array<std::vector<Block>, 4> drawn;
  std::vector<std::thread> threads;
  for (std::vector<Block>& blocks : drawn) {
    threads.emplace_back([&random, &blocks] {
      for (int i = 0; i < 1000; ++i) blocks.push_back(Draw(random));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Block> seen;
  for (const std::vector<Block>& blocks : drawn) {
    seen.insert(blocks.begin(), blocks.end());
  }
  EXPECT_EQ(seen.size(), 4000u);
}

TEST(SystemRandom, AForkedChildDrawsOtherBytes) {
  SystemRandom random;
  Draw(random);  // Seeded before the fork, so both have one state.
  std::array<int, 2> fds;
  ASSERT_EQ(pipe(fds.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Block block = Draw(random);
    _exit(write(fds[1], block.data(), block.size()) ==
                  static_cast<ssize_t>(block.size())
              ? 0
              : 1);
  }
  const Block mine = Draw(random);
  Block theirs = {};
  ASSERT_EQ(read(fds[0], theirs.data(), theirs.size()),
            static_cast<ssize_t>(theirs.size()));
  EXPECT_NE(mine, theirs);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(fds[0]);
  close(fds[1]);
}

}  // namespace
}  // namespace signet::crypto
