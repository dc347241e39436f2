// SPDX-License-Identifier: Apache-2.0
#include "server/config/flag_table.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/host_port.h"
#include "base/rfc3339.h"
#include "base/uuid.h"
#include "server/token/token.h"

namespace signet::config {
namespace {

std::string Got(std::string_view value, std::string_view want) {
  return absl::StrCat("got \"", std::string(value), "\", want ",
                      std::string(want));
}

std::string AddressFault(const std::string& value) {
  if (ParseHostPort(value)) return "";
  return Got(value, "HOST:PORT, for example 127.0.0.1:8080 or [::1]:0");
}

std::string OptionalAddressFault(const std::string& value) {
  return value.empty() ? "" : AddressFault(value);
}

std::string TargetFault(const std::string& value) {
  if (ParseHostPort(value)) return "";
  return Got(value, "the HOST:PORT of a gRPC server with --mode=gateway");
}

// A scheme and an authority: what follows would be lost in the place of the
// metadata (RFC 9728 section 3.1).
std::string PublicUrlFault(const std::string& url) {
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
  if (url.empty() || (has_scheme && !rest.empty() && plain)) return "";
  return "want a scheme, a host and perhaps a port, for example "
         "https://signet.example";
}

std::string TokenPrefixFault(const std::string& value) {
  if (token::ValidateTokenPrefix(value).ok()) return "";
  return Got(value,
             "1 to 32 letters, digits and underscores, no underscore at either "
             "end");
}

std::string AccountIdFault(const std::string& value) {
  if (value.empty() || Uuid::Parse(value)) return "";
  return Got(value, "a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a");
}

std::string TimeMarkFault(const std::string& value) {
  if (value.empty() || value == kTimeMarkNow || ParseRfc3339(value).ok()) {
    return "";
  }
  return Got(value, "now or a time such as 2026-01-31T12:00:00Z");
}

using enum Command;
using oauth::OauthOptions;

// Whom a flag means something to.
constexpr CommandSet kAll(kServe, kGateway, kCheck, kIssueSuperAdmin,
                          kSetTimeMark, kBackup, kSealDatabase);
constexpr CommandSet kServers(kServe, kGateway);
constexpr CommandSet kServer(kServe);
constexpr CommandSet kOnDatabase(kServe, kCheck, kIssueSuperAdmin, kSetTimeMark,
                                 kBackup, kSealDatabase);
constexpr CommandSet kWithKeys(kServe, kCheck, kIssueSuperAdmin, kSetTimeMark,
                               kSealDatabase);

constexpr std::string_view kProcess = "Process";
constexpr std::string_view kListeners = "Listeners";
constexpr std::string_view kStorage = "Storage";
constexpr std::string_view kTokens = "Tokens";
constexpr std::string_view kUpkeep = "Upkeep";
constexpr std::string_view kFirstStart = "First start";
constexpr std::string_view kOauth = "OAuth";
constexpr std::string_view kOldSpellings = "Older spellings of commands";

constexpr Flag kFlags[] = {
    {"flagfile", kProcess, TextValue{&ServerConfig::flagfile, "FILE"}, kAll,
     "Read more flags from this file."},
    {"mode", kProcess,
     ChoiceValue<ServerMode>{
         &ServerConfig::mode,
         "MODE",
         {{"server", ServerMode::kServer}, {"gateway", ServerMode::kGateway}}},
     kServers,
     "server: gRPC and REST. gateway: REST for the server at --grpc_target, as "
     "the command gateway."},
    {"port_file", kProcess, TextValue{&ServerConfig::port_file, "FILE"},
     kServers, "Receives {\"rest\":PORT,\"grpc\":PORT} once both listen."},
    {"drain_timeout_ms", kProcess,
     CountValue{&ServerConfig::drain_timeout_ms, 0, 3'600'000, "ms"}, kServers,
     "How long a stop waits for calls in progress."},

    {"rest_address", kListeners,
     TextValue{&ServerConfig::rest_address, "HOST:PORT", &AddressFault},
     kServers, "Where REST listens; port 0: the system picks one."},
    {"grpc_address", kListeners,
     TextValue{&ServerConfig::grpc_address, "HOST:PORT", &AddressFault},
     kServer, "Where gRPC listens; port 0: the system picks one."},
    {"trusted_grpc_address", kListeners,
     TextValue{&ServerConfig::trusted_grpc_address, "HOST:PORT",
               &OptionalAddressFault},
     kServer,
     "A second gRPC listener, whose clients may ask about every token without "
     "a credential."},
    {"public_url", kListeners,
     TextValue{&ServerConfig::public_url, "URL", &PublicUrlFault}, kServers,
     "What clients call this server, for OAuth metadata (RFC 9728): "
     "https://HOST[:PORT]."},
    {"grpc_target", kListeners,
     TextValue{&ServerConfig::grpc_target, "HOST:PORT", &TargetFault},
     CommandSet(kGateway), "Of a gateway: the gRPC server to call."},
    {"max_connections", kListeners,
     CountValue{&ServerConfig::max_connections, 1, 1'000'000}, kServers,
     "REST connections at once; more are refused."},

    {"data_dir", kStorage, TextValue{&ServerConfig::data_dir, "DIR"},
     kOnDatabase,
     "Where the database and the keys live; made if absent. Required, except "
     "by a gateway."},
    {"storage", kStorage,
     ChoiceValue<StorageEngine>{&ServerConfig::storage,
                                "ENGINE",
                                {{"sqlite", StorageEngine::kSqlite},
                                 {"memory", StorageEngine::kMemory}}},
     kServer, "memory forgets everything when the process ends."},
    {"write_queue_limit", kStorage,
     CountValue{&ServerConfig::write_queue_limit, 1, 1'000'000}, kServer,
     "Writes that may wait; more are refused with a retry hint."},
    {"write_batch_limit", kStorage,
     CountValue{&ServerConfig::write_batch_limit, 1, 10'000}, kServer,
     "Writes that share one commit at most."},
    {"read_connections", kStorage,
     CountValue{&ServerConfig::read_connections, 1, 256}, kServer,
     "Connections that read the database."},

    {"token_prefix", kTokens,
     TextValue{&ServerConfig::token_prefix, "TEXT", &TokenPrefixFault},
     CommandSet(kServe, kIssueSuperAdmin), "What new tokens begin with."},
    {"token_keys_file", kTokens,
     TextValue{&ServerConfig::token_keys_file, "FILE"}, kWithKeys,
     "MAC keys, for the owner's eyes only; made if absent.",
     "token_keys in --data_dir"},
    {"default_token_ttl", kTokens,
     DurationValue{&ServerConfig::default_token_ttl}, kServer,
     "Life of a token without expires_at.", "for ever"},
    {"max_token_ttl", kTokens, DurationValue{&ServerConfig::max_token_ttl},
     kServer, "Longest life of a token.", "no limit"},
    {"token_cache_entries", kTokens,
     CountValue{&ServerConfig::token_cache_entries, 0, 100'000'000}, kServer,
     "Tokens whose state is kept in memory; 0 for none."},
    {"token_cache_mib", kTokens,
     CountValue{&ServerConfig::token_cache_mib, 1, 1 << 20, "MiB"}, kServer,
     "Memory for them."},
    {"max_rotation_overlap", kTokens,
     DurationValue{&ServerConfig::max_rotation_overlap}, kServer,
     "Longest life of a token after its rotation."},

    {"last_used_flush_interval", kUpkeep,
     DurationValue{&ServerConfig::last_used_flush_interval,
                   absl::Milliseconds(10), absl::Hours(1)},
     kServer,
     "How often the last uses of tokens and the mark of time are written."},
    {"purge_after", kUpkeep, DurationValue{&ServerConfig::purge_after}, kServer,
     "Delete service accounts so long after their end.", "never"},
    {"expiry_notice", kUpkeep, DurationValue{&ServerConfig::expiry_notice},
     kServer, "Announce tokens so long before they expire."},
    {"audit_retention", kUpkeep, DurationValue{&ServerConfig::audit_retention},
     kServer, "Delete audit events so old.", "for ever"},
    {"audit_head_file", kUpkeep,
     TextValue{&ServerConfig::audit_head_file, "FILE"}, kWithKeys,
     "Where it is kept, outside the database, how far the audit logs have "
     "come.",
     "audit_head beside the token keys"},
    {"accept_audit_loss", kUpkeep,
     TextValue{&ServerConfig::accept_audit_loss, "HASH"},
     CommandSet(kServe, kIssueSuperAdmin, kSetTimeMark),
     "Start although the database is older than the audit head file says; a "
     "refused start tells the HASH of that loss."},
    {"accept_new_database", kUpkeep,
     SwitchValue{&ServerConfig::accept_new_database}, kServer,
     "Start although there are token keys but no database: make a new one, "
     "with a new owner."},

    {"bootstrap_file", kFirstStart,
     TextValue{&ServerConfig::bootstrap_file, "FILE"}, kServer,
     "Receives the first token (mode 0600, must not exist).",
     "standard output"},
    {"bootstrap_account_id", kFirstStart,
     TextValue{&ServerConfig::bootstrap_account_id, "UUID", &AccountIdFault},
     CommandSet(kServe, kIssueSuperAdmin), "The first account.",
     "a fresh UUID"},
    {"bootstrap_owner_user", kFirstStart,
     TextValue{&ServerConfig::bootstrap_owner_user, "ID"}, kServer,
     "An OAuth user who owns the first account too."},
    {"into_existing_account", kFirstStart,
     SwitchValue{&ServerConfig::into_existing_account},
     CommandSet(kServe, kIssueSuperAdmin),
     "Let issue-super-admin put it into an account that exists."},

    {"oauth_issuer", kOauth, TextValue{&OauthOptions::issuer, "URL"}, kServer,
     "Whose access tokens are accepted."},
    {"oauth_jwks_file", kOauth, TextValue{&OauthOptions::jwks_file, "FILE"},
     kServer, "The issuer's keys.", "by discovery"},
    {"oauth_audience", kOauth, ListValue{&OauthOptions::audiences, "AUD"},
     kServer,
     "This service's name in tokens; repeatable; required with an issuer."},
    {"oauth_accepted_typ", kOauth,
     TextValue{&OauthOptions::accepted_typ, "TYP"}, kServer,
     "JWT admits issuers that do not write at+jwt."},
    {"oauth_groups_claim", kOauth,
     TextValue{&OauthOptions::groups_claim, "NAME"}, kServer,
     "The claim that lists a user's groups."},
    {"oauth_required_scope", kOauth,
     TextValue{&OauthOptions::required_scope, "SCOPE"}, kServer,
     "Scope that every token must have."},

    {"verify_audit", kOldSpellings, SwitchValue{&ServerConfig::verify_audit},
     kServer, "Of the command check."},
    {"issue_super_admin", kOldSpellings,
     SwitchValue{&ServerConfig::issue_super_admin}, kServer,
     "Of the command issue-super-admin."},
    {"set_time_mark", kOldSpellings,
     TextValue{&ServerConfig::set_time_mark, "TIME", &TimeMarkFault, true},
     kServer, "Of the command set-time-mark."},
    {"backup", kOldSpellings,
     TextValue{&ServerConfig::backup, "FILE", nullptr, true}, kServer,
     "Of the command backup."},
    {"seal_database", kOldSpellings, SwitchValue{&ServerConfig::seal_database},
     kServer, "Of the command seal-database."},
};

bool ReadDuration(const std::string& text, absl::Duration* duration) {
  if (int days = 0; text.ends_with('d') &&
                    absl::SimpleAtoi(text.substr(0, text.size() - 1), &days)) {
    *duration = days * absl::Hours(24);
  } else if (!absl::ParseDuration(text, duration)) {
    return false;
  }
  return *duration >= absl::ZeroDuration() &&
         *duration != absl::InfiniteDuration();
}

// As ReadDuration reads it.
std::string WriteDuration(absl::Duration duration) {
  const int64_t days = duration / absl::Hours(24);
  if (days > 0 && duration == days * absl::Hours(24)) {
    return absl::StrCat(days, "d");
  }
  return absl::FormatDuration(duration);
}

// One kind of value: what it wants, and a text in that kind put into a member.
// False: it does not fit.
struct Setter {
  const std::vector<std::string>& values;
  ServerConfig& config;
  std::string want;

  bool operator()(const TextValue& value) {
    want = "a value";
    value.member.In(config) = values.back();
    return !value.never_empty || !values.back().empty();
  }
  bool operator()(const ListValue& value) {
    value.member.In(config) = values;
    return true;
  }
  bool operator()(const CountValue& value) {
    want = "a whole number";
    return absl::SimpleAtoi(values.back(), &value.member.In(config));
  }
  bool operator()(const DurationValue& value) {
    want = "a duration such as 90s, 12h, 30d, or 0";
    absl::Duration read;
    if (!ReadDuration(values.back(), &read)) return false;
    std::optional<absl::Duration>& member = value.member.In(config);
    member.reset();
    if (read > absl::ZeroDuration()) member = read;
    return true;
  }
  bool operator()(const SwitchValue& value) {
    want = "true or false";
    const std::string& text = values.back();
    value.member.In(config) = text != "false";
    return text.empty() || text == "true" || text == "false";
  }
  template <typename T>
  bool operator()(const ChoiceValue<T>& value) {
    want = absl::StrCat(std::string(value.choices[0].first), " or ",
                        std::string(value.choices[1].first));
    for (const auto& [name, choice] : value.choices) {
      if (name != values.back()) continue;
      value.member.In(config) = choice;
      return true;
    }
    return false;
  }
};

// What is wrong with the value of a member; empty: nothing.
struct RangeFault {
  const ServerConfig& config;

  std::string operator()(const TextValue& value) const {
    return value.rule == nullptr ? "" : value.rule(value.member.In(config));
  }
  std::string operator()(const CountValue& value) const {
    const int got = value.member.In(config);
    if (value.min <= got && got <= value.max) return "";
    return absl::StrCat("got ", got, ", want ", value.min, " to ", value.max);
  }
  std::string operator()(const DurationValue& value) const {
    const absl::Duration got =
        value.member.In(config).value_or(absl::ZeroDuration());
    if (value.min <= got && got <= value.max) return "";
    return absl::StrCat("got ", absl::FormatDuration(got), ", want ",
                        absl::FormatDuration(value.min), " to ",
                        absl::FormatDuration(value.max));
  }
  template <typename T>
  std::string operator()(const T&) const {
    return "";
  }
};

struct MemberText {
  const ServerConfig& config;

  std::string operator()(const TextValue& value) const {
    const std::string& text = value.member.In(config);
    return text.empty() ? "none" : text;
  }
  std::string operator()(const ListValue& value) const {
    const std::vector<std::string>& texts = value.member.In(config);
    return texts.empty() ? "none" : absl::StrJoin(texts, ", ");
  }
  std::string operator()(const CountValue& value) const {
    return absl::StrCat(value.member.In(config));
  }
  std::string operator()(const DurationValue& value) const {
    const std::optional<absl::Duration>& duration = value.member.In(config);
    return duration ? WriteDuration(*duration) : "none";
  }
  std::string operator()(const SwitchValue& value) const {
    return value.member.In(config) ? "true" : "false";
  }
  template <typename T>
  std::string operator()(const ChoiceValue<T>& value) const {
    for (const auto& [name, choice] : value.choices) {
      if (choice == value.member.In(config)) return std::string(name);
    }
    return "none";
  }
};

}  // namespace

std::span<const Flag> AllFlags() { return kFlags; }

const Flag* FindFlag(std::string_view name) {
  const auto* const found = std::ranges::find(kFlags, name, &Flag::name);
  return found == std::end(kFlags) ? nullptr : found;
}

bool IsList(const Flag& flag) {
  return std::holds_alternative<ListValue>(flag.value);
}

bool IsSwitch(const Flag& flag) {
  return std::holds_alternative<SwitchValue>(flag.value);
}

std::string_view TypeText(const Flag& flag) {
  return std::visit(
      [](const auto& value) -> std::string_view {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, CountValue>) {
          return "N";
        } else if constexpr (std::is_same_v<Value, DurationValue>) {
          return "DURATION";
        } else if constexpr (std::is_same_v<Value, SwitchValue>) {
          return "";
        } else {
          return value.type;
        }
      },
      flag.value);
}

std::string RangeText(const Flag& flag) {
  if (const auto* count = std::get_if<CountValue>(&flag.value)) {
    return absl::StrCat(count->min, " to ", count->max,
                        count->unit.empty() ? "" : " ",
                        std::string(count->unit));
  }
  const auto* duration = std::get_if<DurationValue>(&flag.value);
  if (duration == nullptr || duration->max == absl::InfiniteDuration()) {
    return "";
  }
  return absl::StrCat(WriteDuration(duration->min), " to ",
                      WriteDuration(duration->max));
}

std::string DefaultText(const Flag& flag) {
  if (!flag.default_text.empty()) return std::string(flag.default_text);
  const ServerConfig unset;
  return std::visit(MemberText{unset}, flag.value);
}

absl::Status SetFlag(const Flag& flag, const std::vector<std::string>& values,
                     ServerConfig& config) {
  Setter setter{values, config, ""};
  if (std::visit(setter, flag.value)) return absl::OkStatus();
  return FlagError(flag.name, Got(values.back(), setter.want));
}

absl::Status CheckFlag(const Flag& flag, const ServerConfig& config) {
  const std::string fault = std::visit(RangeFault{config}, flag.value);
  return fault.empty() ? absl::OkStatus() : FlagError(flag.name, fault);
}

bool SameFlag(const Flag& flag, const ServerConfig& one,
              const ServerConfig& other) {
  return std::visit(
      [&](const auto& value) {
        return value.member.In(one) == value.member.In(other);
      },
      flag.value);
}

}  // namespace signet::config
