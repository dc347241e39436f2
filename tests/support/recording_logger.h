// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_RECORDING_LOGGER_H_
#define SIGNET_TESTS_SUPPORT_RECORDING_LOGGER_H_

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"

namespace signet {

// Keeps what is logged. Thread-safe.
class RecordingLogger final : public Logger {
 public:
  struct Line {
    LogLevel level;
    std::string message;
    std::map<std::string, std::string> fields;  // Numbers and booleans as text.
  };

  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override {
    Line line{.level = level, .message = std::string(message), .fields = {}};
    for (const LogField& field : fields) {
      line.fields[std::string(field.key)] = std::visit(
          [](const auto& value) {
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>,
                                         std::string_view>) {
              return std::string(value);
            } else {
              return std::to_string(value);
            }
          },
          field.value);
    }
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }

  std::vector<Line> lines() const {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }
  // How many lines have this message.
  ptrdiff_t LinesOf(std::string_view message) const {
    absl::MutexLock lock(&mutex_);
    return std::ranges::count(lines_, message, &Line::message);
  }
  // Waits until so many lines have it.
  void AwaitLinesOf(std::string_view message, ptrdiff_t count) const {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::ranges::count(lines_, message, &Line::message) >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<Line> lines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_RECORDING_LOGGER_H_
