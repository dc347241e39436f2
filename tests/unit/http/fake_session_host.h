// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_HTTP_FAKE_SESSION_HOST_H_
#define SIGNET_TESTS_UNIT_HTTP_FAKE_SESSION_HOST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/budget.h"
#include "http/http_message.h"
#include "http/session.h"

namespace signet::http {

// Keeps the calls that a session makes, for the test to answer.
class FakeSessionHost final : public SessionHost {
 public:
  struct Made {
    uint32_t stream;
    Request request;
  };

  explicit FakeSessionHost(size_t budget_bytes = 1 << 20)
      : budget_(budget_bytes) {}

  std::vector<Made> calls;
  std::vector<Fault> faults;
  bool busy = false;  // Takes no calls.

  bool Call(uint32_t stream, Request& request) override {
    if (busy) return false;
    calls.push_back({stream, std::move(request)});
    return true;
  }
  Response Refuse(Fault fault) override {
    faults.push_back(fault);
    Response response;
    response.status = 400 + static_cast<int>(fault);
    response.body = "refused";
    return response;
  }
  std::string_view Date() override { return "Thu, 01 Jan 1970 00:00:00 GMT"; }
  Budget& budget() override { return budget_; }

 private:
  Budget budget_;
};

}  // namespace signet::http

#endif  // SIGNET_TESTS_UNIT_HTTP_FAKE_SESSION_HOST_H_
