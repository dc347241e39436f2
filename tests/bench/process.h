// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_PROCESS_H_
#define SIGNET_TESTS_BENCH_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace signet {

// A server under load, in a process of its own so that its memory is its own
// and it shares nothing with the load but the processors. Ended when destroyed.
class ServerProcess {
 public:
  // Starts `argv` with its output to /dev/null and waits until `ready_file`
  // exists. DEADLINE_EXCEEDED: it did not come up in 30 s.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const std::vector<std::string>& argv, const std::string& ready_file);

  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();  // SIGTERM, then waits.

  // The largest resident set so far, in MiB (VmHWM of proc(5)).
  double PeakMemoryMib() const;

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
};

// All of a file, or "" if it cannot be read.
std::string ReadWhole(const std::string& path);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_PROCESS_H_
