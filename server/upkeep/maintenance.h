// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_MAINTENANCE_H_
#define SIGNET_SERVER_UPKEEP_MAINTENANCE_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/trusted_clock.h"
#include "server/upkeep/housekeeping.h"
#include "server/upkeep/last_uses.h"
#include "storage/store.h"

namespace signet::upkeep {

struct MaintenanceOptions {
  // Of last uses and the mark of time; earlier where the former fill their
  // memory.
  absl::Duration flush_interval = absl::Seconds(5);
  absl::Duration housekeeping_interval = absl::Hours(1);  // And at a start.
  absl::Duration clock_interval = absl::Seconds(5);       // See TrustedClock.
};

// The background of the service: one thread that writes last uses and the mark
// of time often, watches the wall clock, of whose jumps it logs each, and keeps
// house now and then. No request waits for it. Start and Stop belong to one
// thread; the rest is thread-safe. Borrows what it is given.
class Maintenance {
 public:
  Maintenance(storage::Store* store, LastUses* last_uses,
              Housekeeping housekeeping, TrustedClock* clock, Logger* logger,
              const MaintenanceOptions& options)
      : store_(store),
        last_uses_(last_uses),
        housekeeping_(housekeeping),
        clock_(clock),
        logger_(logger),
        options_(options) {}
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;
  ~Maintenance() { Stop(); }

  void Start();

  // Ends the thread behind the transaction that it is at, and flushes once
  // more: call it when no token is authenticated any longer, before the
  // store is drained. Blocks. Idempotent.
  void Stop();

  // Does everything once, on this thread. What fails is logged. Not while the
  // thread runs.
  void RunOnce();

 private:
  void Loop();
  // Whether all is written. Logs the first of several failures in a row, and
  // their number where they are over; what fails at the end is logged as well.
  bool Flush(bool at_the_end = false);
  void WatchClock();
  // As of a time that a wrong clock cannot push on: what is deleted is gone.
  void KeepHouse();
  bool stopping();

  storage::Store* const store_;
  LastUses* const last_uses_;
  Housekeeping housekeeping_;
  TrustedClock* const clock_;
  Logger* const logger_;
  const MaintenanceOptions options_;

  int failed_flushes_ = 0;  // In a row.

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_MAINTENANCE_H_
