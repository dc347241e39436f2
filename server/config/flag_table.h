// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_FLAG_TABLE_H_
#define SIGNET_SERVER_CONFIG_FLAG_TABLE_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/config/command.h"
#include "server/config/config.h"
#include "server/oauth/oauth_options.h"

namespace signet::config {

// A member of ServerConfig, or of its OAuth options.
template <typename T>
class Member {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a row names the member alone.
  constexpr Member(T ServerConfig::*member) : own_(member) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Member(T oauth::OauthOptions::*member) : oauth_(member) {}

  const T& In(const ServerConfig& config) const {
    return own_ != nullptr ? config.*own_ : config.oauth.*oauth_;
  }
  T& In(ServerConfig& config) const {
    return own_ != nullptr ? config.*own_ : config.oauth.*oauth_;
  }

 private:
  T ServerConfig::*own_ = nullptr;
  T oauth::OauthOptions::*oauth_ = nullptr;
};

// The kinds of values that flags have. `type` is what --help writes for the
// value.

// What is wrong with a value, for an error's message; empty: nothing.
using TextRule = std::string (*)(const std::string& value);

struct TextValue {
  Member<std::string> member;
  std::string_view type;
  TextRule rule = nullptr;  // Null: any text will do.
  // Whether an empty text, of a variable that is not set perhaps, is refused.
  bool never_empty = false;
};

// Several texts: the flag can be repeated.
struct ListValue {
  Member<std::vector<std::string>> member;
  std::string_view type;
};

struct CountValue {
  Member<int> member;
  int min;
  int max;
  std::string_view unit = {};  // Empty: things are counted.
};

// Absent where the flag says 0.
struct DurationValue {
  Member<std::optional<absl::Duration>> member;
  absl::Duration min = absl::ZeroDuration();
  absl::Duration max = absl::InfiniteDuration();
};

struct SwitchValue {
  Member<bool> member;
};

template <typename T>
struct ChoiceValue {
  Member<T> member;
  std::string_view type;
  std::pair<std::string_view, T> choices[2];
};

// One row of the table of flags. All views are of literals.
struct Flag {
  std::string_view name;   // Without the dashes.
  std::string_view group;  // The heading it stands under in --help.
  std::variant<TextValue, ListValue, CountValue, DurationValue, SwitchValue,
               ChoiceValue<ServerMode>, ChoiceValue<StorageEngine>>
      value;
  CommandSet commands;  // Those that it means something to.
  std::string_view help;
  // In words, where the member's value says it badly. Empty: as the member is.
  std::string_view default_text = {};
};

// The table of flags: every flag of the process but --help and --version.
std::span<const Flag> AllFlags();

// The row with this name; null: there is none.
const Flag* FindFlag(std::string_view name);

// Whether it adds up when repeated.
bool IsList(const Flag& flag);

// Whether it may stand alone, and is on then.
bool IsSwitch(const Flag& flag);

// What --help writes for the value: `HOST:PORT`, `N`.
std::string_view TypeText(const Flag& flag);

// What values it takes, where that is not said by the type; else empty.
std::string RangeText(const Flag& flag);

// What holds where the flag is not given, as --help and the README say it.
std::string DefaultText(const Flag& flag);

// Sets the member. `values` holds one, of a list any number.
//   INVALID_ARGUMENT / FLAG_INVALID: a value is not of the flag's kind; the
//   message is "--flag: got X, want Y".
absl::Status SetFlag(const Flag& flag, const std::vector<std::string>& values,
                     ServerConfig& config);

// Checks the rule of this one value. FLAG_INVALID as ServerConfig::Validate.
absl::Status CheckFlag(const Flag& flag, const ServerConfig& config);

// Whether both have the same value.
bool SameFlag(const Flag& flag, const ServerConfig& one,
              const ServerConfig& other);

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_FLAG_TABLE_H_
