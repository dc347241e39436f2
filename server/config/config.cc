// SPDX-License-Identifier: Apache-2.0
#include "server/config/config.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_sync.h"
#include "base/host_port.h"
#include "base/rfc3339.h"
#include "base/uuid.h"
#include "server/token/token.h"

namespace signet::config {
namespace {

constexpr absl::Duration kMinFlushInterval = absl::Milliseconds(10);
constexpr absl::Duration kMaxFlushInterval = absl::Hours(1);

absl::Status CheckAddress(std::string_view flag, const std::string& address) {
  if (ParseHostPort(address)) return absl::OkStatus();
  return FlagError(flag, absl::StrCat("got \"", address,
                                      "\", want HOST:PORT, for example "
                                      "127.0.0.1:8080 or [::1]:0"));
}

// A scheme and an authority: what follows would be lost in the place of the
// metadata (RFC 9728 section 3.1).
absl::Status CheckPublicUrl(std::string_view url) {
  std::string_view rest = url;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    break;
  }
  const bool has_scheme = rest.size() < url.size();
  const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-.:[]").find(c) != std::string_view::npos;
  });
  if (url.empty() || (has_scheme && !rest.empty() && plain)) {
    return absl::OkStatus();
  }
  return FlagError("public_url",
                   "want a scheme, a host and perhaps a port, for example "
                   "https://signet.example");
}

absl::Status CheckRange(std::string_view flag, int value, int low, int high) {
  if (low <= value && value <= high) return absl::OkStatus();
  return FlagError(flag,
                   absl::StrCat("got ", value, ", want ", low, " to ", high));
}

// What a gateway has no use for, and would silently ignore.
absl::Status CheckGateway(const ServerConfig& config) {
  if (!ParseHostPort(config.grpc_target)) {
    return FlagError(
        "grpc_target",
        absl::StrCat("got \"", config.grpc_target,
                     "\", want the HOST:PORT of a gRPC server with "
                     "--mode=gateway"));
  }
  const ServerConfig unset;
  const std::pair<std::string_view, bool> useless[] = {
      {"grpc_address", config.grpc_address != unset.grpc_address},
      {"trusted_grpc_address",
       config.trusted_grpc_address != unset.trusted_grpc_address},
      {"data_dir", config.data_dir != unset.data_dir},
      {"storage", config.storage != unset.storage},
      {"write_queue_limit",
       config.write_queue_limit != unset.write_queue_limit},
      {"write_batch_limit",
       config.write_batch_limit != unset.write_batch_limit},
      {"read_connections", config.read_connections != unset.read_connections},
      {"token_cache_entries",
       config.token_cache_entries != unset.token_cache_entries},
      {"token_cache_mib", config.token_cache_mib != unset.token_cache_mib},
      {"token_prefix", config.token_prefix != unset.token_prefix},
      {"token_keys_file", config.token_keys_file != unset.token_keys_file},
      {"default_token_ttl",
       config.default_token_ttl != unset.default_token_ttl},
      {"max_token_ttl", config.max_token_ttl != unset.max_token_ttl},
      {"max_rotation_overlap",
       config.max_rotation_overlap != unset.max_rotation_overlap},
      {"last_used_flush_interval",
       config.last_used_flush_interval != unset.last_used_flush_interval},
      {"purge_after", config.purge_after != unset.purge_after},
      {"expiry_notice", config.expiry_notice != unset.expiry_notice},
      {"audit_retention", config.audit_retention != unset.audit_retention},
      {"verify_audit", config.verify_audit},
      {"issue_super_admin", config.issue_super_admin},
      {"set_time_mark", !config.set_time_mark.empty()},
      {"seal_database", config.seal_database},
      {"audit_head_file", config.audit_head_file != unset.audit_head_file},
      {"accept_audit_loss",
       config.accept_audit_loss != unset.accept_audit_loss},
      {"accept_new_database", config.accept_new_database},
      {"into_existing_account", config.into_existing_account},
      {"backup", !config.backup.empty()},
      {"bootstrap_file", config.bootstrap_file != unset.bootstrap_file},
      {"bootstrap_account_id",
       config.bootstrap_account_id != unset.bootstrap_account_id},
      {"bootstrap_owner_user",
       config.bootstrap_owner_user != unset.bootstrap_owner_user},
      {"oauth_issuer", config.oauth.issuer != unset.oauth.issuer},
      {"oauth_jwks_file", config.oauth.jwks_file != unset.oauth.jwks_file},
      {"oauth_audience", config.oauth.audiences != unset.oauth.audiences},
      {"oauth_accepted_typ",
       config.oauth.accepted_typ != unset.oauth.accepted_typ},
      {"oauth_groups_claim",
       config.oauth.groups_claim != unset.oauth.groups_claim},
      {"oauth_required_scope",
       config.oauth.required_scope != unset.oauth.required_scope},
  };
  for (const auto& [flag, given] : useless) {
    if (given) {
      return FlagError(
          flag, "want none with --mode=gateway: the gRPC server decides it");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStorage(const ServerConfig& config) {
  if (config.data_dir.empty() && (config.storage == StorageEngine::kSqlite ||
                                  config.token_keys_file.empty())) {
    return FlagError("data_dir", "got none, want a directory");
  }
  for (const auto& status :
       {CheckRange("write_queue_limit", config.write_queue_limit, 1, 1'000'000),
        CheckRange("write_batch_limit", config.write_batch_limit, 1, 10'000),
        CheckRange("read_connections", config.read_connections, 1, 256),
        CheckRange("token_cache_entries", config.token_cache_entries, 0,
                   100'000'000),
        CheckRange("token_cache_mib", config.token_cache_mib, 1, 1 << 20)}) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckTokens(const ServerConfig& config) {
  if (!token::ValidateTokenPrefix(config.token_prefix).ok()) {
    return FlagError(
        "token_prefix",
        absl::StrCat("got \"", config.token_prefix,
                     "\", want 1 to 32 letters, digits and underscores, "
                     "no underscore at either end"));
  }
  if (config.default_token_ttl && config.max_token_ttl &&
      *config.default_token_ttl > *config.max_token_ttl) {
    return FlagError(
        "default_token_ttl",
        absl::StrCat("got ", absl::FormatDuration(*config.default_token_ttl),
                     ", want at most --max_token_ttl, which is ",
                     absl::FormatDuration(*config.max_token_ttl)));
  }
  return absl::OkStatus();
}

absl::Status CheckMaintenance(const ServerConfig& config) {
  const absl::Duration flush =
      config.last_used_flush_interval.value_or(absl::ZeroDuration());
  if (flush < kMinFlushInterval || flush > kMaxFlushInterval) {
    return FlagError(
        "last_used_flush_interval",
        absl::StrCat("got ", absl::FormatDuration(flush), ", want 10ms to 1h"));
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
  const std::pair<std::string_view, bool> errands[] = {
      {"verify_audit", config.verify_audit},
      {"issue_super_admin", config.issue_super_admin},
      {"set_time_mark", !config.set_time_mark.empty()},
      {"backup", !config.backup.empty()},
      {"seal_database", config.seal_database}};
  std::string_view errand;
  for (const auto& [flag, given] : errands) {
    if (!given) continue;
    if (!errand.empty()) {
      return FlagError(flag,
                       absl::StrCat("want it without --", std::string(errand)));
    }
    errand = flag;
  }
  if (!errand.empty() && config.storage == StorageEngine::kMemory) {
    return FlagError(errand, "want --storage=sqlite with it");
  }
  for (const auto& [flag, given] :
       {std::pair("audit_head_file", !config.audit_head_file.empty()),
        std::pair("accept_new_database", config.accept_new_database)}) {
    if (given && config.storage == StorageEngine::kMemory) {
      return FlagError(flag, "want --storage=sqlite with it");
    }
  }
  if (!config.set_time_mark.empty() && config.set_time_mark != kTimeMarkNow &&
      !ParseRfc3339(config.set_time_mark).ok()) {
    return FlagError("set_time_mark",
                     absl::StrCat("got \"", config.set_time_mark,
                                  "\", want now or a time such as "
                                  "2026-01-31T12:00:00Z"));
  }
  return absl::OkStatus();
}

absl::Status CheckBootstrap(const ServerConfig& config) {
  if (!config.bootstrap_account_id.empty() &&
      !Uuid::Parse(config.bootstrap_account_id)) {
    return FlagError("bootstrap_account_id",
                     absl::StrCat("got \"", config.bootstrap_account_id,
                                  "\", want a UUID such as "
                                  "3c90c3cc-0d44-4b50-8888-8dd25736052a"));
  }
  if (!config.bootstrap_file.empty() &&
      config.bootstrap_file == config.port_file) {
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
  std::vector<absl::Status> checks = {
      CheckAddress("rest_address", rest_address), CheckPublicUrl(public_url),
      CheckRange("max_connections", max_connections, 1, 1'000'000),
      CheckRange("drain_timeout_ms", drain_timeout_ms, 0, 3'600'000)};
  if (mode == ServerMode::kGateway) {
    checks.push_back(CheckGateway(*this));
  } else {
    checks.push_back(CheckAddress("grpc_address", grpc_address));
    if (!trusted_grpc_address.empty()) {
      checks.push_back(
          CheckAddress("trusted_grpc_address", trusted_grpc_address));
    }
    if (!grpc_target.empty()) {
      checks.push_back(FlagError("grpc_target", "want --mode=gateway with it"));
    }
    checks.push_back(CheckStorage(*this));
    checks.push_back(CheckTokens(*this));
    checks.push_back(CheckMaintenance(*this));
    checks.push_back(CheckErrands(*this));
    checks.push_back(CheckBootstrap(*this));
    checks.push_back(oauth.Validate());
  }
  for (const absl::Status& status : checks) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
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
