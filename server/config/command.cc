// SPDX-License-Identifier: Apache-2.0
#include "server/config/command.h"

#include <algorithm>

namespace signet::config {
namespace {

constexpr CommandInfo kCommands[] = {
    {Command::kServe, "serve", "", "", "", false,
     "gRPC and REST on a database of its own; also what happens without a "
     "command."},
    {Command::kGateway, "gateway", "", "mode", "gateway", false,
     "REST alone, for the server at --grpc_target."},
    {Command::kCheck, "check", "", "verify_audit", "true", true,
     "Check all audit logs, seals, and rows against both: exit code 0 if all "
     "is whole, 1 if not, 3 while a server has the database."},
    {Command::kIssueSuperAdmin, "issue-super-admin", "", "issue_super_admin",
     "true", true,
     "Make a service account that may do everything everywhere, and print it "
     "with its token as JSON. --bootstrap_account_id names its account."},
    {Command::kSetTimeMark, "set-time-mark", "TIME", "set_time_mark", "", true,
     "Set the mark of time, which expiry is judged by where the clock is "
     "behind it, to a time in RFC 3339 or to `now`."},
    {Command::kBackup, "backup", "FILE", "backup", "", true,
     "Write a verified copy of the database to a new file, while a server runs "
     "or not."},
    {Command::kSealDatabase, "seal-database", "", "seal_database", "true", true,
     "Seal, once, a database that an older release wrote, and print its owners "
     "and super_admins as JSON."},
    {Command::kHelp, "help", "", "", "", false,
     "Tell about a command: signetd help [COMMAND]."},
    {Command::kVersion, "version", "", "", "", false, "Print the version."},
};

}  // namespace

std::span<const CommandInfo> AllCommands() { return kCommands; }

const CommandInfo& InfoOf(Command command) {
  return *std::ranges::find(kCommands, command, &CommandInfo::command);
}

const CommandInfo* FindCommand(std::string_view name) {
  const auto* const found =
      std::ranges::find(kCommands, name, &CommandInfo::name);
  return found == std::end(kCommands) ? nullptr : found;
}

}  // namespace signet::config
