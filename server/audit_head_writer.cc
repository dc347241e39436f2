// SPDX-License-Identifier: Apache-2.0
#include "server/audit_head_writer.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret_file.h"
#include "server/audit_head_file.h"

namespace signet::server {
namespace {

absl::Status CannotWrite(const absl::Status& status) {
  return absl::Status(
      status.code(),
      absl::StrCat("the audit head file cannot be written to ",
                   status.message(),
                   absl::IsResourceExhausted(status)
                       ? "; make room on the disk"
                       : "; make the directory writable, or the next start is "
                         "refused"));
}

}  // namespace

void AuditHeadWriter::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void AuditHeadWriter::Ring() { bell_.Set(); }

void AuditHeadWriter::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  end_.Set();
  bell_.Set();
  thread_.join();
  Write().IgnoreError();
}

void AuditHeadWriter::Loop() {
  const auto in = [](absl::Duration time) {
    return std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(time);
  };
  while (!end_.AwaitUntil(in(options_.pause))) {
    bell_.AwaitUntil(in(options_.interval - options_.pause));
    if (stopping_) return;
    Write().IgnoreError();
  }
}

absl::Status AuditHeadWriter::Write() {
  absl::Status status = TryToWrite();
  // A store that has failed has said so, and its process ends.
  const bool ends =
      store_->Health().state == storage::StoreHealth::State::kFailed;
  if (!status.ok() && !ends) {
    environment_.logger->Warning("the audit head is not written yet",
                                 {{"code", CodeName(status.code())},
                                  {"error", std::string(status.message())}});
  }
  return status;
}

absl::Status AuditHeadWriter::TryToWrite() {
  std::optional<audit::AuditHead> head;
  absl::Status status =
      storage::ReadAndWait(*store_, [&](storage::ReadTxn& txn) {
        absl::StatusOr<std::optional<audit::AuditHead>> found =
            heads_.Read(txn);
        if (!found.ok()) return found.status();
        head = *std::move(found);
        return absl::OkStatus();
      });
  // An empty database has none, and needs none but the one that it begins with.
  if (!status.ok() || !head.has_value() || head == written_) return status;
  if (written_.has_value() && (head->changes < written_->changes ||
                               head->database != written_->database)) {
    return absl::DataLossError(
        "the audit head of the database went back: somebody else has written "
        "to it");
  }
  const AuditHeadFile file = FileOf(*keyring_, *head);
  status = ReplaceSecretFile(
      path_, FormatAuditHeadFile(*keyring_, file, environment_.clock->Now()),
      *environment_.random);
  if (!status.ok()) return CannotWrite(status);
  written_ = head;
  if (!options_.log) return absl::OkStatus();
  const std::string hash = HexOf(file.hash);
  environment_.logger->Info("audit head",
                            {{"events", static_cast<int64_t>(head->events)},
                             {"accounts", static_cast<int64_t>(head->accounts)},
                             {"hash", std::string_view(hash)}});
  return absl::OkStatus();
}

}  // namespace signet::server
