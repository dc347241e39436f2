// SPDX-License-Identifier: Apache-2.0
#include "server/process.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "absl/synchronization/mutex.h"

namespace signet::server {
namespace {

bool IsIgnored(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

}  // namespace

void HardenProcess() {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  if (rlimit files; getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

void DisableDeadlockDetection() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

std::vector<std::string> EnvironmentLines() {
  std::vector<std::string> lines;
  for (char** line = environ; *line != nullptr; ++line) lines.push_back(*line);
  return lines;
}

ProcessSignals::ProcessSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  // One that is blocked would wait here though it is ignored.
  if (!IsIgnored(SIGHUP)) sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

Signal ProcessSignals::WaitFor(absl::Duration timeout) {
  const timespec limit = absl::ToTimespec(timeout);
  const int signal = sigtimedwait(&signals_, nullptr, &limit);
  if (signal == SIGHUP) return Signal::kReload;
  return signal > 0 ? Signal::kStop : Signal::kNone;
}

void ProcessSignals::ExitOnNextStop() {
  struct sigaction action = {};
  action.sa_handler = [](int) { _exit(1); };
  sigset_t stops;
  sigemptyset(&stops);
  for (const int signal : {SIGTERM, SIGINT}) {
    sigaction(signal, &action, nullptr);
    sigaddset(&stops, signal);
  }
  pthread_sigmask(SIG_UNBLOCK, &stops, nullptr);
}

}  // namespace signet::server
