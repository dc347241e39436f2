// SPDX-License-Identifier: Apache-2.0
#include "server/config/config.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_sync.h"
#include "server/config/flag_table.h"

namespace signet::config {
namespace {

const ServerConfig& Unset() {
  static const auto& unset = *new ServerConfig;
  return unset;
}

bool IsGiven(std::string_view flag, const ServerConfig& config) {
  return !SameFlag(*FindFlag(flag), config, Unset());
}

// The rules of single values, and that no flag is given which means nothing in
// this mode and would silently be ignored.
absl::Status CheckEachFlag(const ServerConfig& config) {
  const bool gateway = config.mode == ServerMode::kGateway;
  const Command command = gateway ? Command::kGateway : Command::kServe;
  for (const Flag& flag : AllFlags()) {
    if (!flag.commands.Has(command)) continue;
    if (absl::Status s = CheckFlag(flag, config); !s.ok()) return s;
  }
  for (const Flag& flag : AllFlags()) {
    if (flag.commands.Has(command) || SameFlag(flag, config, Unset())) continue;
    return FlagError(
        flag.name,
        gateway ? "want none with --mode=gateway: the gRPC server decides it"
                : "want --mode=gateway with it");
  }
  return absl::OkStatus();
}

absl::Status CheckDataDir(const ServerConfig& config) {
  if (config.data_dir.empty() && (config.storage == StorageEngine::kSqlite ||
                                  config.token_keys_file.empty())) {
    return FlagError("data_dir", "got none, want a directory");
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const ServerConfig& config) {
  if (config.default_token_ttl && config.max_token_ttl &&
      *config.default_token_ttl > *config.max_token_ttl) {
    return FlagError(
        "default_token_ttl",
        absl::StrCat("got ", absl::FormatDuration(*config.default_token_ttl),
                     ", want at most --max_token_ttl, which is ",
                     absl::FormatDuration(*config.max_token_ttl)));
  }
  // A service account that ends with its current token may have replaced ones
  // that still live.
  if (config.purge_after &&
      *config.purge_after <
          config.max_rotation_overlap.value_or(absl::ZeroDuration())) {
    return FlagError(
        "purge_after",
        absl::StrCat("got ", absl::FormatDuration(*config.purge_after),
                     ", want at least --max_rotation_overlap, which is ",
                     absl::FormatDuration(*config.max_rotation_overlap)));
  }
  return absl::OkStatus();
}

// What is done in place of serving: one thing at most.
absl::Status CheckErrands(const ServerConfig& config) {
  if (config.into_existing_account &&
      (!config.issue_super_admin || config.bootstrap_account_id.empty())) {
    return FlagError("into_existing_account",
                     "want it with --issue_super_admin and "
                     "--bootstrap_account_id");
  }
  std::string_view errand;
  for (const CommandInfo& info : AllCommands()) {
    if (!info.errand || !IsGiven(info.flag, config)) continue;
    if (!errand.empty()) {
      return FlagError(info.flag,
                       absl::StrCat("want it without --", std::string(errand)));
    }
    errand = info.flag;
  }
  if (!errand.empty() && config.storage == StorageEngine::kMemory) {
    return FlagError(errand, "want --storage=sqlite with it");
  }
  for (const std::string_view flag :
       {"audit_head_file", "accept_new_database"}) {
    if (IsGiven(flag, config) && config.storage == StorageEngine::kMemory) {
      return FlagError(flag, "want --storage=sqlite with it");
    }
  }
  return absl::OkStatus();
}

// However it is written. Links are not followed.
std::filesystem::path Normal(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal();
}

// Whether the file is, or may come to be, one that the server keeps for itself.
bool IsServersOwn(const ServerConfig& config,
                  const std::filesystem::path& path) {
  if (path == Normal(config.TokenKeysPath()) ||
      path == Normal(config.AuditHeadPath())) {
    return true;
  }
  const std::string name = path.filename().string();
  return path == Normal(absl::StrCat(config.data_dir, "/", name)) &&
         (name.starts_with("signet.db") || name == "signet.lock" ||
          name == "signet.reserve");
}

// What flags have the server write must be files of their own.
absl::Status CheckWrittenFiles(const ServerConfig& config) {
  for (const auto& [flag, file] :
       {std::pair{"bootstrap_file", &config.bootstrap_file},
        std::pair{"port_file", &config.port_file},
        std::pair{"backup", &config.backup}}) {
    if (!file->empty() && IsServersOwn(config, Normal(*file))) {
      return FlagError(flag, absl::StrCat("got ", *file,
                                          ", which is a file that the server "
                                          "keeps for itself, want another"));
    }
  }
  if (!config.bootstrap_file.empty() &&
      Normal(config.bootstrap_file) == Normal(config.port_file)) {
    return FlagError("bootstrap_file",
                     "got the same file as --port_file, want another");
  }
  return absl::OkStatus();
}

}  // namespace

std::string ServerConfig::TokenKeysPath() const {
  if (!token_keys_file.empty()) return token_keys_file;
  return absl::StrCat(data_dir, "/token_keys");
}

std::string ServerConfig::AuditHeadPath() const {
  if (!audit_head_file.empty()) return audit_head_file;
  return absl::StrCat(FolderOf(TokenKeysPath()), "/audit_head");
}

std::string ServerConfig::ResourceMetadataUrl() const {
  if (public_url.empty()) return std::string();
  return absl::StrCat(public_url, "/.well-known/oauth-protected-resource");
}

absl::Status ServerConfig::Validate() const {
  if (absl::Status s = CheckEachFlag(*this); !s.ok()) return s;
  if (mode == ServerMode::kGateway) return absl::OkStatus();
  for (const auto check :
       {&CheckDataDir, &CheckTimes, &CheckErrands, &CheckWrittenFiles}) {
    if (absl::Status s = check(*this); !s.ok()) return s;
  }
  return oauth.Validate();
}

Command ServerConfig::command() const {
  for (const CommandInfo& info : AllCommands()) {
    if (info.errand && IsGiven(info.flag, *this)) return info.command;
  }
  return mode == ServerMode::kGateway ? Command::kGateway : Command::kServe;
}

absl::Status FlagError(std::string_view flag, std::string_view detail) {
  std::string message = "--";
  message.append(flag).append(": ").append(detail);
  return MakeError(absl::StatusCode::kInvalidArgument, message,
                   {.reason = "FLAG_INVALID"});
}

absl::Status ListenError(std::string_view flag, const std::string& address,
                         const absl::Status& cause) {
  return MakeError(cause.code(),
                   absl::StrCat("--", std::string(flag), "=", address, ": ",
                                std::string(cause.message())),
                   {.reason = "LISTEN_FAILED"});
}

}  // namespace signet::config
