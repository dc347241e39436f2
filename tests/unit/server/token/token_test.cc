// SPDX-License-Identifier: Apache-2.0
#include "server/token/token.h"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/base62.h"
#include "base/crc32.h"
#include "crypto/system_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::token {
namespace {

constexpr std::string_view kPrefix = "hbx_sa";
constexpr size_t kTail = 1 + 16 + 1 + 43 + 6;
const absl::Time kNow = absl::FromUnixMillis(1893553445678);

// Its checksum by Python's zlib.crc32.
constexpr std::string_view kKnown =
    "hbx_sa_0123456789ABCDEF_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
    "3wz7pW";

// `body` with a right checksum.
std::string Sealed(std::string_view body) {
  std::string text(body);
  std::string checksum(6, '?');
  EncodeBase62(Crc32(body), std::span<char>(checksum));
  return text + checksum;
}

std::string Mint(RandomSource& random, std::string_view prefix = kPrefix,
                 absl::Time now = kNow) {
  return std::string(MintToken(prefix, now, random).text.Expose());
}

// --- Minting ----------------------------------------------------------------

TEST(MintToken, HasTheDocumentedShape) {
  SeededRandom random;
  const MintedToken token = MintToken(kPrefix, kNow, random);
  const std::string text(token.text.Expose());
  EXPECT_THAT(text,
              testing::MatchesRegex("hbx_sa_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}"));
  EXPECT_EQ(token.public_id, text.substr(7, 16));
  EXPECT_EQ(token.last4, text.substr(text.size() - 4));
  EXPECT_EQ(Sealed(text.substr(0, text.size() - 6)), text);
}

TEST(MintToken, IsParsedBack) {
  crypto::SystemRandom random;
  for (const std::string_view prefix :
       {"a", "Z9", "hbx_sa", "a__b", "0_0", "x_0123456789ABCDEF",
        "abcdefghijklmnopqrstuvwxyz_12345"}) {
    ASSERT_THAT(ValidateTokenPrefix(prefix), IsOk());
    for (int i = 0; i < 200; ++i) {
      const MintedToken token = MintToken(prefix, kNow, random);
      const auto parsed = ParseToken(token.text.Expose());
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(parsed->prefix, prefix);
      EXPECT_EQ(parsed->public_id, token.public_id);
    }
  }
}

TEST(MintToken, PublicIdsSortByTime) {
  SeededRandom random;
  std::string last;
  for (int64_t millis = 0; millis < 218'340'105'584'896;
       millis = millis * 2 + 1) {
    const MintedToken token =
        MintToken(kPrefix, absl::FromUnixMillis(millis), random);
    EXPECT_LT(last, token.public_id);
    EXPECT_EQ(DecodeBase62(token.public_id.substr(0, 8)), millis);
    last = token.public_id;
  }
}

TEST(MintToken, TimesOutOfRangeStillGiveATokenThatParses) {
  SeededRandom random;
  for (const absl::Time now :
       {absl::InfinitePast(), absl::FromUnixMillis(-1),
        absl::FromUnixSeconds(253402300799), absl::InfiniteFuture()}) {
    EXPECT_TRUE(ParseToken(Mint(random, kPrefix, now)).has_value()) << now;
  }
}

TEST(MintToken, NoTwoAreEqual) {
  crypto::SystemRandom random;
  std::set<std::string> ids;
  std::set<std::string> secrets;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = Mint(random);
    ids.insert(text.substr(7, 16));
    secrets.insert(text.substr(24, 43));
  }
  EXPECT_EQ(ids.size(), 20'000u);
  EXPECT_EQ(secrets.size(), 20'000u);
}

// Counts what it is asked for.
class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    ++calls;
    inner_.Fill(out);
  }
  int calls = 0;

 private:
  SeededRandom inner_;
};

TEST(MintToken, DrawsOnce) {
  CountingRandom random;
  for (int i = 0; i < 1000; ++i) Mint(random);
  EXPECT_EQ(random.calls, 1000);
}

// A source whose bytes are mostly those that must be thrown away.
class SkewedRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) {
      byte = (++count_ % 16 == 0) ? static_cast<uint8_t>(count_ / 16) : 0xFF;
    }
  }

 private:
  uint64_t count_ = 0;
};

TEST(MintToken, DrawsAgainWhereTooMuchIsThrownAway) {
  SkewedRandom random;
  const std::string text = Mint(random);
  EXPECT_TRUE(ParseToken(text).has_value());
  // Bytes 1, 2, 3, ... were kept, in order.
  EXPECT_EQ(text.substr(15, 8), "12345678");
  EXPECT_EQ(text.substr(24, 43), "9ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop");
}

// Digits that stand at one place in all tokens, against the uniform
// distribution.
double ChiSquare(const std::map<char, int>& counts, int draws) {
  const double expected = draws / 62.0;
  double sum = 0;
  for (const char digit : kBase62Alphabet) {
    const auto found = counts.find(digit);
    const double got = found == counts.end() ? 0 : found->second;
    sum += (got - expected) * (got - expected) / expected;
  }
  return sum;
}

TEST(MintToken, EveryPlaceOfTheSecretIsUniform) {
  constexpr int kDraws = 20'000;
  SeededRandom random(42);
  std::vector<std::map<char, int>> places(kPrefix.size() + kTail);
  std::map<char, int> all;
  for (int i = 0; i < kDraws; ++i) {
    const std::string text = Mint(random);
    for (size_t p = 0; p < text.size(); ++p) ++places[p][text[p]];
    for (size_t p = 24; p < 67; ++p) ++all[text[p]];
  }
  // 61 degrees of freedom: 120 is exceeded once in 100,000 samples.
  for (size_t p = 15; p < 23; ++p) {  // The public id's random half.
    EXPECT_LT(ChiSquare(places[p], kDraws), 120) << p;
  }
  for (size_t p = 24; p < 67; ++p) {
    EXPECT_LT(ChiSquare(places[p], kDraws), 120) << p;
  }
  EXPECT_LT(ChiSquare(all, kDraws * 43), 120);
}

// The test above would notice `byte % 62`, whose first 8 digits come 5 times in
// 256 instead of 4.
TEST(MintToken, TheChiSquareSeesABias) {
  constexpr int kDraws = 20'000;
  SeededRandom random(42);
  std::map<char, int> counts;
  for (int i = 0; i < kDraws; ++i) {
    uint8_t byte;
    random.Fill(std::span(&byte, 1));
    ++counts[kBase62Alphabet[byte % 62]];
  }
  EXPECT_GT(ChiSquare(counts, kDraws), 120);
}

TEST(MintToken, NeighbouringDigitsAreIndependent) {
  SeededRandom random(7);
  // Pairs of digits, each folded to a quarter of the alphabet.
  constexpr int kDraws = 20'000;
  std::vector<int> pairs(16);
  for (int i = 0; i < kDraws; ++i) {
    const std::string text = Mint(random);
    const auto quarter = [&](size_t p) {
      return *DecodeBase62(text.substr(p, 1)) % 4;
    };
    ++pairs[quarter(30) * 4 + quarter(31)];
  }
  double chi = 0;
  for (size_t a = 0; a < 4; ++a) {
    for (size_t b = 0; b < 4; ++b) {
      // Of 62 digits 16 fall into each of the first two quarters, 15 into the
      // others.
      const double expected =
          kDraws * (a < 2 ? 16 : 15) * (b < 2 ? 16 : 15) / (62.0 * 62.0);
      const double got = pairs[a * 4 + b];
      chi += (got - expected) * (got - expected) / expected;
    }
  }
  EXPECT_LT(chi, 45);  // 15 degrees of freedom: once in 13,000.
}

TEST(MintToken, LeavesNoCopyOfTheSecretOnTheHeap) {
  std::string secret;
  {
    SeededRandom random;
    secret = Mint(random).substr(24, 43);
  }
  // Any part of it counts, not only the whole.
  for (const size_t start : {0u, 14u, 31u}) {
    const std::string part = secret.substr(start, 12);
    SeededRandom same;
    FreedMemoryWatch watch(part);
    {
      const MintedToken token = MintToken(kPrefix, kNow, same);
      ASSERT_NE(token.text.Expose().find(part), std::string_view::npos);
      ASSERT_TRUE(ParseToken(token.text.Expose()).has_value());
    }
    EXPECT_EQ(watch.count(), 0);
  }
}

// --- Parsing ----------------------------------------------------------------

TEST(ParseToken, ReadsAKnownToken) {
  const auto parsed = ParseToken(kKnown);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->prefix, "hbx_sa");
  EXPECT_EQ(parsed->public_id, "0123456789ABCDEF");
}

// Checksums by Python's zlib.crc32, one with leading zeros.
TEST(ParseToken, KnowsTheChecksumOfOthers) {
  for (const std::string_view text :
       {"hbx_sa_n8yDgX1YKnLamDaD_"
        "QVCZx7WAw7q1U4jVfbAs68NN2gzJQOBWsTJ319nDQ0i000loi",
        "acme_I7MGrW5BdzF4KmOb_"
        "6mAwrEZZyKi8fbVPJuXFtSTiqatwQJiIcxpibQiZEaX00Utco",
        "acme_vvmgDyTtn5yDPPWl_"
        "rhHPlc2SDZzGx7ujtCAbvX8b54O3LKJUIWLSg5UHiDb01ckCo",
        "acme_B6NvKcaneljElzD5_"
        "PHgtElQjzCQnaMC33geUBNt2pahOCbnYk51Ivdnnx1Q1kYHbT"}) {
    EXPECT_TRUE(ParseToken(text).has_value()) << text;
  }
}

TEST(ParseToken, ReadsFromTheRight) {
  const std::string tail = "_0123456789ABCDEF_" + std::string(43, 's');
  for (const std::string_view prefix :
       {"hbx_sa_0123456789ABCDEF", "a_b_c_d", "x__y", "0", "A"}) {
    const std::string text = Sealed(absl::StrCat(std::string(prefix), tail));
    const auto parsed = ParseToken(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(parsed->prefix, prefix);
    EXPECT_EQ(parsed->public_id, "0123456789ABCDEF");
  }
}

TEST(ParseToken, TheViewsPointIntoTheText) {
  const std::string text(kKnown);
  const auto parsed = ParseToken(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->prefix.data(), text.data());
  EXPECT_EQ(parsed->public_id.data(), text.data() + 7);
}

TEST(ParseToken, RefusesEverySingleSubstitution) {
  SeededRandom random;
  for (const std::string& good : {std::string(kKnown), Mint(random)}) {
    for (size_t i = 0; i < good.size(); ++i) {
      for (int c = 0; c < 256; ++c) {
        std::string bad = good;
        bad[i] = static_cast<char>(c);
        ASSERT_EQ(ParseToken(bad).has_value(), bad == good) << i << ", " << c;
      }
    }
  }
}

TEST(ParseToken, RefusesEveryAdjacentTransposition) {
  SeededRandom random;
  for (int round = 0; round < 500; ++round) {
    const std::string good = Mint(random);
    for (size_t i = 0; i + 1 < good.size(); ++i) {
      std::string bad = good;
      std::swap(bad[i], bad[i + 1]);
      ASSERT_EQ(ParseToken(bad).has_value(), bad == good) << i;
    }
  }
}

TEST(ParseToken, RefusesEveryDeletionAndInsertion) {
  const std::string good(kKnown);
  for (size_t i = 0; i <= good.size(); ++i) {
    if (i < good.size()) {
      std::string cut = good;
      cut.erase(i, 1);
      EXPECT_FALSE(ParseToken(cut).has_value()) << i;
      EXPECT_FALSE(ParseToken(good.substr(0, i)).has_value()) << i;
    }
    for (const char c : {'0', 'z', '_', ' ', '\0', '\n'}) {
      std::string more = good;
      more.insert(i, 1, c);
      EXPECT_FALSE(ParseToken(more).has_value()) << i;
    }
  }
}

TEST(ParseToken, RefusesARightChecksumOverAWrongShape) {
  const std::string id = "0123456789ABCDEF";
  const std::string secret(43, 's');
  ASSERT_TRUE(ParseToken(Sealed("a_" + id + "_" + secret)).has_value());
  for (const std::string& body :
       {"_" + id + "_" + secret,                         // No prefix.
        id + "_" + secret,                               // Nor its underscore.
        "__" + id + "_" + secret,                        // The prefix is `_`.
        "_a_" + id + "_" + secret,                       // Starts with one.
        "a__" + id + "_" + secret,                       // Ends with one.
        "a-b_" + id + "_" + secret,                      // A hyphen.
        "a b_" + id + "_" + secret,                      // A space.
        "\xC3\xA9_" + id + "_" + secret,                 // Not ASCII.
        std::string(33, 'a') + "_" + id + "_" + secret,  // Too long.
        "a-" + id + "_" + secret,                        // Another separator.
        "a_" + id + "-" + secret,                        //
        "a_" + id.substr(1) + "_" + secret,              // The id is too short.
        "a_0" + id + "_" + secret,                       // Too long.
        "a_" + id + "_" + secret.substr(1),        // The secret is too short.
        "a_" + id + "_" + secret + "s",            // Too long.
        "a_" + id.substr(1) + "__" + secret,       // An underscore in the id.
        "a_" + id + "_" + secret.substr(1) + "_",  // Or in the secret.
        "a_" + id.substr(1) + "-_" + secret,
        "a_" + id + "_" + secret.substr(1) + "+"}) {
    EXPECT_FALSE(ParseToken(Sealed(body)).has_value()) << body;
  }
}

TEST(ParseToken, TakesPrefixesOfUpTo32Characters) {
  const std::string tail = "_0123456789ABCDEF_" + std::string(43, 's');
  EXPECT_TRUE(ParseToken(Sealed(std::string(32, 'p') + tail)).has_value());
  EXPECT_FALSE(ParseToken(Sealed(std::string(33, 'p') + tail)).has_value());
}

// 62^6 exceeds 2^32: a checksum that is right modulo 2^32 is still wrong.
TEST(ParseToken, AChecksumHasOneSpelling) {
  const std::string good(kKnown);
  const std::string body = good.substr(0, good.size() - 6);
  for (uint64_t times = 1; times <= 13; ++times) {
    std::string checksum(6, '?');
    const uint64_t value = Crc32(body) + (times << 32);
    if (value >= 56'800'235'584) break;  // 62^6
    EncodeBase62(value, std::span<char>(checksum));
    EXPECT_FALSE(ParseToken(body + checksum).has_value()) << times;
  }
}

TEST(ParseToken, RefusesJunk) {
  EXPECT_FALSE(ParseToken("").has_value());
  EXPECT_FALSE(ParseToken(std::string_view()).has_value());
  EXPECT_FALSE(ParseToken(std::string(73, '_')).has_value());
  EXPECT_FALSE(ParseToken(std::string(73, '0')).has_value());
  EXPECT_FALSE(ParseToken(std::string(73, '\0')).has_value());
  EXPECT_FALSE(ParseToken(std::string(1 << 20, 'a')).has_value());
  EXPECT_FALSE(ParseToken("eyJhbGciOiJSUzI1NiJ9.e30.c2ln").has_value());
}

// --- Prefixes ---------------------------------------------------------------

TEST(ValidateTokenPrefix, TakesLettersDigitsAndInnerUnderscores) {
  for (const std::string_view good : {"a", "9", "hbx_sa", "a__b", "A_1_z"}) {
    EXPECT_THAT(ValidateTokenPrefix(good), IsOk()) << good;
  }
  EXPECT_THAT(ValidateTokenPrefix(std::string(32, 'x')), IsOk());
}

TEST(ValidateTokenPrefix, RefusesTheRest) {
  for (const std::string_view bad :
       {"", "_", "__", "_a", "a_", "a-b", "a.b", "a b", " a", "\xC3\xA9"}) {
    EXPECT_THAT(ValidateTokenPrefix(bad),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << bad;
  }
  EXPECT_THAT(ValidateTokenPrefix(std::string(33, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ValidateTokenPrefix(std::string_view("a\0b", 3)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::token
