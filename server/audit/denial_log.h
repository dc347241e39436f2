// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_DENIAL_LOG_H_
#define SIGNET_SERVER_AUDIT_DENIAL_LOG_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
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
  // Denials of one kind within this time are one event.
  absl::Duration window = absl::Seconds(10);
  // Between two transactions: what is denied meanwhile shares the next one.
  absl::Duration pause = absl::Milliseconds(50);
  int max_per_transaction = 16;
  // Resources that are named one by one, of a caller, action and account.
  size_t max_resources = 4;
  // A caller that has so many kinds on an account has no more resources named.
  size_t max_kinds_of_caller = 16;
  // Kinds on an account of all callers of one tenant, where it is another's
  // account and where it is the tenant's own. The rest share one event.
  size_t max_kinds_of_strangers = 16;
  size_t max_kinds_at_home = 256;
  // What is kept at once, in all and of callers of one tenant; of accounts that
  // are there, and again as much of those that are not.
  size_t max_kinds = 4096;
  size_t max_kinds_per_tenant = 256;
  size_t max_rests = 4096;
  size_t max_rests_per_tenant = 256;
};

// Writes denials into the audit logs of the accounts they were about, behind
// the answers: anyone who is denied neither waits for it nor learns from the
// time of the answer whether there is such an account. For that reason the work
// behind the answer is the same too, up to the rows: each transaction waits for
// the disk, whether it has an event to write or not.
//
// A kind is a caller, action, account and resource. The first of a kind is an
// event at once (within DenialLogOptions::pause). Those that follow within the
// window are one event at its end, whose details have their `count`, `first_at`
// and `last_at`, and so on while they go on.
//
// Callers of one tenant have few kinds on an account, so that none fills
// another's log: beyond a few resources a caller's denials of an action are one
// kind, which says how many `resources` there were; and beyond a few kinds the
// rest of the window is one event `denials.further`, which says of whom and of
// what it was, and how many (see docs/security.md). A tenant is the account
// that a service account belongs to. All OAuth users are one, but for those who
// hold something on the account, who count with it.
//
// What is kept is bounded. Denials on accounts that are not there take no room
// from others: nothing is ever written of them. What there is no room for even
// in the rest, as only somebody makes who is denied on hundreds of accounts
// that are there, is counted in the server's log, as are those that the store
// refuses for good.
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

  // Notes that `caller` was denied `entry` on the account with `denial`, whose
  // reason the event tells; nothing where `account_id` is no UUID. Touches
  // memory only.
  void Note(const identity::Caller& caller, std::string_view account_id,
            AuditEntry entry, const absl::Status& denial);

  // Writes what is due, and with `all` also what is still being counted.
  // Blocks. Not while the thread runs.
  absl::Status Flush(bool all = false);

 private:
  // Callers of one tenant on one account.
  struct Group {
    bool absent = false;  // Is the account.
    Uuid tenant = {};
    Uuid account_id = {};
    friend auto operator<=>(const Group&, const Group&) = default;
  };
  struct Kind {
    Group group = {};
    std::string caller = {};
    std::string action = {};
    std::string resource_id = {};  // Empty: of none, or of several.
    friend auto operator<=>(const Kind&, const Kind&) = default;
  };

  // What is kept of one denial.
  struct Denial {
    identity::Caller caller = {};
    AuditEntry entry = {};
    absl::Time at = {};
  };

  // Some of the different things that were named, to tell their number.
  class Distinct {
   public:
    void Add(const std::string& name);
    size_t size() const { return names_.size() + (more_ ? 1 : 0); }
    std::string Number() const;

   private:
    std::set<std::string> names_;
    bool more_ = false;
  };

  // Denials that are not yet handed over.
  struct Count {
    uint64_t count = 0;
    absl::Time first_at = {};
    // What all of them had in common, of the time of the last.
    Denial last = {};
    Distinct resources = {};

    void Add(Denial denial);
  };

  struct Counted {
    absl::Time started = {};  // Of the window.
    Denial first = {};        // While the kind is in fresh_.
    Count behind = {};        // The first.
  };

  // Of a group, those for whose kinds there was no room.
  struct Rest {
    Count count = {};
    Distinct callers = {};
    std::map<std::string, uint64_t> actions = {};
  };

  struct GroupState {
    size_t kinds = 0;
    std::unique_ptr<Rest> rest = {};  // Null: none.
  };

  // What takes room.
  struct Share {
    size_t kinds = 0;
    size_t rests = 0;
  };

  // An event to write.
  struct Event {
    Uuid account_id = {};
    AuditEntry entry = {};
    absl::Time at = {};
    // Absent: of several callers.
    std::optional<identity::Caller> caller = {};
    uint64_t count = 1;    // Denials that it tells of.
    bool nothing = false;  // To write, but to wait for the disk.
  };

  void Loop();
  bool HasDue(absl::Time now) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Waits for work; false: the log is being stopped.
  bool AwaitWork();
  // Lets that time go by; false: the log is being stopped.
  bool Pause(absl::Duration pause);
  // Moves up to a transaction's worth of what is due at `now` to writing_.
  void Take(absl::Time now, bool all) ABSL_LOCKS_EXCLUDED(mutex_);
  bool IsOver(absl::Time started, absl::Time now) const;
  // The kind under which it is counted: of several resources, where as many as
  // are named have their own.
  Kind KindFor(Kind kind) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool HasRoomFor(const Group& group) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void NoteInRest(const Group& group, Denial denial)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const Kind& kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of what takes room, in all and of the tenant.
  Share& All(const Group& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return all_[group.absent ? 1 : 0];
  }
  // Forgets what the group and its tenant have nothing left of.
  void Tidy(const Group& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static Event EventOf(const Uuid& account_id, Denial denial);
  static Event EventOf(const Uuid& account_id, Count count);
  static Event EventOf(const Group& group, Rest rest);
  // Writes writing_: all of it or, if the fault may lie in one of them, each
  // for itself. An error: what is left of it may be written later.
  absl::Status WriteTaken() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Write(std::span<const Event> events);
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
  std::map<Kind, Counted> kinds_ ABSL_GUARDED_BY(mutex_);
  std::map<Group, GroupState> groups_ ABSL_GUARDED_BY(mutex_);
  // In all: of accounts that are there, and of those that are not. Of each
  // tenant: by the group without its account.
  std::array<Share, 2> all_ ABSL_GUARDED_BY(mutex_);
  std::map<Group, Share> of_tenants_ ABSL_GUARDED_BY(mutex_);
  // Each kind is in one of the two: not yet an event; in order of the start of
  // their windows.
  std::deque<Kind> fresh_ ABSL_GUARDED_BY(mutex_);
  std::deque<Kind> open_ ABSL_GUARDED_BY(mutex_);
  // Groups that have a rest, in order of its start.
  std::deque<Group> rests_ ABSL_GUARDED_BY(mutex_);
  // Denials for which there was no room.
  bool left_out_ ABSL_GUARDED_BY(mutex_) = false;  // Since the last Take().
  uint64_t left_out_unsaid_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_DENIAL_LOG_H_
