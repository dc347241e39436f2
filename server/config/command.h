// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_COMMAND_H_
#define SIGNET_SERVER_CONFIG_COMMAND_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace signet::config {

// What the process can be told to do.
enum class Command {
  kServe,  // The default.
  kGateway,
  kCheck,
  kIssueSuperAdmin,
  kSetTimeMark,
  kBackup,
  kSealDatabase,
  kHelp,
  kVersion,
};

// One row of the table of commands. All views are of literals.
struct CommandInfo {
  Command command;
  std::string_view name;     // The first argument of the process.
  std::string_view operand;  // What must follow the name; empty: nothing.

  // The flag that says the same as the command, and with which value; without
  // one the operand is the value. Empty: there is no such flag.
  std::string_view flag;
  std::string_view flag_value;

  bool errand;  // Does one thing, in place of serving, and ends.
  std::string_view help;
};

// The table of commands.
std::span<const CommandInfo> AllCommands();

// The row of `command`.
const CommandInfo& InfoOf(Command command);

// The row with this name; null: there is none.
const CommandInfo* FindCommand(std::string_view name);

// Several commands.
class CommandSet {
 public:
  template <typename... Commands>
  constexpr explicit CommandSet(Commands... commands)
      : bits_((uint32_t{0} | ... |
               (uint32_t{1} << static_cast<int>(commands)))) {}

  constexpr bool Has(Command command) const {
    return (bits_ >> static_cast<int>(command) & 1) != 0;
  }

 private:
  uint32_t bits_;
};

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_COMMAND_H_
