// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"

namespace signet {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `count` digits off the front of `text`.
std::optional<int> TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

// Takes one character that is among `choices`.
bool TakeOneOf(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == choices.npos) return false;
  text.remove_prefix(1);
  return true;
}

// `2030-01-02T03:04:05`; no such second exists: nullopt.
std::optional<absl::CivilSecond> TakeDateTime(std::string_view& text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeOneOf(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeOneOf(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !TakeOneOf(text, "Tt")) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeOneOf(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeOneOf(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second) return std::nullopt;
  // CivilSecond carries what is out of range (February 30th, 24:00, second 60)
  // into the next field, so a carry betrays it.
  const absl::CivilSecond civil(*year, *month, *day, *hour, *minute, *second);
  if (civil.year() != *year || civil.month() != *month || civil.day() != *day ||
      civil.hour() != *hour || civil.minute() != *minute ||
      civil.second() != *second) {
    return std::nullopt;
  }
  return civil;
}

// Nothing, or a point and one to nine digits.
std::optional<absl::Duration> TakeFraction(std::string_view& text) {
  if (!TakeOneOf(text, ".")) return absl::ZeroDuration();
  int64_t nanos = 0;
  int64_t unit = 1'000'000'000;
  while (!text.empty() && IsDigit(text.front())) {
    unit /= 10;
    if (unit == 0) return std::nullopt;
    nanos += unit * (text.front() - '0');
    text.remove_prefix(1);
  }
  if (unit == 1'000'000'000) return std::nullopt;
  return absl::Nanoseconds(nanos);
}

// `Z`, `+hh:mm` or `-hh:mm`: how far local time is ahead of UTC.
std::optional<absl::Duration> TakeOffset(std::string_view& text) {
  if (TakeOneOf(text, "Zz")) return absl::ZeroDuration();
  const bool behind = !text.empty() && text.front() == '-';
  if (!TakeOneOf(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  if (!hours || *hours > 23 || !TakeOneOf(text, ":")) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const absl::Duration offset = absl::Hours(*hours) + absl::Minutes(*minutes);
  return behind ? -offset : offset;
}

}  // namespace

absl::Time MinTimestamp() { return absl::FromUnixSeconds(-62'135'596'800); }

absl::Time MaxTimestamp() {
  return absl::FromUnixSeconds(253'402'300'799) +
         absl::Nanoseconds(999'999'999);
}

absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text) {
  const auto malformed = [] {
    return absl::InvalidArgumentError(
        "want an RFC 3339 date and time with an offset, such as "
        "2030-01-02T03:04:05Z");
  };
  const auto civil = TakeDateTime(text);
  if (!civil) return malformed();
  const auto fraction = TakeFraction(text);
  if (!fraction) return malformed();
  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return malformed();

  const absl::Time time =
      absl::FromCivil(*civil, absl::UTCTimeZone()) + *fraction - *offset;
  if (time < MinTimestamp() || time > MaxTimestamp()) {
    return absl::InvalidArgumentError("want a year of 0001 to 9999 in UTC");
  }
  return time;
}

std::string FormatRfc3339(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);  // Floors.
  const int64_t nanos =
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds));
  const absl::CivilSecond civil =
      absl::ToCivilSecond(time, absl::UTCTimeZone());
  std::string text = absl::StrFormat(
      "%04d-%02d-%02dT%02d:%02d:%02d", civil.year(), civil.month(), civil.day(),
      civil.hour(), civil.minute(), civil.second());
  if (nanos % 1'000 != 0) {
    absl::StrAppendFormat(&text, ".%09d", nanos);
  } else if (nanos % 1'000'000 != 0) {
    absl::StrAppendFormat(&text, ".%06d", nanos / 1'000);
  } else if (nanos != 0) {
    absl::StrAppendFormat(&text, ".%03d", nanos / 1'000'000);
  }
  text.push_back('Z');
  return text;
}

}  // namespace signet
