// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_HEAD_WRITER_H_
#define SIGNET_SERVER_AUDIT_HEAD_WRITER_H_

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_event.h"
#include "crypto/mac_keyring.h"
#include "server/app.h"
#include "server/audit/audit_head.h"
#include "storage/store.h"

namespace signet::server {

struct AuditHeadWriterOptions {
  absl::Duration interval = absl::Seconds(5);
  absl::Duration pause = absl::Seconds(1);  // Between two, however often rung.
  bool log = true;                          // Whether each leaves a line.
};

// Keeps --audit_head_file close behind the audit head of the database: what is
// committed there is in the file some seconds later, and in a line of the log
// for anyone who collects those. One thread; Start, Write and Stop belong to
// one other. The rest is thread-safe.
class AuditHeadWriter {
 public:
  // Borrows all.
  AuditHeadWriter(storage::Store* store, const crypto::MacKeyring* keyring,
                  const Environment& environment, std::string path,
                  const AuditHeadWriterOptions& options = {})
      : store_(store),
        keyring_(keyring),
        environment_(environment),
        path_(std::move(path)),
        options_(options),
        heads_(keyring, environment.random) {}
  AuditHeadWriter(const AuditHeadWriter&) = delete;
  AuditHeadWriter& operator=(const AuditHeadWriter&) = delete;
  ~AuditHeadWriter() { Stop(); }

  void Start();

  // Much was written: write the file soon. Does not block.
  void Ring();

  // Writes the file if the head has moved since the last time. What fails is
  // logged, unless the store has failed, and tried again the next time. Where
  // the head went back, which nobody but another process can bring about, the
  // file stays. Not while the thread runs.
  absl::Status Write();

  // Ends the thread and writes once more: call it when nobody writes to the
  // store any longer, before that is drained. Blocks. Idempotent.
  void Stop();

 private:
  void Loop();
  absl::Status TryToWrite();

  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
  const Environment environment_;
  const std::string path_;
  const AuditHeadWriterOptions options_;
  const audit::AuditHeads heads_;
  std::optional<audit::AuditHead> written_;

  SteadyEvent bell_;
  SteadyEvent end_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_AUDIT_HEAD_WRITER_H_
