// SPDX-License-Identifier: Apache-2.0
#include "server/back_up.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "server/open_store.h"
#include "storage/sqlite/database_copy.h"

namespace signet::server {
namespace {

// For what another process locks for a moment, as a server does at its start.
constexpr absl::Duration kLockWait = absl::Seconds(5);

}  // namespace

absl::Status BackUp(const config::ServerConfig& config,
                    const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<sqlite::DatabaseCopy> copy =
      sqlite::BackUpDirectory(config.data_dir, config.backup, kLockWait);
  const std::string fault(copy.status().message());
  if (absl::IsAlreadyExists(copy.status()))
    return config::FlagError("backup", fault);
  if (absl::IsPermissionDenied(copy.status()))
    return config::FlagError("backup", fault);
  if (absl::IsNotFound(copy.status()))
    return config::FlagError("data_dir", fault);
  if (absl::IsFailedPrecondition(copy.status()) ||
      absl::IsDataLoss(copy.status())) {
    return DatabaseRefused(fault);
  }
  if (!copy.ok()) return copy.status();
  return environment.show(absl::StrCat(config.backup, ": ", copy->bytes,
                                       " bytes, schema version ",
                                       copy->schema_version, "\n"));
}

}  // namespace signet::server
