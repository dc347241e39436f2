// SPDX-License-Identifier: Apache-2.0
#include "http/options.h"

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace signet::http {
namespace {

absl::Status CheckRange(const char* name, uint64_t value, uint64_t least,
                        uint64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, ": got ", value, ", want between ", least, " and ", most));
}

absl::Status CheckTimeout(const char* name, absl::Duration value) {
  if (value >= absl::Milliseconds(10) && value <= absl::Hours(24)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": got ", absl::FormatDuration(value),
                   ", want between 10ms and 24h"));
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  if (host.empty()) {
    return absl::InvalidArgumentError("host: got nothing, want an address");
  }
  absl::Status status;
  // A negative int becomes a number far beyond every range.
  status.Update(CheckRange("threads", threads, 0, 1024));
  status.Update(CheckRange("max_connections", max_connections, 1, 1 << 20));
  status.Update(CheckRange("max_running_calls", max_running_calls, 1, 1 << 20));
  status.Update(
      CheckRange("max_concurrent_streams", max_concurrent_streams, 1, 10000));
  status.Update(CheckRange("max_buffered_bytes", max_buffered_bytes, 1 << 20,
                           1ull << 40));
  status.Update(CheckRange("max_unsent_bytes_per_connection",
                           max_unsent_bytes_per_connection, 1024, 1ull << 40));
  status.Update(
      CheckRange("max_unsent_bytes", max_unsent_bytes, 1 << 20, 1ull << 40));
  status.Update(CheckRange("max_target_bytes", max_target_bytes, 64, 1 << 20));
  status.Update(CheckRange("max_field_bytes", max_field_bytes, 1024, 1 << 20));
  status.Update(CheckRange("max_body_bytes", max_body_bytes, 0, 1 << 30));
  status.Update(CheckTimeout("request_timeout", request_timeout));
  status.Update(CheckTimeout("write_timeout", write_timeout));
  status.Update(CheckTimeout("idle_timeout", idle_timeout));
  return status;
}

}  // namespace signet::http
