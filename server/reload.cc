// SPDX-License-Identifier: Apache-2.0
#include "server/reload.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/config/flag_table.h"
#include "server/config/flags.h"

namespace signet::server {
namespace {

// The flags that have another value than what runs, as `--a, --b`; or what is
// wrong.
absl::StatusOr<std::string> ChangedFlags(const StartedWith& started) {
  const std::string& path = started.config.flagfile;
  if (path.empty()) return std::string();  // Nothing else can change.
  // Of a pipe nothing is left, or opening it would wait for a writer.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return config::FlagError(
        "flagfile", absl::StrCat(path, ": want a regular file to read again"));
  }
  const absl::StatusOr<config::Invocation> now =
      config::ParseFlags(started.arguments, started.environment);
  if (!now.ok()) return now.status();
  if (absl::Status s = now->config.Validate(); !s.ok()) return s;
  std::string changed;
  for (const config::Flag& flag : config::AllFlags()) {
    if (config::SameFlag(flag, now->config, started.config)) continue;
    absl::StrAppend(&changed, changed.empty() ? "--" : ", --",
                    std::string(flag.name));
  }
  return changed;
}

}  // namespace

void Reload(const StartedWith& started, App& app, Logger& logger) {
  const bool loaded = app.Reload();
  const absl::StatusOr<std::string> changed = ChangedFlags(started);
  const std::string names = changed.value_or("");
  const std::string fault(changed.status().message());
  logger.Log(
      names.empty() && fault.empty() ? LogLevel::kInfo : LogLevel::kWarning,
      "reloaded",
      {{"loaded", loaded ? "issuer keys" : "nothing"},
       {"restart_needed_for", names},
       {"flagfile_fault", fault}});
}

}  // namespace signet::server
