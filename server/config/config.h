// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_CONFIG_H_
#define SIGNET_SERVER_CONFIG_CONFIG_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/config/command.h"
#include "server/oauth/oauth_options.h"

namespace signet::config {

enum class ServerMode {
  kServer,   // gRPC and REST on a store of its own.
  kGateway,  // REST alone, in front of a gRPC server elsewhere.
};

// For ServerConfig::set_time_mark: what the wall clock says.
inline constexpr std::string_view kTimeMarkNow = "now";

enum class StorageEngine { kSqlite, kMemory };

// Everything an operator decides, one member for each flag; what values it
// takes is told by server/config/flag_table.cc. A plain value; its defaults are
// the flags' defaults. Holds no secret: those are in files that it names.
struct ServerConfig {
  std::string flagfile;  // Where more flags came from; empty for none.
  ServerMode mode = ServerMode::kServer;

  // Addresses are HOST:PORT, an IPv6 host in brackets. Port 0: the system
  // picks.
  std::string rest_address = "127.0.0.1:8080";
  std::string grpc_address = "127.0.0.1:9090";
  std::string trusted_grpc_address;  // Empty: there is none.
  std::string grpc_target;           // kGateway: the gRPC server to call.
  // What clients call this server, for what it tells them; empty for nothing.
  std::string public_url;
  std::string port_file;        // Receives the ports; empty for none.
  int max_connections = 10000;  // REST, at once.
  int drain_timeout_ms = 30000;

  std::string data_dir;
  StorageEngine storage = StorageEngine::kSqlite;
  int write_queue_limit = 8192;  // Writes that wait; more are refused.
  int write_batch_limit = 256;   // Writes that share one commit.
  int read_connections = 4;

  // What is kept in memory of tokens that were asked about; 0 for nothing.
  int token_cache_entries = 1000000;
  int token_cache_mib = 256;

  std::string token_prefix = "hbx_sa";
  std::string token_keys_file;  // Empty: `token_keys` in data_dir.
  std::optional<absl::Duration> default_token_ttl;  // Absent: never expires.
  std::optional<absl::Duration> max_token_ttl;      // Absent: no limit.

  // How long a replaced token may go on; absent: not at all.
  std::optional<absl::Duration> max_rotation_overlap = absl::Hours(24 * 7);

  // How often last_used_at is written; never absent.
  std::optional<absl::Duration> last_used_flush_interval = absl::Seconds(5);
  std::optional<absl::Duration> purge_after;  // Absent: nothing is purged.
  // How long before its end a token is announced; absent: it is not.
  std::optional<absl::Duration> expiry_notice = absl::Hours(24 * 7);
  std::optional<absl::Duration> audit_retention;  // Absent: for ever.
  // At most one of them: what is done in place of serving.
  bool verify_audit = false;       // Check the audit logs.
  bool issue_super_admin = false;  // Make a credential that may do everything.
  // With issue_super_admin: its account may be one that exists already.
  bool into_existing_account = false;
  std::string set_time_mark;   // RFC 3339 or kTimeMarkNow. Empty: do not.
  std::string backup;          // Copy the database there. Empty: do not.
  bool seal_database = false;  // Seal what an older release wrote.

  std::string audit_head_file;  // Empty: `audit_head` beside the token keys.
  // Names a loss that is accepted; empty: none is.
  std::string accept_audit_loss;
  // Whether a database may be made where there are token keys already.
  bool accept_new_database = false;

  std::string bootstrap_file;  // Empty: the token goes to standard output.
  std::string bootstrap_account_id;  // Empty: a fresh UUID.
  std::string bootstrap_owner_user;  // Empty: no OAuth user.

  oauth::OauthOptions oauth;

  // Where the token keys are.
  std::string TokenKeysPath() const;

  // Where it is written down how far the audit logs have come.
  std::string AuditHeadPath() const;

  // Where clients find the server's metadata (RFC 9728 section 3.1); empty
  // without a public_url.
  std::string ResourceMetadataUrl() const;

  // Checks every rule that one flag (see the table of flags) or several
  // together can break, without touching the system. INVALID_ARGUMENT /
  // FLAG_INVALID; the message is "--flag: got X, want Y".
  absl::Status Validate() const;

  // What all this says to do: kServe, kGateway or an errand.
  Command command() const;

  friend bool operator==(const ServerConfig&, const ServerConfig&) = default;
};

// A FLAG_INVALID error; its message is "--`flag`: `detail`".
absl::Status FlagError(std::string_view flag, std::string_view detail);

// The error of a listener: LISTEN_FAILED; its message is "--flag=address:
// cause".
absl::Status ListenError(std::string_view flag, const std::string& address,
                         const absl::Status& cause);

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_CONFIG_H_
