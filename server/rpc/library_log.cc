// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/library_log.h"

#include <grpc/support/log.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"

namespace signet::rpc {
namespace {

// Where lines go: the hooks take plain functions, which know no object. The
// mutex also keeps both alive while a line is on its way.
ABSL_CONST_INIT absl::Mutex mutex(absl::kConstInit);
ABSL_CONST_INIT Logger* target ABSL_GUARDED_BY(mutex) = nullptr;
ABSL_CONST_INIT Throttle* throttle ABSL_GUARDED_BY(mutex) = nullptr;

void OnGrpc(gpr_log_func_args* args) {
  if (args->severity < GPR_LOG_SEVERITY_ERROR) return;
  absl::MutexLock lock(&mutex);
  if (target == nullptr) return;
  const std::optional<int64_t> omitted = throttle->Pass(absl::Now());
  if (!omitted.has_value()) return;
  target->Error("library error", {{"library", std::string_view("grpc")},
                                  {"text", std::string_view(args->message)},
                                  {"omitted", *omitted}});
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
    throttle = &grpc_errors_;
  }
  gpr_set_log_function(&OnGrpc);
  google::protobuf::SetLogHandler(&OnProtobuf);
}

LibraryLog::~LibraryLog() {
  absl::MutexLock lock(&mutex);
  target = nullptr;
}

}  // namespace signet::rpc
