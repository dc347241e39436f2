// SPDX-License-Identifier: Apache-2.0
#include "server/config/flag_parser.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/version.h"
#include "server/config/flag_table.h"

namespace signet::config {
namespace {

constexpr char kFooter[] =
    "Each flag can also be given as SIGNET_NAME in the environment, or as a "
    "line\n"
    "name=value in the flagfile. The command line wins over the environment, "
    "and\n"
    "that over the flagfile. A DURATION is 90s, 12h, 30d, or 0 for none.\n"
    "Exit codes: 0 after a drained stop, 1 failure, 2 a bad flag or file, 3 a\n"
    "database that is damaged, must not be opened, or whose files were changed "
    "by\n"
    "somebody else while the server ran.";

// What a command does, and of kServe also which others there are.
std::string Description(const CommandInfo& about) {
  if (about.command != Command::kServe) return std::string(about.help);
  std::string text =
      "Issues service accounts and API tokens over gRPC and REST.\n\n"
      "Commands (`signetd help COMMAND` tells what each takes):\n";
  for (const CommandInfo& info : AllCommands()) {
    std::string form(info.name);
    if (!info.operand.empty()) {
      absl::StrAppend(&form, " ", std::string(info.operand));
    }
    form.resize(std::max<size_t>(form.size(), 18), ' ');
    absl::StrAppend(&text, "  ", form, "  ", std::string(info.help), "\n");
  }
  return text;
}

std::string Name(const CommandInfo& about) {
  if (about.command == Command::kServe) return "signetd [serve]";
  return absl::StrCat("signetd ", std::string(about.name));
}

// What the library throws is told by Parse.
void SetOrThrow(const Flag& flag, const std::vector<std::string>& values,
                ServerConfig& config) {
  if (const absl::Status s = SetFlag(flag, values, config); !s.ok()) {
    throw CLI::RuntimeError(std::string(s.message()), 1);
  }
}

}  // namespace

class FlagParser::Impl {
 public:
  Impl(Command command, ServerConfig* config);

  absl::Status Parse(std::vector<std::string> arguments);
  absl::Status CheckTaken(const std::vector<std::string>& arguments) const;
  bool Has(const std::string& name) const {
    return app_.get_option_no_throw("--" + name) != nullptr;
  }
  std::string text() const;
  std::string Help() const { return app_.help(); }

 private:
  bool Takes(const Flag& flag) const;
  void Add(const Flag& flag);
  void AddOperand();
  absl::Status CheckGivenOnce(const std::vector<std::string>& arguments) const;

  const CommandInfo& command_;
  ServerConfig* const config_;
  bool help_ = false;
  bool version_ = false;
  CLI::App app_;
};

FlagParser::Impl::Impl(Command command, ServerConfig* config)
    : command_(InfoOf(command)),
      config_(config),
      app_(Description(command_), Name(command_)) {
  app_.set_help_flag();
  app_.allow_extras();
  app_.get_formatter()->column_width(36);
  app_.footer(kFooter);
  app_.add_flag("--help,-h", help_, "Print this and exit.")->group("Process");
  app_.add_flag("--version", version_, "Print the version and exit.")
      ->group("Process");
  if (!command_.operand.empty()) AddOperand();
  for (const Flag& flag : AllFlags()) Add(flag);
}

bool FlagParser::Impl::Takes(const Flag& flag) const {
  return command_.command == Command::kServe ||
         (flag.commands.Has(command_.command) && flag.name != command_.flag);
}

void FlagParser::Impl::AddOperand() {
  const Flag& flag = *FindFlag(command_.flag);
  app_.add_option_function<std::string>(
          std::string(command_.operand),
          [this, &flag](const std::string& value) {
            SetOrThrow(flag, {value}, *config_);
          },
          "Required.")
      ->type_name("");
}

void FlagParser::Impl::Add(const Flag& flag) {
  const std::string name = absl::StrCat("--", std::string(flag.name));
  std::string help(flag.help);
  if (const std::string range = RangeText(flag); !range.empty()) {
    absl::StrAppend(&help, " ", range, ".");
  }
  absl::StrAppend(&help, " Default: ", DefaultText(flag), ".");
  CLI::Option* option = nullptr;
  if (IsList(flag)) {
    option = app_.add_option_function<std::vector<std::string>>(
        name,
        [this, &flag](const std::vector<std::string>& values) {
          SetOrThrow(flag, values, *config_);
        },
        help);
    option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    option = app_.add_option_function<std::string>(
        name,
        [this, &flag](const std::string& value) {
          SetOrThrow(flag, {value}, *config_);
        },
        help);
    option->take_last();
  }
  option->type_name(std::string(TypeText(flag)));
  if (IsSwitch(flag)) option->expected(0, 1);
  // Those without a group are not in the help.
  option->group(Takes(flag) ? std::string(flag.group) : "");
}

// That one of two values wins would go unnoticed.
absl::Status FlagParser::Impl::CheckGivenOnce(
    const std::vector<std::string>& arguments) const {
  std::set<std::string> given;
  for (const std::string& argument : arguments) {
    const std::string flag = argument.substr(0, argument.find('='));
    if (!flag.starts_with("--") || app_.get_option_no_throw(flag) == nullptr) {
      continue;
    }
    const std::string name = flag.substr(2);
    const Flag* const row = FindFlag(name);
    const bool is_list = row != nullptr && IsList(*row);
    if (!is_list && !given.insert(name).second) {
      return FlagError(name, "got it more than once, want it once");
    }
  }
  return absl::OkStatus();
}

absl::Status FlagParser::Impl::CheckTaken(
    const std::vector<std::string>& arguments) const {
  for (const std::string& argument : arguments) {
    if (!argument.starts_with("--")) continue;
    const Flag* const flag =
        FindFlag(argument.substr(2, argument.find('=') - 2));
    if (flag == nullptr || Takes(*flag)) continue;
    return FlagError(
        flag->name,
        absl::StrCat("want none with the command ", std::string(command_.name),
                     ", to which it means nothing; signetd help ",
                     std::string(command_.name), " lists what it takes"));
  }
  return absl::OkStatus();
}

absl::Status FlagParser::Impl::Parse(std::vector<std::string> arguments) {
  // CLI11 would take the argument that follows `--name=` as the value.
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with("--") &&
        arguments[i].find('=') == arguments[i].size() - 1) {
      arguments[i].pop_back();
      arguments.insert(arguments.begin() + static_cast<ptrdiff_t>(i) + 1, "");
    }
  }
  if (absl::Status status = CheckGivenOnce(arguments); !status.ok()) {
    return status;
  }
  std::reverse(arguments.begin(), arguments.end());  // It reads from the back.
  try {
    app_.parse(arguments);
  } catch (const CLI::Error& error) {
    // What it says begins with the flag, here and in its own complaints.
    const std::string message = error.what();
    const size_t end = message.find(": ");
    if (!message.starts_with("--") || end == std::string::npos) {
      return FlagError("help", message);
    }
    return FlagError(message.substr(2, end - 2), message.substr(end + 2));
  }
  if (const std::vector<std::string> rest = app_.remaining(); !rest.empty()) {
    // Only the name is echoed: the value may be a secret that went astray.
    const std::string& first = rest.front();
    if (!first.starts_with("--") || first.size() == 2) {
      return MakeError(absl::StatusCode::kInvalidArgument,
                       "got an argument that is not a flag; flags are written "
                       "--name=value, --help lists them",
                       {.reason = "FLAG_INVALID"});
    }
    return FlagError(first.substr(2, first.find('=') - 2),
                     "no such flag; --help lists them");
  }
  return absl::OkStatus();
}

std::string FlagParser::Impl::text() const {
  if (version_ || command_.command == Command::kVersion) {
    return absl::StrCat("signetd ", kVersion, "\n");
  }
  return help_ ? Help() : "";
}

FlagParser::FlagParser(Command command, ServerConfig* config)
    : impl_(std::make_unique<Impl>(command, config)) {}

FlagParser::~FlagParser() = default;

absl::Status FlagParser::Parse(std::vector<std::string> arguments) {
  return impl_->Parse(std::move(arguments));
}

absl::Status FlagParser::ParseCommandLine(std::vector<std::string> arguments) {
  if (absl::Status s = impl_->CheckTaken(arguments); !s.ok()) return s;
  return impl_->Parse(std::move(arguments));
}

bool FlagParser::Has(const std::string& name) const { return impl_->Has(name); }

std::string FlagParser::text() const { return impl_->text(); }

std::string FlagParser::Help() const { return impl_->Help(); }

}  // namespace signet::config
