// SPDX-License-Identifier: Apache-2.0
#include "client/reconnect_delay.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/error.h"

namespace signet::client {
namespace {

bool IsRefusal(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Duration ReconnectDelay::After(const absl::Status& status) {
  absl::Duration step = next_;
  if (IsRefusal(status.code())) {
    step = kRefused;
  } else {
    next_ = std::min(2 * next_, kLongest);
  }
  uint16_t chance = 0;
  random_->Fill(std::span(reinterpret_cast<uint8_t*>(&chance), sizeof(chance)));
  const absl::Duration wait = step / 2 + step / 2 * (chance / 65536.0);
  return std::max(wait, std::min(GetErrorDetail(status).retry_after, kRefused));
}

}  // namespace signet::client
