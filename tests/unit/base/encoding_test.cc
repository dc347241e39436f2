// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet {
namespace {

std::string Sample() {
  return Encoder("test")
      .Add("text")
      .Add(uint64_t{7})
      .Add(SampleId(1))
      .Add(SampleTime())
      .Add(std::optional<Uuid>())
      .Add(std::optional(SampleTime(1)))
      .Add(std::map<std::string, std::string>{{"a", "1"}, {"b", ""}})
      .text();
}

TEST(Encoding, ReadsWhatItWrote) {
  const std::string text = Sample();
  Decoder decoder("test", text);
  EXPECT_EQ(decoder.Text(), "text");
  EXPECT_EQ(decoder.Number(), 7u);
  EXPECT_EQ(decoder.Id(), SampleId(1));
  EXPECT_EQ(decoder.Time(), SampleTime());
  EXPECT_EQ(decoder.OptionalId(), std::nullopt);
  EXPECT_EQ(decoder.OptionalTime(), SampleTime(1));
  EXPECT_EQ(decoder.Pairs(),
            (std::map<std::string, std::string>{{"a", "1"}, {"b", ""}}));
  EXPECT_TRUE(decoder.Finished());
}

TEST(Encoding, TimesBefore1970AreKept) {
  const absl::Time time = absl::FromUnixSeconds(-5) + absl::Nanoseconds(3);
  const std::string text = Encoder("test").Add(time).text();
  EXPECT_EQ(Decoder("test", text).Time(), time);
}

TEST(Encoding, PartsCannotBeShifted) {
  EXPECT_NE(Encoder("t").Add("ab").Add("c").text(),
            Encoder("t").Add("a").Add("bc").text());
  EXPECT_NE(Encoder("t").Add("").text(), Encoder("t").text());
  EXPECT_NE(Encoder("ta").Add("b").text(), Encoder("t").Add("ab").text());
}

TEST(Encoding, AnotherPurposeOrLessOrMoreIsAFault) {
  const std::string text = Sample();
  const auto finishes = [](std::string_view purpose, std::string_view part) {
    Decoder decoder(purpose, part);
    decoder.Text();
    decoder.Number();
    decoder.Id();
    decoder.Time();
    decoder.OptionalId();
    decoder.OptionalTime();
    decoder.Pairs();
    return decoder.Finished();
  };
  EXPECT_TRUE(finishes("test", text));
  EXPECT_FALSE(finishes("tent", text));
  EXPECT_FALSE(finishes("test", text + "x"));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(finishes("test", text.substr(0, size))) << size;
  }
}

// A count that was altered must not make a loop of it.
TEST(Encoding, AHugeCountEndsAtOnce) {
  const std::string text = Encoder("test").Add(UINT64_MAX).text();
  Decoder decoder("test", text);
  decoder.Pairs();
  EXPECT_FALSE(decoder.Finished());
}

}  // namespace
}  // namespace signet
