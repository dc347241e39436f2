// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_LOG_H_
#define SIGNET_BASE_LOG_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"

namespace signet {

enum class LogLevel { kInfo, kWarning, kError };

// One member of a log line's JSON object.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// Writes one JSON object per line (RFC 8259): `time`, `level`, `message`, then
// the fields. Callers never pass a secret. Thread-safe.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void Log(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) = 0;

  // A line about a call that was refused to `peer`, its address with or without
  // a port. Clients cause as many as they like: a logger may leave them out
  // beyond a number, and then says how many.
  virtual void LogRefusal(std::string_view /*peer*/, LogLevel level,
                          std::string_view message,
                          std::initializer_list<LogField> fields) {
    Log(level, message, fields);
  }

  void Info(std::string_view message,
            std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, message, fields);
  }
  void Warning(std::string_view message,
               std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, message, fields);
  }
  void Error(std::string_view message,
             std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, message, fields);
  }
};

// Logs to a file descriptor, which it does not own. The process must ignore
// SIGPIPE.
//
// Every text goes through `clean` first, which takes out what no log may hold
// though a client has put it there: credentials (credential_text.h).
//
// A line is one write(2) of at most 4 KiB, so lines never mix, not even those
// of several processes on one pipe. A text over 1 KiB is cut and ends in `...`.
//
// Everything outside printable ASCII is escaped, and bytes that are not UTF-8
// become U+FFFD, so a value can neither break a line nor drive a terminal. A
// number that is not finite is null.
//
// A line that cannot be written at once is dropped: a reader that has stopped
// never stops the service. How many were is the line `log lines dropped`, which
// comes before the next one that can be written.
class JsonLogger final : public Logger {
 public:
  using Clean = std::string (*)(std::string_view text);

  JsonLogger(int fd, const Clock* clock, Clean clean)
      : fd_(fd), clock_(clock), clean_(clean) {}
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override;

 private:
  std::string LineOf(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) const;
  bool Write(std::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int fd_ ABSL_GUARDED_BY(mutex_);
  const Clock* const clock_;
  const Clean clean_;
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;  // And not yet said.
  absl::Mutex mutex_;  // Held from asking for room on fd_ to writing there.
};

}  // namespace signet

#endif  // SIGNET_BASE_LOG_H_
