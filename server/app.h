// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_APP_H_
#define SIGNET_SERVER_APP_H_

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "server/config/config.h"
#include "server/config/ports.h"

namespace signet::server {

// What the service takes from the world around it. Borrowed.
struct Environment {
  const Clock* clock = nullptr;  // The machine's.
  const MonotonicClock* monotonic = nullptr;
  RandomSource* random = nullptr;
  Logger* logger = nullptr;

  // Shows text to the person who started the process; the text may hold the
  // first token. An error ends the start.
  std::function<absl::Status(std::string_view)> show;
};

// A running service: it owns every part and ties them together. The only place
// that names concrete engines.
class App {
 public:
  // Opens the store, listens, and on a first start makes the first credential.
  // When it returns, calls are answered and the port file is written. Reasons
  // of errors (see ExitCode):
  //   FLAG_INVALID: a flag, or a file that one names; nothing was touched if
  //     the flag alone shows it.
  //   DATABASE_REFUSED: the database must not be opened as it is.
  //   none of these, FAILED_PRECONDITION: the process may open too few files.
  // Where it may open fewer than --max_connections wants, it takes fewer
  // connections and says so in the log.
  static absl::StatusOr<std::unique_ptr<App>> Start(
      const config::ServerConfig& config, const Environment& environment);

  virtual ~App() = default;

  virtual config::Ports ports() const = 0;

  // OK while the service can do its work; after another status it never will.
  // DATABASE_REFUSED: its files are not those any more that it opened, or
  // somebody else has changed the database.
  virtual absl::Status Health() const = 0;

  // Loads anew what can be while it serves, without a call that notices: the
  // keys of the OAuth issuer. What comes of it is logged. Whether there was
  // anything to load. May read a file.
  virtual bool Reload() = 0;

  // Stops in order: health says so, no new calls, calls in progress finish,
  // accepted writes reach the disk. Blocks. DEADLINE_EXCEEDED: calls did not
  // finish within --drain_timeout_ms and were cut off. DATABASE_REFUSED: as
  // Health().
  virtual absl::Status Drain() = 0;
};

// The process's exit code for an error of ParseFlags, ServerConfig::Validate or
// App: 2 for a bad flag or file, 3 for a database that must not be opened or
// not be served any longer, 1 otherwise.
int ExitCode(const absl::Status& status);

}  // namespace signet::server

#endif  // SIGNET_SERVER_APP_H_
