// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SET_TIME_MARK_H_
#define SIGNET_SERVER_SET_TIME_MARK_H_

#include "absl/status/status.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// What `signetd set-time-mark` does: opens the store as a server would, which
// fails while one has it, sets the mark of time and shows what it was and is.
// Serves nothing. The way out where the wall clock was far ahead for more than
// an hour, so that the mark has followed it, or where the mark is no time.
// Errors as CorrectTimeMark and App::Start.
absl::Status SetTimeMark(const config::ServerConfig& config,
                         const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_SET_TIME_MARK_H_
