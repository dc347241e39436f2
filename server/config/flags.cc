// SPDX-License-Identifier: Apache-2.0
#include "server/config/flags.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "server/config/command.h"
#include "server/config/flag_parser.h"
#include "server/config/flag_table.h"

namespace signet::config {
namespace {

constexpr std::string_view kVariablePrefix = "SIGNET_";

// The variables that clients of this service use, not the server.
constexpr std::string_view kClientVariables[] = {"SIGNET_TOKEN"};

// The flags of one source as arguments, and where they stood.
struct Source {
  std::string description;  // Empty: the command line.
  std::vector<std::string> arguments;
};

absl::Status Apply(const Source& source, FlagParser& parser) {
  if (source.description.empty()) {
    return parser.ParseCommandLine(source.arguments);
  }
  const absl::Status status = parser.Parse(source.arguments);
  if (status.ok()) return status;
  return MakeError(status.code(),
                   absl::StrCat(std::string(status.message()), " (in ",
                                source.description, ")"),
                   GetErrorDetail(status));
}

absl::Status CommandError(std::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, message,
                   {.reason = "FLAG_INVALID"});
}

// The name may be a secret that went astray: it is not repeated.
absl::Status UnknownCommand() {
  std::string names;
  for (const CommandInfo& info : AllCommands()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(info.name));
  }
  return CommandError(
      absl::StrCat("got a command that does not exist, want one of ", names,
                   "; signetd help tells about them"));
}

// `topic`: what follows the word help.
absl::StatusOr<std::string> HelpAbout(const std::vector<std::string>& topic) {
  if (topic.size() > 1) return UnknownCommand();
  const CommandInfo* about = &InfoOf(Command::kServe);
  if (!topic.empty()) about = FindCommand(topic.front());
  if (about == nullptr) return UnknownCommand();
  if (about->command == Command::kHelp) about = &InfoOf(Command::kServe);
  ServerConfig unused;
  return FlagParser(about->command, &unused).Help();
}

// What the command line alone decides.
absl::Status ApplyCommand(const CommandInfo& command, ServerConfig& config) {
  if (command.flag.empty()) return absl::OkStatus();
  const Flag& flag = *FindFlag(command.flag);
  if (command.operand.empty()) {
    return SetFlag(flag, {std::string(command.flag_value)}, config);
  }
  if (!SameFlag(flag, config, ServerConfig())) return absl::OkStatus();
  const std::string name(command.name);
  const std::string operand(command.operand);
  return CommandError(absl::StrCat(name, ": got no ", operand,
                                   ", want signetd ", name, " ", operand));
}

Source ReadEnvironment(const std::vector<std::string>& environment,
                       const FlagParser& parser,
                       std::vector<std::string>& unknown) {
  Source source = {"the environment", {}};
  for (const std::string& line : environment) {
    const size_t equals = line.find('=');
    if (!line.starts_with(kVariablePrefix) || equals == std::string::npos) {
      continue;
    }
    const std::string variable = line.substr(0, equals);
    const std::string value = line.substr(equals + 1);
    const std::string name =
        absl::AsciiStrToLower(variable.substr(kVariablePrefix.size()));
    const Flag* const flag = FindFlag(name);
    if (variable != absl::StrCat("SIGNET_", absl::AsciiStrToUpper(name)) ||
        !parser.Has(name)) {
      if (std::ranges::find(kClientVariables, variable) ==
          std::end(kClientVariables)) {
        unknown.push_back(variable);
      }
      continue;
    }
    if (value.empty()) continue;
    if (flag == nullptr || !IsList(*flag)) {
      source.arguments.push_back(absl::StrCat("--", name, "=", value));
      continue;
    }
    for (const absl::string_view item : absl::StrSplit(value, ',')) {
      source.arguments.push_back(absl::StrCat("--", name, "=", item));
    }
  }
  return source;
}

absl::StatusOr<Source> ReadFlagfile(const std::string& path) {
  Source source = {path, {}};
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string text(absl::StripAsciiWhitespace(line));
    if (text.empty() || text.starts_with('#')) continue;
    const std::string flag = text.starts_with("--") ? text.substr(2) : text;
    const std::string name = flag.substr(0, flag.find('='));
    const std::string where = absl::StrCat(path, " line ", number);
    if (name.size() == flag.size() || name.find(' ') != std::string::npos) {
      return FlagError("flagfile",
                       absl::StrCat(where, ": want name=value or a comment"));
    }
    if (name == "flagfile") {
      return FlagError("flagfile",
                       absl::StrCat(where, ": want no further flagfile"));
    }
    if (absl::StrContains(flag, " #") || absl::StrContains(flag, "\t#")) {
      return FlagError(
          "flagfile",
          absl::StrCat(where, ": want a comment on a line of its own"));
    }
    source.arguments.push_back("--" + flag);
  }
  // A directory opens well but cannot be read.
  if (!file.eof()) {
    return FlagError("flagfile", absl::StrCat("cannot read ", path));
  }
  return source;
}

}  // namespace

absl::StatusOr<Invocation> ParseFlags(
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& environment) {
  Invocation invocation;
  ServerConfig& config = invocation.config;
  const CommandInfo* command = &InfoOf(Command::kServe);
  Source command_line = {"", arguments};
  if (!arguments.empty() && !arguments.front().starts_with('-')) {
    command = FindCommand(arguments.front());
    if (command == nullptr) return UnknownCommand();
    command_line.arguments.erase(command_line.arguments.begin());
  }
  if (command->command == Command::kHelp) {
    absl::StatusOr<std::string> help = HelpAbout(command_line.arguments);
    if (!help.ok()) return help.status();
    invocation.text = *std::move(help);
    return invocation;
  }
  FlagParser parser(command->command, &config);
  const Source variables =
      ReadEnvironment(environment, parser, invocation.unknown_variables);

  // Once to learn the flagfile, which the two strongest sources can name; then
  // from the weakest to the strongest, over fresh defaults.
  for (const Source& source : {variables, command_line}) {
    if (absl::Status s = Apply(source, parser); !s.ok()) return s;
  }
  invocation.text = parser.text();
  if (!invocation.text.empty()) return invocation;
  if (!config.flagfile.empty()) {
    const absl::StatusOr<Source> file = ReadFlagfile(config.flagfile);
    if (!file.ok()) return file.status();
    config = ServerConfig();
    for (const Source& source : {*file, variables, command_line}) {
      if (absl::Status s = Apply(source, parser); !s.ok()) return s;
    }
  }
  if (absl::Status s = ApplyCommand(*command, config); !s.ok()) return s;
  return invocation;
}

}  // namespace signet::config
