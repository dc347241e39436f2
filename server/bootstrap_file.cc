// SPDX-License-Identifier: Apache-2.0
#include "server/bootstrap_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file_sync.h"
#include "base/json.h"
#include "base/secret_file.h"
#include "server/config/config.h"

namespace signet::server {
namespace {

constexpr char kFlag[] = "bootstrap_file";

struct Identity {
  Uuid account_id;
  Uuid service_account_id;
};

// Who the credential in a pending file is for; nullopt if that cannot be told.
std::optional<Identity> ReadIdentity(std::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  const auto uuid = [&json](const char* key) -> std::optional<Uuid> {
    const auto member = json->find(key);
    if (member == json->end() || !member->is_string()) return std::nullopt;
    return Uuid::Parse(member->get_ref<const std::string&>());
  };
  const std::optional<Uuid> account_id = uuid("account_id");
  const std::optional<Uuid> service_account_id = uuid("service_account_id");
  if (!account_id || !service_account_id) return std::nullopt;
  return Identity{*account_id, *service_account_id};
}

}  // namespace

Secret CredentialLine(const domain::Bootstrapped& credential) {
  std::string text =
      absl::StrCat("{\"account_id\":\"", credential.account_id.ToString(),
                   "\",\"service_account_id\":\"",
                   credential.service_account_id.ToString(), "\",\"token\":\"");
  text.reserve(text.size() + 128);
  text.append(credential.token.Expose());
  text.append("\"}\n");
  return Secret(std::move(text));
}

BootstrapFile::BootstrapFile(std::string path, RandomSource* random)
    : path_(std::move(path)), pending_(PendingPath(path_)), random_(random) {}

std::string BootstrapFile::PendingPath(const std::string& path) {
  return path.empty() ? "" : absl::StrCat(path, ".pending");
}

absl::Status BootstrapFile::Recover(storage::Store& store) {
  const absl::StatusOr<Secret> text = ReadSecretFile(pending_);
  if (absl::IsNotFound(text.status())) return absl::OkStatus();
  if (!text.ok())
    return config::FlagError(kFlag, std::string(text.status().message()));
  const std::optional<Identity> identity = ReadIdentity(text->Expose());
  absl::Status known = absl::NotFoundError("");
  if (identity) {
    known = storage::ReadAndWait(store, [&identity](storage::ReadTxn& txn) {
      return txn
          .GetServiceAccount(identity->account_id, identity->service_account_id)
          .status();
    });
  }
  if (known.ok()) return Publish();
  if (!absl::IsNotFound(known)) return known;
  if (unlink(pending_.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot remove ", pending_));
  }
  return absl::OkStatus();
}

absl::Status BootstrapFile::CheckFree() const {
  struct stat info;
  if (lstat(path_.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return config::FlagError(
        kFlag,
        absl::StrCat("cannot look at ", path_, ": ",
                     std::string(absl::ErrnoToStatus(errno, "").message())));
  }
  return config::FlagError(kFlag,
                           absl::StrCat("got ", path_,
                                        ", which exists; want a new file "
                                        "for a first start"));
}

absl::Status BootstrapFile::Stage(const domain::Bootstrapped& credential) {
  const absl::Status status =
      CreateSecretFile(pending_, CredentialLine(credential).Expose(), *random_);
  if (status.ok()) return status;
  // The flag names the file that it becomes.
  std::string fault(status.message());
  if (fault.starts_with(pending_)) fault.replace(0, pending_.size(), path_);
  return config::FlagError(kFlag, std::move(fault));
}

absl::Status BootstrapFile::Publish() {
  if (renameat2(AT_FDCWD, pending_.c_str(), AT_FDCWD, path_.c_str(),
                RENAME_NOREPLACE) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("the first token is in ", pending_,
                            ", which cannot be renamed to ", path_));
  }
  return SyncFolder(FolderOf(path_));
}

}  // namespace signet::server
