// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_THROTTLED_LOG_H_
#define SIGNET_SERVER_OAUTH_THROTTLED_LOG_H_

#include <string_view>

#include "absl/time/time.h"
#include "base/log.h"
#include "base/throttle.h"

namespace signet::oauth {

// Tells an operator why tokens are refused, which no client is told, without
// letting anyone who sends many bad ones fill the disk: one line a second, with
// the number left out since the last. Thread-safe. Borrows the logger.
class ThrottledLog {
 public:
  explicit ThrottledLog(Logger* logger) : logger_(logger) {}

  // `why` holds nothing of the token.
  void Refused(std::string_view why, absl::Time now);

 private:
  Logger* const logger_;
  Throttle throttle_;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_THROTTLED_LOG_H_
