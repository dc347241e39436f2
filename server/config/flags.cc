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

absl::Status Apply(const Source& source, FlagTable& table) {
  const absl::Status status = table.Parse(source.arguments);
  if (status.ok() || source.description.empty()) return status;
  return MakeError(status.code(),
                   absl::StrCat(std::string(status.message()), " (in ",
                                source.description, ")"),
                   GetErrorDetail(status));
}

Source ReadEnvironment(const std::vector<std::string>& environment,
                       const FlagTable& table,
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
    if (variable != absl::StrCat("SIGNET_", absl::AsciiStrToUpper(name)) ||
        !table.Has(name)) {
      if (std::ranges::find(kClientVariables, variable) ==
          std::end(kClientVariables)) {
        unknown.push_back(variable);
      }
      continue;
    }
    if (value.empty()) continue;
    if (!table.IsList(name)) {
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
  std::string flagfile;
  FlagTable table(&invocation.config, &flagfile, &invocation.text);
  const Source variables =
      ReadEnvironment(environment, table, invocation.unknown_variables);
  const Source command_line = {"", arguments};

  // Once to learn the flagfile, which the two strongest sources can name; then
  // from the weakest to the strongest, over fresh defaults.
  for (const Source& source : {variables, command_line}) {
    if (absl::Status status = Apply(source, table); !status.ok()) return status;
  }
  if (!invocation.text.empty() || flagfile.empty()) return invocation;
  invocation.config = ServerConfig();
  const absl::StatusOr<Source> file = ReadFlagfile(flagfile);
  if (!file.ok()) return file.status();
  for (const Source& source : {*file, variables, command_line}) {
    if (absl::Status status = Apply(source, table); !status.ok()) return status;
  }
  return invocation;
}

}  // namespace signet::config
