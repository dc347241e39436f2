// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sampling_logger.h"
#include "crypto/system_random.h"
#include "server/app.h"
#include "server/back_up.h"
#include "server/config/command.h"
#include "server/config/flags.h"
#include "server/issue_super_admin.h"
#include "server/process.h"
#include "server/reload.h"
#include "server/rpc/library_log.h"
#include "server/seal_database.h"
#include "server/set_time_mark.h"
#include "server/token/credential_text.h"
#include "server/verify_audit.h"

namespace signet::server {
namespace {

// Takes the places of standard input, output and error where they are closed:
// a file opened there would receive what is written to them, a token perhaps.
// Writing to the place holder fails. Before the initializers of libraries,
// which open files, and hence by system calls alone.
void OccupyStandardDescriptors(int, char**, char**) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (syscall(SYS_fcntl, fd, F_GETFD) == -1) {
      syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
    }
  }
}
using Initializer = void (*)(int, char**, char**);
__attribute__((section(".preinit_array"), used)) Initializer occupy =
    &OccupyStandardDescriptors;

int Fail(const absl::Status& status) {
  std::cerr << "signetd: " << status.message() << "\n";
  return ExitCode(status);
}

absl::Status ShowOnStdout(std::string_view text) {
  std::cout << text << std::flush;
  if (std::cout) return absl::OkStatus();
  return absl::UnavailableError("cannot write to standard output");
}

// What is done in place of serving.
using Errand = absl::Status (*)(const config::ServerConfig&,
                                const Environment&);
constexpr std::pair<config::Command, Errand> kErrands[] = {
    {config::Command::kCheck, &VerifyAuditLogs},
    {config::Command::kIssueSuperAdmin, &ShowNewSuperAdmin},
    {config::Command::kSetTimeMark, &SetTimeMark},
    {config::Command::kBackup, &BackUp},
    {config::Command::kSealDatabase, &SealOldDatabase},
};

// Null where `command` is to serve.
Errand ErrandOf(config::Command command) {
  for (const auto& [name, errand] : kErrands) {
    if (name == command) return errand;
  }
  return nullptr;
}

int Main(int argc, char** argv) {
  HardenProcess();
  DisableDeadlockDetection();
  StartedWith started = {.arguments = {argv + 1, argv + argc},
                         .environment = EnvironmentLines(),
                         .config = {}};
  const absl::StatusOr<config::Invocation> invocation =
      config::ParseFlags(started.arguments, started.environment);
  if (!invocation.ok()) return Fail(invocation.status());
  if (!invocation->text.empty()) {
    return ShowOnStdout(invocation->text).ok() ? 0 : 1;
  }

  ProcessSignals signals;  // Before the first thread.
  const SystemClock clock;
  const SystemMonotonicClock monotonic;
  crypto::SystemRandom random;
  JsonLogger lines(STDERR_FILENO, &clock, &token::WithoutCredentials);
  SamplingLogger logger(&lines, &clock);
  const rpc::LibraryLog library_log(&logger);
  for (const std::string& name : invocation->unknown_variables) {
    logger.Warning("no flag has this name", {{"variable", name}});
  }

  const Environment environment = {.clock = &clock,
                                   .monotonic = &monotonic,
                                   .random = &random,
                                   .logger = &logger,
                                   .show = ShowOnStdout};
  const config::ServerConfig& config = invocation->config;
  if (const Errand errand = ErrandOf(config.command()); errand != nullptr) {
    const absl::Status status = errand(config, environment);
    return status.ok() ? 0 : Fail(status);
  }
  absl::StatusOr<std::unique_ptr<App>> app = App::Start(config, environment);
  if (!app.ok()) return Fail(app.status());
  started.config = config;
  for (Signal signal = Signal::kNone; signal != Signal::kStop;
       signal = signals.WaitFor(absl::Milliseconds(100))) {
    if (signal == Signal::kReload) Reload(started, **app, logger);
    logger.SayWhatIsDue();
    const absl::Status health = (*app)->Health();
    if (health.ok()) continue;
    (*app)->Drain().IgnoreError();  // What failed first is what matters.
    return Fail(health);
  }
  signals.ExitOnNextStop();
  const absl::Status health = (*app)->Health();  // Before it is stopped.
  const absl::Status drained = (*app)->Drain();
  const absl::Status status = health.ok() ? drained : health;
  if (drained.ok()) return status.ok() ? 0 : Fail(status);
  // Calls that were cut off may run on: leave their world in place.
  std::quick_exit(Fail(status));
}

}  // namespace
}  // namespace signet::server

int main(int argc, char** argv) { return signet::server::Main(argc, argv); }
