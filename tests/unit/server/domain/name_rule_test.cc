// SPDX-License-Identifier: Apache-2.0
#include "server/domain/name_rule.h"

#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token/token.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {
namespace {

// `count` copies of `unit`, one after another.
std::string Repeat(std::string_view unit, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text.append(unit);
  return text;
}

// UTF-8 as RFC 3629 has it, also of what it has no place for.
std::string Encode(char32_t c) {
  std::string out;
  const auto add = [&out](char32_t byte) {
    out.push_back(static_cast<char>(byte));
  };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | c >> 6), add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12), add(0x80 | (c >> 6 & 0x3F)), add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | c >> 18), add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F)), add(0x80 | (c & 0x3F));
  }
  return out;
}

struct NameCase {
  const char* label;
  std::string name;
  const char* fault;  // Null: the name is good.
};

class NameRule : public testing::TestWithParam<NameCase> {};

TEST_P(NameRule, Decides) {
  const NameCase& c = GetParam();
  const absl::Status status = CheckName(c.name);
  if (c.fault == nullptr) {
    EXPECT_THAT(status, IsOk());
  } else {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(status.message(), c.fault);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Names, NameRule,
    testing::Values(
        NameCase{"OneLetter", "a", nullptr},
        NameCase{"InnerAndOuterSpace", " a b ", nullptr},
        NameCase{"OfTheDocumentation", "<string>", nullptr},
        NameCase{"Letters120", Repeat("a", 120), nullptr},
        NameCase{"Emoji120In480Bytes", Repeat("\U0001F511", 120), nullptr},
        NameCase{"ZeroWidthJoiner", "a\u200Db", nullptr},
        NameCase{"ZeroWidthSpaceAlone", "\u200B", nullptr},
        NameCase{"ByteOrderMark", "\uFEFFa", nullptr},
        NameCase{"LeftToRightMark", "\u200Ea", nullptr},
        NameCase{"PrivateUse", "\uE000", nullptr},
        NameCase{"PrivateUseOfPlane16", "\U0010FFFD", nullptr},
        NameCase{"Unassigned", "\U000E0FFF", nullptr},
        NameCase{"DecomposedStaysApart", "e\u0301", nullptr},
        NameCase{"Empty", "", "got 0 characters, want 1 to 120"},
        NameCase{"Letters121", Repeat("a", 121),
                 "got 121 characters, want 1 to 120"},
        NameCase{"Emoji121", Repeat("\U0001F511", 121),
                 "got 121 characters, want 1 to 120"},
        NameCase{"Overlong", "\xC0\xAF",
                 "got bytes that are not UTF-8, want UTF-8"},
        NameCase{"Cesu", "\xED\xA0\xBD\xED\xB4\x91",
                 "got bytes that are not UTF-8, want UTF-8"},
        NameCase{"CutShort", "a\xF0\x9F\x94",
                 "got bytes that are not UTF-8, want UTF-8"},
        NameCase{"BeyondUnicode", "\xF4\x90\x80\x80",
                 "got bytes that are not UTF-8, want UTF-8"},
        NameCase{"LineFeed", "a\nb",
                 "got a control character (U+000A) at character 2, want none"},
        NameCase{"RightToLeftOverride", "ab\u202E",
                 "got a bidirectional control (U+202E) at character 3, want "
                 "none"},
        NameCase{"LineSeparator", "\u2028",
                 "got a line or paragraph separator (U+2028) at character 1, "
                 "want none"},
        NameCase{"LastNoncharacter", "\U0010FFFF",
                 "got a noncharacter (U+10FFFF) at character 1, want none"},
        NameCase{"Spaces", "   ",
                 "got only white space, want at least one other character"}),
    [](const auto& info) { return std::string(info.param.label); });

struct RangeCase {
  const char* label;
  char32_t first;
  char32_t last;
  bool allowed;  // In the middle of other text.
};

class NameCodePoints : public testing::TestWithParam<RangeCase> {};

TEST(LabelBytes, AreKeysAndValuesTogether) {
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 32; ++i) {  // Of two bytes and 254.
    labels[absl::StrCat(i + 10)] = std::string(254, 'x');
  }
  EXPECT_EQ(LabelBytes(labels), kMaxLabelBytes);
  EXPECT_THAT(CheckLabels(labels), IsOk());
  labels["10"] += "x";
  EXPECT_EQ(CheckLabels(labels).message(),
            "got 8193 bytes of keys and values, want at most 8192");
  EXPECT_THAT(CheckLabels(labels, 8193), IsOk());
}

TEST_P(NameCodePoints, Decides) {
  for (char32_t c = GetParam().first; c <= GetParam().last; ++c) {
    EXPECT_EQ(CheckName("a" + Encode(c) + "b").ok(), GetParam().allowed)
        << "U+" << std::hex << static_cast<uint32_t>(c);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, NameCodePoints,
    testing::Values(RangeCase{"C0", 0x00, 0x1F, false},
                    RangeCase{"Ascii", 0x20, 0x7E, true},
                    RangeCase{"DelAndC1", 0x7F, 0x9F, false},
                    RangeCase{"AfterC1", 0xA0, 0x2027, true},
                    RangeCase{"SeparatorsAndBidi", 0x2028, 0x202E, false},
                    RangeCase{"BeforeIsolates", 0x202F, 0x2065, true},
                    RangeCase{"Isolates", 0x2066, 0x2069, false},
                    RangeCase{"AfterIsolates", 0x206A, 0x2FFF, true},
                    RangeCase{"Surrogates", 0xD800, 0xDFFF, false},
                    RangeCase{"PrivateUse", 0xE000, 0xFDCF, true},
                    RangeCase{"ArabicNoncharacters", 0xFDD0, 0xFDEF, false},
                    RangeCase{"AfterThem", 0xFDF0, 0xFFFD, true},
                    RangeCase{"LastTwoOfPlane0", 0xFFFE, 0xFFFF, false},
                    RangeCase{"PlaneOneStart", 0x10000, 0x10FFF, true}),
    [](const auto& info) { return std::string(info.param.label); });

TEST(NameCodePointsOfEachPlane, LastTwoAreRefusedAndTheirNeighboursAreNot) {
  for (char32_t plane = 0; plane <= 16; ++plane) {
    const char32_t end = plane << 16 | 0xFFFF;
    EXPECT_THAT(CheckName(Encode(end - 2)), IsOk());
    EXPECT_FALSE(CheckName(Encode(end - 1)).ok());
    EXPECT_FALSE(CheckName(Encode(end)).ok());
  }
}

// White_Space of Unicode 15's PropList.txt that is not refused for itself.
TEST(NameOfWhiteSpace, IsRefusedAloneAndTakenInCompany) {
  for (const char32_t c :
       {0x0020, 0x00A0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
        0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x202F, 0x205F, 0x3000}) {
    EXPECT_EQ(CheckName(Encode(c) + " ").message(),
              "got only white space, want at least one other character");
    EXPECT_THAT(CheckName(Encode(c) + "x"), IsOk());
  }
}

TEST(NameWithACredential, IsRefusedWherePeopleWriteSomething) {
  SeededRandom random(5);
  const std::string token(
      token::MintToken("hbx_sa", absl::FromUnixSeconds(1893553445), random)
          .text.Expose());
  const std::string text = "my " + token + "!";
  for (const absl::Status& status :
       {CheckName(text), CheckSubjectName(text), CheckFreeText(text),
        CheckLabels({{"a", text}})}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(status.message(), testing::HasSubstr("a credential"));
    EXPECT_THAT(status.message(), testing::Not(testing::HasSubstr(token)));
  }
}

}  // namespace
}  // namespace signet::domain
