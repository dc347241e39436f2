// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_CALL_TABLE_H_
#define SIGNET_HTTP_CALL_TABLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "http/connection.h"
#include "http/quota.h"

namespace signet::http {

// The calls that are with the handler, each under a number that does not come
// again for 2^32 calls, so that a second answer finds nothing. Not thread-safe.
class CallTable {
 public:
  struct Call {
    std::shared_ptr<Connection> connection;
    uint32_t stream = 0;
    Quota::Ticket ticket;
  };

  uint64_t Add(Call call) {
    if (free_.empty()) {
      free_.push_back(static_cast<uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.call = std::move(call);
    return uint64_t{slot.generation} << 32 | index;
  }

  std::optional<Call> Take(uint64_t number) {
    const auto index = static_cast<uint32_t>(number);
    Slot& slot = slots_[index];
    if (slot.generation != number >> 32) return std::nullopt;
    ++slot.generation;
    free_.push_back(index);
    return std::exchange(slot.call, Call());
  }

 private:
  struct Slot {
    Call call;
    uint32_t generation = 0;
  };

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_CALL_TABLE_H_
