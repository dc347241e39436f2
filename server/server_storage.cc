// SPDX-License-Identifier: Apache-2.0
#include "server/server_storage.h"

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/rfc3339.h"
#include "server/api/convert_tokens.h"
#include "server/audit/audit_head.h"
#include "server/leftover_files.h"
#include "server/open_store.h"
#include "server/seal/sealed_store.h"
#include "server/upkeep/watermark.h"

namespace signet::server {
namespace {

Environment WithClock(Environment environment, const Clock* clock) {
  environment.clock = clock;
  return environment;
}

absl::StatusOr<bool> IsEmpty(storage::Store& store) {
  bool empty = false;
  const absl::Status status =
      storage::ReadAndWait(store, [&empty](storage::ReadTxn& txn) {
        const absl::StatusOr<bool> answer = txn.IsEmpty();
        if (answer.ok()) empty = *answer;
        return answer.status();
      });
  if (!status.ok()) return status;
  return empty;
}

// The mark of time that is kept; nullopt where none is yet.
absl::StatusOr<std::optional<absl::Time>> ReadTimeMark(
    const config::ServerConfig& config, const Environment& environment,
    storage::Store& store) {
  std::optional<absl::Time> mark;
  const absl::Status status =
      storage::ReadAndWait(store, [&mark](storage::ReadTxn& txn) {
        return upkeep::ReadWatermark(txn, upkeep::kTimeWatermark, mark);
      });
  if (absl::IsFailedPrecondition(status)) {
    return DatabaseRefused(absl::StrCat(
        config.data_dir,
        "/signet.db: its mark of time is malformed; run signetd --data_dir=",
        config.data_dir, " --set_time_mark=now"));
  }
  if (!status.ok()) return status;
  const absl::Time wall = environment.clock->Now();
  if (mark.has_value() && *mark > wall + absl::Seconds(1)) {
    environment.logger->Warning(
        "the wall clock is behind the mark of time; see --set_time_mark",
        {{"by_ms", absl::ToInt64Milliseconds(*mark - wall)},
         {"mark", FormatRfc3339(*mark)}});
  }
  return mark;
}

}  // namespace

// Through which the store's thread tells the writer of the audit head file that
// much was written.
class Storage::HeadBell {
 public:
  void Ring() {
    if (AuditHeadWriter* const writer = writer_.load()) writer->Ring();
  }
  // Null: nobody listens.
  void Connect(AuditHeadWriter* writer) { writer_ = writer; }

 private:
  std::atomic<AuditHeadWriter*> writer_ = nullptr;
};

// Destroyed from the bottom up: the store rings the bell.
struct Storage::Files {
  std::unique_ptr<HeadBell> head_bell;
  std::unique_ptr<storage::Store> engine;
  std::unique_ptr<BootstrapFile> bootstrap_file;
  std::unique_ptr<crypto::MacKeyring> keyring;
  bool empty = false;  // The database.
};

absl::StatusOr<std::unique_ptr<Storage>> Storage::Open(
    const config::ServerConfig& config, const Environment& environment) {
  absl::StatusOr<Files> files = OpenFiles(config, environment);
  if (!files.ok()) return files.status();
  const absl::StatusOr<std::optional<absl::Time>> mark =
      ReadTimeMark(config, environment, *files->engine);
  if (!mark.ok()) return mark.status();
  const bool empty = files->empty;
  std::unique_ptr<Storage> storage(
      new Storage(config, environment, *std::move(files), *mark));
  absl::Status status = storage->CheckHead(config);
  if (status.ok() && empty && storage->bootstrap_file_ != nullptr) {
    status = storage->bootstrap_file_->CheckFree();
  }
  if (!status.ok()) return status;
  return storage;
}

absl::StatusOr<Storage::Files> Storage::OpenFiles(
    const config::ServerConfig& config, const Environment& environment) {
  Files files;
  files.head_bell = std::make_unique<HeadBell>();
  absl::StatusOr<std::unique_ptr<storage::Store>> engine =
      OpenStore(config, environment.logger,
                [bell = files.head_bell.get()] { bell->Ring(); });
  if (!engine.ok()) return engine.status();
  files.engine = *std::move(engine);
  SweepLeftovers(
      {config.TokenKeysPath(), config.AuditHeadPath(),
       BootstrapFile::PendingPath(config.bootstrap_file), config.port_file},
      *environment.logger);

  const absl::StatusOr<bool> empty = IsEmpty(*files.engine);
  if (!empty.ok()) return empty.status();
  if (!config.bootstrap_file.empty()) {
    files.bootstrap_file = std::make_unique<BootstrapFile>(
        config.bootstrap_file, environment.random);
    absl::Status status = files.bootstrap_file->Recover(*files.engine);
    // A database that has lost everything is no first start; CheckHead() says
    // so.
    std::error_code ignored;
    const bool first =
        *empty && !std::filesystem::exists(config.AuditHeadPath(), ignored);
    if (status.ok() && first) status = files.bootstrap_file->CheckFree();
    if (!status.ok()) return status;
  }
  files.empty = *empty;

  // Fresh keys would silently end every token that a database knows.
  absl::StatusOr<std::unique_ptr<crypto::MacKeyring>> keyring =
      crypto::MacKeyring::Load(config.TokenKeysPath(),
                               /*create_if_missing=*/*empty,
                               *environment.random);
  if (!keyring.ok()) {
    return config::FlagError("token_keys_file",
                             std::string(keyring.status().message()));
  }
  files.keyring = *std::move(keyring);
  return files;
}

Storage::Storage(const config::ServerConfig& config,
                 const Environment& environment, Files files,
                 std::optional<absl::Time> mark)
    : clock_(environment.clock, environment.monotonic, mark),
      environment_(WithClock(environment, &clock_)),
      bootstrap_file_(std::move(files.bootstrap_file)),
      keyring_(std::move(files.keyring)),
      head_bell_(std::move(files.head_bell)),
      store_(std::make_unique<seal::SealedStore>(
          std::move(files.engine), keyring_.get(), config.oauth.issuer,
          environment.clock, environment.logger,
          [this](const storage::TokenChanges& changes) { Tell(changes); })),
      last_uses_(environment.logger),
      directory_(
          store_.get(), keyring_.get(), &last_uses_,
          identity::TokenDirectoryOptions{
              .max_entries = static_cast<size_t>(config.token_cache_entries),
              .max_bytes = static_cast<size_t>(config.token_cache_mib) << 20,
              .render = api::RenderActive}),
      feed_(*environment.random) {
  // Before anybody writes.
  store_->Subscribe(std::nullopt, [this](const storage::ChangeNotice& notice) {
    if (!notice.everything) return Tell(notice.changes);
    directory_.ForgetAll();
    feed_.Reset();
  });
}

void Storage::Tell(const storage::TokenChanges& changes) {
  directory_.OnChange(changes);
  feed_.Publish(changes);
}

Storage::~Storage() { Stop(); }

absl::Status Storage::CheckHead(const config::ServerConfig& config) {
  // What is kept in memory can come back as nothing older.
  if (config.storage == config::StorageEngine::kMemory) {
    head_start_.genesis =
        audit::NewAuditHead(*environment_.random, environment_.clock->Now());
    return absl::OkStatus();
  }
  absl::StatusOr<AuditHeadStart> start =
      CheckAuditHead(config, environment_, *store_, *keyring_);
  if (!start.ok()) return start.status();
  head_start_ = *std::move(start);
  head_writer_ = std::make_unique<AuditHeadWriter>(
      store_.get(), keyring_.get(), environment_, config.AuditHeadPath());
  head_writer_->Start();
  head_bell_->Connect(head_writer_.get());
  return absl::OkStatus();
}

void Storage::Stop() {
  head_bell_->Connect(nullptr);
  if (head_writer_ != nullptr) head_writer_->Stop();
  store_->Drain();
}

}  // namespace signet::server
