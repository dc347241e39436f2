// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OPEN_STORE_H_
#define SIGNET_SERVER_OPEN_STORE_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/random.h"
#include "crypto/mac_keyring.h"
#include "server/config/config.h"
#include "storage/store.h"

namespace signet::server {

// The store that `config` asks for. `logger` is borrowed and outlives it.
//   FLAG_INVALID: an option does not suit the engine.
//   DATABASE_REFUSED: the database must not be opened as it is, or is missing
//     while there are token keys, and --accept_new_database is not given.
//   Otherwise as the engine says.
// `on_checkpoint` may be null. It is called on the engine's thread when much
// has been written since it was last; it must not block.
absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(
    const config::ServerConfig& config, Logger* logger,
    absl::AnyInvocable<void()> on_checkpoint = nullptr);

// What is made of rows that no server can have written, where they are met
// while a database is opened.
enum class MalformedRows {
  kRefused,  // The database is not opened.
  kLeft,     // It is, for who will report them or mend them.
};

// What belongs to a database that a server has made.
struct ExistingStore {
  std::unique_ptr<crypto::MacKeyring> keyring;
  std::unique_ptr<storage::Store> store;
};

// Opens what a server has made, and makes nothing: where its keys or its
// database are missing, nothing is touched. `random` is not kept.
//   FLAG_INVALID: --token_keys_file cannot be read, or there is no database in
//     --data_dir. Otherwise as OpenStore.
absl::StatusOr<ExistingStore> OpenExistingStore(
    const config::ServerConfig& config, RandomSource& random, Logger* logger,
    MalformedRows malformed_rows = MalformedRows::kRefused);

// Calls `report` with a name for each row of the database in --data_dir that no
// server can have written; the engine says how it names them. This process may
// have the database open.
//   DATA_LOSS: it is damaged; what was reported stands.
absl::Status ReportMalformedRows(
    const config::ServerConfig& config,
    absl::FunctionRef<void(const std::string& row)> report);

}  // namespace signet::server

#endif  // SIGNET_SERVER_OPEN_STORE_H_
