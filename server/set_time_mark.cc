// SPDX-License-Identifier: Apache-2.0
#include "server/set_time_mark.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "server/audit/audit_log.h"
#include "server/sealed_files.h"
#include "server/upkeep/time_correction.h"

namespace signet::server {
namespace {

// What is worth a warning: more than clocks that are set differ by.
constexpr absl::Duration kFarAhead = absl::Hours(1);

}  // namespace

absl::Status SetTimeMark(const config::ServerConfig& config,
                         const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<SealedFiles> files =
      OpenSealedFiles(config, environment, MalformedRows::kLeft);
  if (!files.ok()) return files.status();
  const absl::Time now = environment.clock->Now();
  absl::Time mark = now;
  if (config.set_time_mark != config::kTimeMarkNow) {
    const absl::StatusOr<absl::Time> named = ParseRfc3339(config.set_time_mark);
    if (!named.ok()) return named.status();
    mark = *named;
  }
  const audit::AuditLog audit(files->keyring.get(), environment.random);
  const absl::StatusOr<std::string> before =
      upkeep::CorrectTimeMark(*files->store, audit, mark, now);
  if (!before.ok()) return before.status();
  if (absl::Status s = files->head_writer->Write(); !s.ok()) return s;
  std::string text = absl::StrCat("mark of time: was ", *before, ", is ",
                                  FormatRfc3339(mark), "\n");
  if (mark - now > kFarAhead) {
    absl::StrAppend(
        &text, "warning: the mark is ",
        absl::FormatDuration(absl::Trunc(mark - now, absl::Seconds(1))),
        " ahead of this machine's clock; tokens that expire before it are "
        "ended until you run --set_time_mark=now\n");
  }
  return environment.show(text);
}

}  // namespace signet::server
