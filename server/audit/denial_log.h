// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_DENIAL_LOG_H_
#define SIGNET_SERVER_AUDIT_DENIAL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/steady_event.h"
#include "base/throttle.h"
#include "base/uuid.h"
#include "server/audit/audit_log.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::audit {

struct DenialLogOptions {
  // Denials of one caller, action and account within this time are one event.
  absl::Duration window = absl::Seconds(10);
  // Between two transactions: what is denied meanwhile shares the next one.
  absl::Duration pause = absl::Milliseconds(50);
  int max_per_transaction = 16;
  // Of caller, action and account that are kept at once: in all, and of callers
  // of one account (of one user).
  size_t max_kinds = 4096;
  size_t max_kinds_per_tenant = 256;
};

// Writes denials into the audit logs of the accounts they were about, behind
// the answers: whoever is denied neither waits for it nor learns from the time
// of the answer whether there is such an account. For that reason the work
// behind the answer is the same too, up to the rows: each transaction waits for
// the disk, whether it has an event to write or not.
//
// The first denial of a caller, action and account is an event at once (within
// DenialLogOptions::pause). Those that follow within the window are one event
// at its end, whose details have their `count`, `first_at` and `last_at`, and
// so on while they go on. A caller can thus make at most one event a window for
// each action and account, and no write of another's waits for more than one
// short transaction of denials.
//
// What is kept is bounded. Denials beyond that are counted in the server's log,
// and as `left_out` in the details of the next such event of their account. The
// former counts those as well that the store refuses for good.
//
// A kill loses what is not written yet, at most a window; Stop() loses nothing
// that was noted before it, unless the store fails.
// Thread-safe but for Start() and Stop(), which belong to one thread.
class DenialLog {
 public:
  // All outlive this object.
  DenialLog(storage::Store* store, const AuditLog* audit, const Clock* clock,
            Logger* logger, const DenialLogOptions& options = {})
      : store_(store),
        audit_(audit),
        clock_(clock),
        logger_(logger),
        options_(options) {}
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;
  ~DenialLog() { Stop(); }

  // Starts the thread that writes. Without it only Flush() does.
  void Start();

  // Ends the thread and writes all that is left. Call it when nobody is denied
  // any longer (Dispatcher::AwaitIdle), before the store is drained. Blocks.
  // Idempotent.
  void Stop();

  // Notes that `caller` was denied `entry` on the account; nothing where
  // `account_id` is no UUID. Touches memory only.
  void Note(const identity::Caller& caller, std::string_view account_id,
            const AuditEntry& entry);

  // Writes what is due, and with `all` also what is still being counted.
  // Blocks. Not while the thread runs.
  absl::Status Flush(bool all = false);

 private:
  // Caller, action, account.
  using Kind = std::tuple<std::string, std::string, Uuid>;

  // What is kept of one denial.
  struct Denial {
    identity::Caller caller;
    AuditEntry entry;
    absl::Time at;
  };

  struct Count {
    std::string tenant;
    absl::Time started;  // Of the window.
    Denial first;        // While the kind is in fresh_.
    // Of those behind it that are not yet handed over; the last of them.
    uint64_t count = 0;
    absl::Time first_at = {};
    Denial last = {};
  };

  // An event to write.
  struct Event {
    Uuid account_id;
    Denial denial;
    uint64_t count = 0;  // 0: it is one, the first.
    absl::Time first_at = {};
    uint64_t left_out = 0;
  };

  void Loop();
  bool HasDue(absl::Time now) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Waits for work; false: the log is being stopped.
  bool AwaitWork();
  // Lets that time go by; false: the log is being stopped.
  bool Pause(absl::Duration pause);
  // Moves up to a transaction's worth of what is due at `now` to writing_.
  void Take(absl::Time now, bool all) ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeEvent(Event event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsOver(const Count& count, absl::Time now) const;
  void Forget(const Kind& kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes writing_: all of it or, if the fault may lie in one of them, each
  // for itself. An error: what is left of it may be written later.
  absl::Status WriteTaken() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Write(std::span<const Event> events);
  absl::Status Append(storage::WriteTxn& txn, const Event& event) const;
  void LogLeftOut(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_);

  storage::Store* const store_;
  const AuditLog* const audit_;
  const Clock* const clock_;
  Logger* const logger_;
  const DenialLogOptions options_;
  SteadyEvent news_;  // Of a kind that is fresh, or the end.
  Throttle failures_;
  Throttle left_out_said_;

  // Of who writes: the thread, or Flush().
  std::vector<Event> writing_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Kind, Count> kinds_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, size_t> kinds_of_tenant_ ABSL_GUARDED_BY(mutex_);
  // Each kind is in one of the two: not yet an event; in order of the start of
  // their windows.
  std::deque<Kind> fresh_ ABSL_GUARDED_BY(mutex_);
  std::deque<Kind> open_ ABSL_GUARDED_BY(mutex_);
  // Denials for which there was no room, by account while that is known.
  std::map<Uuid, uint64_t> left_out_ ABSL_GUARDED_BY(mutex_);
  // Those and what could not be written, of which the log does not tell yet.
  uint64_t left_out_unsaid_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_DENIAL_LOG_H_
