// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_PROCESS_H_
#define SIGNET_SERVER_PROCESS_H_

#include <csignal>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signet::server {

// What a process that keeps secrets does before anything else: no core dumps,
// no debugger of the same user (prctl(2), PR_SET_DUMPABLE), files for the owner
// alone, as many descriptors as allowed, and no death by SIGPIPE.
void HardenProcess();

// Distributions build Abseil with its deadlock detector, which keeps a graph of
// the order in which mutexes are taken, for each lock of each call. Tests have
// it; a server under load does without.
void DisableDeadlockDetection();

// The environment as lines `NAME=value`.
std::vector<std::string> EnvironmentLines();

enum class Signal {
  kNone,
  kStop,    // SIGTERM or SIGINT.
  kReload,  // SIGHUP.
};

// The signals that tell the process something, taken as events. SIGHUP is none
// of them where it was ignored, as nohup(1) does. One per process, made before
// it starts its first thread: all threads inherit that the signals wait here.
class ProcessSignals {
 public:
  ProcessSignals();
  ProcessSignals(const ProcessSignals&) = delete;
  ProcessSignals& operator=(const ProcessSignals&) = delete;

  // What arrived within `timeout`, which is finite.
  Signal WaitFor(absl::Duration timeout);

  // From now on a signal to stop ends the process at once, with exit code 1.
  // One to reload does nothing.
  void ExitOnNextStop();

 private:
  sigset_t signals_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_PROCESS_H_
