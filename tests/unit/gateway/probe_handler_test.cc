// SPDX-License-Identifier: Apache-2.0
#include "gateway/probe_handler.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::gateway {
namespace {

class Behind final : public http::Handler {
 public:
  void Handle(http::Request request, Respond respond) override {
    std::move(respond)({.status = 401, .fields = {}, .body = request.target});
  }
  http::Response Refuse(http::Fault, std::string_view) override {
    return {.status = 400, .fields = {}, .body = ""};
  }
};

class ProbeHandlerTest : public testing::Test {
 protected:
  http::Response Ask(std::string target, std::string method = "GET") {
    http::Response answer;
    probes_.Handle(
        {.method = std::move(method),
         .target = std::move(target),
         .fields = {},
         .body = "",
         .peer = ""},
        [&](http::Response response) { answer = std::move(response); });
    return answer;
  }

  bool ready_ = true;
  Behind behind_;
  ProbeHandler probes_{&behind_, [this] { return ready_; }};
};

TEST_F(ProbeHandlerTest, LiveAlwaysReadyWhileItIs) {
  for (const char* target : {"/livez", "/readyz", "/readyz?verbose"}) {
    EXPECT_EQ(Ask(target).status, 200);
    EXPECT_EQ(Ask(target, "HEAD").body, "ok\n");
  }
  ready_ = false;
  EXPECT_EQ(Ask("/livez").status, 200);
  EXPECT_EQ(Ask("/readyz").status, 503);
}

TEST_F(ProbeHandlerTest, OtherMethodsAreNotAllowed) {
  EXPECT_EQ(Ask("/livez", "POST").status, 405);
  EXPECT_EQ(Ask("/readyz", "get").status, 405);
}

TEST_F(ProbeHandlerTest, EverythingElseGoesOn) {
  for (const char* target : {"/", "/livez/", "/Livez", "/readyz/x", "/v1"}) {
    EXPECT_EQ(Ask(target).status, 401);
    EXPECT_EQ(Ask(target).body, target);
  }
  EXPECT_EQ(probes_.Refuse(http::Fault::kTimeout, "").status, 400);
}

}  // namespace
}  // namespace signet::gateway
