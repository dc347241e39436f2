// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_PROBE_HANDLER_H_
#define SIGNET_GATEWAY_PROBE_HANDLER_H_

#include <functional>
#include <string_view>
#include <utility>

#include "http/http_message.h"

namespace signet::gateway {

// Answers `/livez` and `/readyz` to anyone who asks, without a credential and
// without a line in the log, and leaves every other request to another handler.
// `/livez` is 200 as long as the process answers; `/readyz` is 200 while it can
// do its work and takes new calls, else 503. The answer holds one word of plain
// text. Thread-safe.
class ProbeHandler final : public http::Handler {
 public:
  // `next` outlives the handler. `ready` is called on any thread and does not
  // block.
  ProbeHandler(http::Handler* next, std::function<bool()> ready)
      : next_(next), ready_(std::move(ready)) {}

  void Handle(http::Request request, Respond respond) override;
  http::Response Refuse(http::Fault fault, std::string_view peer) override {
    return next_->Refuse(fault, peer);
  }

 private:
  http::Handler* const next_;
  const std::function<bool()> ready_;
};

}  // namespace signet::gateway

#endif  // SIGNET_GATEWAY_PROBE_HANDLER_H_
