// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/options.h"

#include <cerrno>  // program_invocation_short_name
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace signet {

BenchOptions ReadBenchOptions(int argc, char** argv, BenchOptions options,
                              const std::string& count_name, int* count) {
  bool good = true;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    // What follows `name`=, if the argument is that.
    const auto value = [&argument](const std::string& name) {
      const std::string start = absl::StrCat("--", name, "=");
      return argument.starts_with(start)
                 ? std::optional(argument.substr(start.size()))
                 : std::nullopt;
    };
    if (const auto rounds = value("rounds")) {
      good &= absl::SimpleAtoi(*rounds, &options.rounds) && options.rounds > 0;
    } else if (const auto seconds = value("seconds")) {
      good &=
          absl::SimpleAtod(*seconds, &options.seconds) && options.seconds > 0;
    } else if (const auto directory = value("dir")) {
      options.directory = *directory;
    } else if (const auto own = value(count_name); own && count != nullptr) {
      good &= absl::SimpleAtoi(*own, count) && *count > 0;
    } else if (argument == "--enforce") {
      options.enforce = true;
    } else if (!argument.starts_with("-")) {
      options.signetd = argument;
    } else {
      good = false;
    }
  }
  if (good) return options;
  const std::string own =
      count == nullptr ? "" : absl::StrCat(" [--", count_name, "=N]");
  std::fprintf(stderr,
               "usage: %s [SIGNETD]%s [--rounds=N] [--seconds=S] [--dir=DIR] "
               "[--enforce]\n",
               program_invocation_short_name, own.c_str());
  std::exit(2);
}

void Die(const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name,
               status.ToString().c_str());
  std::exit(2);
}

}  // namespace signet
