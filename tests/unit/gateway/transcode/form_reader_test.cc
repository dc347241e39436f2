// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/form_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"

namespace signet::transcode {
namespace {

constexpr std::string_view kNames[] = {"token", "hint"};

// The values asked for, or else the faults, one to a line.
std::string Read(std::string_view form) {
  const FormReading reading = ReadForm(form, kNames);
  EXPECT_EQ(reading.values.size(), 2);
  if (reading.faults.empty()) {
    return std::string(reading.values[0].Expose()) + "|" +
           std::string(reading.values[1].Expose());
  }
  std::string out;
  for (const FieldViolation& fault : reading.faults) {
    out += fault.field + ": " + fault.detail + "\n";
  }
  return out;
}

struct FormCase {
  std::string name;
  std::string form;
  std::string want;
};

class Forms : public testing::TestWithParam<FormCase> {};

TEST_P(Forms, GiveWhatIsAskedForOrSayWhatIsWrong) {
  EXPECT_EQ(Read(GetParam().form), GetParam().want);
}

constexpr char kTokenTwice[] = "token: got it more than once, want it once\n";
constexpr char kTokenCoding[] =
    "token: want UTF-8 in percent-encoding (RFC 3986 section 2.1)\n";
constexpr char kBodyCoding[] =
    "(body): want UTF-8 in percent-encoding (RFC 3986 section 2.1)\n";

INSTANTIATE_TEST_SUITE_P(
    Table, Forms,
    testing::Values(
        FormCase{"Nothing", "", "|"}, FormCase{"One", "token=t", "t|"},
        FormCase{"InAnyOrder", "hint=h&token=t", "t|h"},
        FormCase{"Unknown", "x=1&token=t&x=2&Token=u&token2=v", "t|"},
        FormCase{"Escaped", "%74oken=a%2Bb%26%3D&hint=%C3%A9+x", "a+b&=|é x"},
        FormCase{"WithoutAValue", "token&hint=", "|"},
        FormCase{"EmptyPieces", "&&token=t&", "t|"},
        FormCase{"Equals", "token=a==", "a==|"},
        FormCase{"NoSeparatorButTheAmpersand", "token=a;hint=b", "a;hint=b|"},
        FormCase{"NulIsAByte", std::string("token=%00") + "a",
                 std::string("\0a|", 3)},
        FormCase{"Twice", "token=CANARY&token=CANARY", kTokenTwice},
        FormCase{"TwiceEscaped", "token=CANARY&to%6ben=x", kTokenTwice},
        FormCase{"TwiceWithoutAValue", "token=&token=CANARY", kTokenTwice},
        FormCase{"ThriceAndMore", "token=a&hint&token=b&token&hint=c",
                 std::string(kTokenTwice) + kTokenTwice +
                     "hint: got it more than once, want it once\n"},
        FormCase{"NoHex", "token=CANARY%zz", kTokenCoding},
        FormCase{"CutOff", "token=CANARY%2", kTokenCoding},
        FormCase{"NoUtf8", "token=CANARY%FF", kTokenCoding},
        FormCase{"RawNoUtf8", "token=CANARY\xC3", kTokenCoding},
        FormCase{"CodingElsewhere", "token=t&CANARY=%", kBodyCoding},
        FormCase{"CodingOfAName", "%FFCANARY=1&token=t", kBodyCoding}),
    [](const auto& info) { return info.param.name; });

TEST(ReadForm, LeavesNothingBehindButTheValues) {
  constexpr char kSecret[] = "in-a-form-0123456789-in-a-form-0123456789";
  for (const char* before : {"token=", "hint=", "x=", "",
                             "token=1&token=", "token=%zz&hint=", "%FF="}) {
    for (const char* after : {"", "%zz", "%FF", "=1", "&token=x"}) {
      std::string form(before);
      form.append(kSecret).append(after);
      const FreedMemoryWatch watch(kSecret);
      { const FormReading reading = ReadForm(form, kNames); }
      EXPECT_EQ(watch.count(), 0) << before << after;
    }
  }
}

}  // namespace
}  // namespace signet::transcode
