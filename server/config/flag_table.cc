// SPDX-License-Identifier: Apache-2.0
#include "server/config/flag_table.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/version.h"

namespace signet::config {
namespace {

constexpr char kFooter[] =
    "Each flag can also be given as SIGNET_NAME in the environment, or as a "
    "line\n"
    "name=value in the flagfile. The command line wins over the environment, "
    "and\n"
    "that over the flagfile. A DURATION is 90s, 12h, 30d, or 0 for none.\n"
    "Exit codes: 0 after a drained stop, 2 for a bad flag or file, 3 for a\n"
    "database that must not be opened, 1 otherwise.";

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

template <typename T>
std::function<bool(const std::string&)> OneOf(std::map<std::string, T> choices,
                                              T* choice) {
  return [choices = std::move(choices), choice](const std::string& text) {
    const auto it = choices.find(text);
    if (it == choices.end()) return false;
    *choice = it->second;
    return true;
  };
}

}  // namespace

class FlagTable::Impl {
 public:
  Impl(ServerConfig* config, std::string* flagfile, std::string* text);

  absl::Status Parse(std::vector<std::string> arguments);
  absl::Status CheckGivenOnce(const std::vector<std::string>& arguments) const;

  const CLI::App& app() const { return app_; }
  const std::set<std::string>& lists() const { return lists_; }

 private:
  // Sets a variable from a flag's value; false if the value does not fit.
  using Assign = std::function<bool(const std::string&)>;

  void AddProcess(ServerConfig* config, std::string* flagfile);
  void AddListeners(ServerConfig* config);
  void AddStorage(ServerConfig* config);
  void AddTokens(ServerConfig* config);
  void AddMaintenance(ServerConfig* config);
  void AddFirstStart(ServerConfig* config);
  void AddOauth(ServerConfig* config);

  void Add(const std::string& name, const std::string& type,
           const std::string& want, const Assign& assign,
           const std::string& initial, const std::string& help);
  void AddText(const std::string& name, const std::string& type,
               std::string* text, const std::string& help);
  // The same of one that says what to do in place of serving: an empty text, of
  // a variable that is not set perhaps, must not start a server.
  void AddErrand(const std::string& name, const std::string& type,
                 std::string* text, const std::string& help);
  void AddCount(const std::string& name, int* count, const std::string& help);
  void AddDuration(const std::string& name,
                   std::optional<absl::Duration>* duration,
                   const std::string& help);
  void AddSwitch(const std::string& name, bool* on, const std::string& help);
  void AddList(const std::string& name, const std::string& type,
               std::vector<std::string>* list, const std::string& help);

  std::string* const text_;
  bool help_ = false;
  bool version_ = false;
  std::set<std::string> lists_;
  CLI::App app_;
};

FlagTable::Impl::Impl(ServerConfig* config, std::string* flagfile,
                      std::string* text)
    : text_(text),
      app_("Issues service accounts and API tokens over gRPC and REST.",
           "signetd") {
  app_.set_help_flag();
  app_.allow_extras();
  app_.get_formatter()->column_width(36);
  app_.footer(kFooter);
  AddProcess(config, flagfile);
  AddListeners(config);
  AddStorage(config);
  AddTokens(config);
  AddMaintenance(config);
  AddFirstStart(config);
  AddOauth(config);
}

void FlagTable::Impl::AddProcess(ServerConfig* config, std::string* flagfile) {
  app_.option_defaults()->group("Process");
  app_.add_flag("--help,-h", help_, "Print this and exit.");
  app_.add_flag("--version", version_, "Print the version and exit.");
  AddText("flagfile", "FILE", flagfile, "Read more flags from this file.");
  Add("mode", "MODE", "server or gateway",
      OneOf<ServerMode>(
          {{"server", ServerMode::kServer}, {"gateway", ServerMode::kGateway}},
          &config->mode),
      "server",
      "server: gRPC and REST. gateway: REST for the server at --grpc_target.");
  AddText("port_file", "FILE", &config->port_file,
          "Receives {\"rest\":PORT,\"grpc\":PORT} once both listen.");
  AddCount("drain_timeout_ms", &config->drain_timeout_ms,
           "How long a stop waits for calls in progress.");
}

void FlagTable::Impl::AddListeners(ServerConfig* config) {
  app_.option_defaults()->group("Listeners");
  AddText("rest_address", "HOST:PORT", &config->rest_address,
          "Where REST listens; port 0: the system picks one.");
  AddText("grpc_address", "HOST:PORT", &config->grpc_address,
          "Where gRPC listens; port 0: the system picks one.");
  AddText("trusted_grpc_address", "HOST:PORT", &config->trusted_grpc_address,
          "A second gRPC listener, whose clients may ask about every token "
          "without a credential. Default: none.");
  AddText("public_url", "URL", &config->public_url,
          "What clients call this server, for OAuth metadata (RFC 9728): "
          "https://HOST[:PORT]. Default: none is given.");
  AddText("grpc_target", "HOST:PORT", &config->grpc_target,
          "With --mode=gateway: the gRPC server to call.");
  AddCount("max_connections", &config->max_connections,
           "REST connections at once; more are refused.");
}

void FlagTable::Impl::AddStorage(ServerConfig* config) {
  app_.option_defaults()->group("Storage");
  AddText("data_dir", "DIR", &config->data_dir,
          "Where the database and the keys live; made if absent. Required, "
          "except with --mode=gateway.");
  Add("storage", "ENGINE", "sqlite or memory",
      OneOf<StorageEngine>({{"sqlite", StorageEngine::kSqlite},
                            {"memory", StorageEngine::kMemory}},
                           &config->storage),
      "sqlite", "memory forgets everything when the process ends.");
  AddCount("write_queue_limit", &config->write_queue_limit,
           "Writes that may wait; more are refused with a retry hint.");
  AddCount("write_batch_limit", &config->write_batch_limit,
           "Writes that share one commit at most.");
  AddCount("read_connections", &config->read_connections,
           "Connections that read the database.");
}

void FlagTable::Impl::AddTokens(ServerConfig* config) {
  app_.option_defaults()->group("Tokens");
  AddText("token_prefix", "TEXT", &config->token_prefix,
          "What new tokens begin with.");
  AddText("token_keys_file", "FILE", &config->token_keys_file,
          "MAC keys, for the owner's eyes only; made if absent. "
          "Default: token_keys in --data_dir.");
  AddDuration("default_token_ttl", &config->default_token_ttl,
              "Life of a token without expires_at. Default: for ever.");
  AddDuration("max_token_ttl", &config->max_token_ttl,
              "Longest life of a token. Default: no limit.");
  AddCount("token_cache_entries", &config->token_cache_entries,
           "Tokens whose state is kept in memory; 0 for none.");
  AddCount("token_cache_mib", &config->token_cache_mib,
           "Memory for them, in MiB.");
  AddDuration("max_rotation_overlap", &config->max_rotation_overlap,
              "Longest life of a token after its rotation. Default: 7d.");
}

void FlagTable::Impl::AddMaintenance(ServerConfig* config) {
  app_.option_defaults()->group("Upkeep");
  AddDuration("last_used_flush_interval", &config->last_used_flush_interval,
              "How often the last uses of tokens and the mark of time are "
              "written. Default: 5s.");
  AddDuration("purge_after", &config->purge_after,
              "Delete service accounts so long after their end. "
              "Default: never.");
  AddDuration("expiry_notice", &config->expiry_notice,
              "Announce tokens so long before they expire. Default: 7d.");
  AddDuration("audit_retention", &config->audit_retention,
              "Delete audit events so old. Default: never.");
  AddSwitch(
      "verify_audit", &config->verify_audit,
      "Check all audit logs, seals, and rows against both, and exit: 0 if "
      "all is whole, 1 if not, 3 while a server has the database.");
  AddSwitch("issue_super_admin", &config->issue_super_admin,
            "Make a service account that may do everything everywhere, print "
            "it with its token as JSON, and exit. --bootstrap_account_id names "
            "its account.");
  AddSwitch("into_existing_account", &config->into_existing_account,
            "Let --issue_super_admin put it into an account that exists.");
  AddErrand(
      "set_time_mark", "TIME", &config->set_time_mark,
      "Set the mark of time, which expiry is judged by where the clock is "
      "behind it, to a time in RFC 3339 or to `now`, and exit.");
  AddErrand(
      "backup", "FILE", &config->backup,
      "Write a verified copy of the database to a new file, while a server "
      "runs or not, and exit.");
  AddSwitch("seal_database", &config->seal_database,
            "Seal, once, a database that an older release wrote, print its "
            "owners and super_admins as JSON, and exit.");
  AddText("audit_head_file", "FILE", &config->audit_head_file,
          "Where it is kept, outside the database, how far the audit logs have "
          "come. Default: audit_head beside the token keys.");
  AddText("accept_audit_loss", "HASH", &config->accept_audit_loss,
          "Start although the database is older than the audit head file says; "
          "a refused start tells the HASH of that loss. Default: none.");
  AddSwitch("accept_new_database", &config->accept_new_database,
            "Start although there are token keys but no database: make a new "
            "one, with a new owner.");
}

void FlagTable::Impl::AddFirstStart(ServerConfig* config) {
  app_.option_defaults()->group("First start");
  AddText("bootstrap_file", "FILE", &config->bootstrap_file,
          "Receives the first token (mode 0600, must not exist) "
          "in place of standard output.");
  AddText("bootstrap_account_id", "UUID", &config->bootstrap_account_id,
          "The first account. Default: a fresh UUID.");
  AddText("bootstrap_owner_user", "ID", &config->bootstrap_owner_user,
          "An OAuth user who owns the first account too.");
}

void FlagTable::Impl::AddOauth(ServerConfig* config) {
  app_.option_defaults()->group("OAuth");
  AddText("oauth_issuer", "URL", &config->oauth.issuer,
          "Whose access tokens are accepted. Default: none are.");
  AddText("oauth_jwks_file", "FILE", &config->oauth.jwks_file,
          "The issuer's keys. Default: found by discovery.");
  AddList(
      "oauth_audience", "AUD", &config->oauth.audiences,
      "This service's name in tokens; repeatable; required with an issuer.");
  AddText("oauth_accepted_typ", "TYP", &config->oauth.accepted_typ,
          "JWT admits issuers that do not write at+jwt.");
  AddText("oauth_groups_claim", "NAME", &config->oauth.groups_claim,
          "The claim that lists a user's groups.");
  AddText("oauth_required_scope", "SCOPE", &config->oauth.required_scope,
          "Scope that every token must have. Default: none.");
}

void FlagTable::Impl::Add(const std::string& name, const std::string& type,
                          const std::string& want, const Assign& assign,
                          const std::string& initial, const std::string& help) {
  const std::string flag = "--" + name;
  const auto assign_or_throw = [flag, want, assign](const std::string& value) {
    if (assign(value)) return;
    throw CLI::ValidationError(
        flag, absl::StrCat("got \"", value, "\", want ", want));
  };
  app_.add_option_function<std::string>(
          flag, assign_or_throw,
          initial.empty() ? help
                          : absl::StrCat(help, " Default: ", initial, "."))
      ->type_name(type)
      ->take_last();
}

void FlagTable::Impl::AddText(const std::string& name, const std::string& type,
                              std::string* text, const std::string& help) {
  const auto assign = [text](const std::string& value) {
    *text = value;
    return true;
  };
  Add(name, type, "text", assign, *text, help);
}

void FlagTable::Impl::AddErrand(const std::string& name,
                                const std::string& type, std::string* text,
                                const std::string& help) {
  const auto assign = [text](const std::string& value) {
    *text = value;
    return !value.empty();
  };
  Add(name, type, "a value", assign, *text, help);
}

void FlagTable::Impl::AddCount(const std::string& name, int* count,
                               const std::string& help) {
  const auto assign = [count](const std::string& value) {
    return absl::SimpleAtoi(value, count);
  };
  Add(name, "N", "a whole number", assign, absl::StrCat(*count), help);
}

void FlagTable::Impl::AddDuration(const std::string& name,
                                  std::optional<absl::Duration>* duration,
                                  const std::string& help) {
  const auto assign = [duration](const std::string& value) {
    absl::Duration read;
    if (!ReadDuration(value, &read)) return false;
    duration->reset();
    if (read > absl::ZeroDuration()) *duration = read;
    return true;
  };
  Add(name, "DURATION", "a duration such as 90s, 12h, 30d, or 0", assign, "",
      help);
}

// Without a value it is on.
void FlagTable::Impl::AddSwitch(const std::string& name, bool* on,
                                const std::string& help) {
  Add(name, "BOOL", "true or false",
      OneOf<bool>({{"", true}, {"true", true}, {"false", false}}, on), "",
      help);
  app_.get_option("--" + name)->type_name("")->expected(0, 1);
}

void FlagTable::Impl::AddList(const std::string& name, const std::string& type,
                              std::vector<std::string>* list,
                              const std::string& help) {
  lists_.insert(name);
  const auto assign = [list](const std::vector<std::string>& values) {
    *list = values;
  };
  app_.add_option_function<std::vector<std::string>>("--" + name, assign, help)
      ->type_name(type)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// That one of two values wins would go unnoticed.
absl::Status FlagTable::Impl::CheckGivenOnce(
    const std::vector<std::string>& arguments) const {
  std::set<std::string> given;
  for (const std::string& argument : arguments) {
    const std::string flag = argument.substr(0, argument.find('='));
    if (!flag.starts_with("--") || app_.get_option_no_throw(flag) == nullptr) {
      continue;
    }
    const std::string name = flag.substr(2);
    if (!lists_.contains(name) && !given.insert(name).second) {
      return FlagError(name, "got it more than once, want it once");
    }
  }
  return absl::OkStatus();
}

absl::Status FlagTable::Impl::Parse(std::vector<std::string> arguments) {
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
  if (help_) *text_ = app_.help();
  if (version_) *text_ = absl::StrCat("signetd ", kVersion, "\n");
  return absl::OkStatus();
}

FlagTable::FlagTable(ServerConfig* config, std::string* flagfile,
                     std::string* text)
    : impl_(std::make_unique<Impl>(config, flagfile, text)) {}

FlagTable::~FlagTable() = default;

absl::Status FlagTable::Parse(std::vector<std::string> arguments) {
  return impl_->Parse(std::move(arguments));
}

bool FlagTable::Has(const std::string& name) const {
  return impl_->app().get_option_no_throw("--" + name) != nullptr;
}

bool FlagTable::IsList(const std::string& name) const {
  return impl_->lists().contains(name);
}

}  // namespace signet::config
