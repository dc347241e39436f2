// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/library_log.h"

#include <grpc/support/log.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/stubs/logging.h"

namespace signet {
namespace {

using Steady = std::chrono::steady_clock;
constexpr Steady::duration kBetweenLines = std::chrono::seconds(1);

// Where lines go: the hooks take plain functions, which know no object. The
// mutex also keeps the logger alive while a line is on its way.
ABSL_CONST_INIT absl::Mutex mutex(absl::kConstInit);
ABSL_CONST_INIT Logger* target ABSL_GUARDED_BY(mutex) = nullptr;
// Of gRPC's errors: when the last line was, and how many were left out since.
ABSL_CONST_INIT Steady::time_point last_line ABSL_GUARDED_BY(mutex);
ABSL_CONST_INIT int64_t omitted ABSL_GUARDED_BY(mutex) = 0;

void OnGrpc(gpr_log_func_args* args) {
  if (args->severity < GPR_LOG_SEVERITY_ERROR) return;
  absl::MutexLock lock(&mutex);
  if (target == nullptr) return;
  const Steady::time_point now = Steady::now();
  if (now - last_line < kBetweenLines) {
    ++omitted;
    return;
  }
  last_line = now;
  target->Error("library error", {{"library", std::string_view("grpc")},
                                  {"text", std::string_view(args->message)},
                                  {"omitted", std::exchange(omitted, 0)}});
}

void OnProtobuf(google::protobuf::LogLevel level, const char*, int,
                const std::string& message) {
  if (level < google::protobuf::LOGLEVEL_FATAL) return;
  absl::MutexLock lock(&mutex);
  if (target == nullptr) return;
  target->Error("library error", {{"library", std::string_view("protobuf")},
                                  {"text", std::string_view(message)}});
}

}  // namespace

LibraryLog::LibraryLog(Logger* logger) {
  {
    absl::MutexLock lock(&mutex);
    target = logger;
    last_line = Steady::now() - kBetweenLines;
    omitted = 0;
  }
  gpr_set_log_function(&OnGrpc);
  google::protobuf::SetLogHandler(&OnProtobuf);
}

LibraryLog::~LibraryLog() {
  absl::MutexLock lock(&mutex);
  target = nullptr;
}

}  // namespace signet
