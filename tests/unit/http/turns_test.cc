// SPDX-License-Identifier: Apache-2.0
//
// Whose requests a loop takes first, when there is more than it can do.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "http/options.h"
#include "http/server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/http/loopback.h"

namespace signet::http {
namespace {

using testing::ElementsAre;

// Answers at once, as a call of the tenant that the target begins with, and
// notes in what order the requests came. At /block the loop stands still.
class OrderingHandler final : public Handler {
 public:
  void Handle(Request request, Respond respond) override {
    if (request.target == "/block") {
      blocked_.Notify();
      go_on_.WaitForNotification();
    } else {
      absl::MutexLock lock(&mutex_);
      order_.push_back(request.target);
    }
    Response response;
    if (request.target.starts_with("/greedy")) {
      response.tenant_id = Uuid(Uuid::Bytes{1});
    } else if (request.target.starts_with("/modest")) {
      response.tenant_id = Uuid(Uuid::Bytes{2});
    }
    std::move(respond)(std::move(response));
  }
  Response Refuse(Fault, std::string_view) override { return {}; }

  void AwaitBlocked() { blocked_.WaitForNotification(); }
  void GoOn() { go_on_.Notify(); }
  // Since the last time.
  std::vector<std::string> TakeOrder() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(order_, {});
  }

 private:
  absl::Notification blocked_;
  absl::Notification go_on_;
  absl::Mutex mutex_;
  std::vector<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

class TurnsTest : public testing::Test {
 protected:
  TurnsTest() {
    ServerOptions options;
    options.threads = 1;
    auto server = Server::Start(options, &handler_, &clock_, &logger_);
    EXPECT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  static void Ask(LoopbackClient& client, std::string_view target) {
    client.Send(absl::StrCat("GET ", std::string(target),
                             " HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  // An answer without a body.
  static void AwaitAnswer(LoopbackClient& client) {
    std::string got;
    while (!got.ends_with("\r\n\r\n")) {
      const std::string more = client.Receive(1);
      ASSERT_FALSE(more.empty()) << "after: " << got;
      got += more;
    }
  }
  // One of whom the loop knows for what tenant it calls.
  std::unique_ptr<LoopbackClient> Connect(std::string_view tenant) {
    auto client = std::make_unique<LoopbackClient>(server_->port());
    Ask(*client, tenant);
    AwaitAnswer(*client);
    handler_.TakeOrder();
    return client;
  }

  OrderingHandler handler_;
  FakeClock clock_;
  RecordingLogger logger_;
  std::unique_ptr<Server> server_;
};

TEST_F(TurnsTest, TenantsTakeTurnsWhateverConnectionsTheyHave) {
  std::vector<std::unique_ptr<LoopbackClient>> greedy;
  for (int i = 0; i < 3; ++i) greedy.push_back(Connect("/greedy"));
  const auto modest = Connect("/modest");
  const auto blocking = Connect("/");
  Ask(*blocking, "/block");
  handler_.AwaitBlocked();
  for (int i = 0; i < 3; ++i) Ask(*greedy[i], absl::StrCat("/greedy/", i));
  Ask(*modest, "/modest/last");
  handler_.GoOn();
  for (const auto& client : greedy) AwaitAnswer(*client);
  AwaitAnswer(*modest);
  EXPECT_THAT(handler_.TakeOrder(), ElementsAre("/greedy/0", "/modest/last",
                                                "/greedy/1", "/greedy/2"));
}

TEST_F(TurnsTest, WhoSendsManyRequestsAtOnceGetsAFewInATurn) {
  constexpr int kMany = 200;
  const auto greedy = Connect("/greedy");
  const auto modest = Connect("/modest");
  const auto blocking = Connect("/");
  Ask(*blocking, "/block");
  handler_.AwaitBlocked();
  std::string all;
  for (int i = 0; i < kMany; ++i) {
    all += "GET /greedy HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  greedy->Send(all);
  Ask(*modest, "/modest");
  handler_.GoOn();
  for (int i = 0; i < kMany; ++i) AwaitAnswer(*greedy);
  AwaitAnswer(*modest);
  const std::vector<std::string> order = handler_.TakeOrder();
  EXPECT_EQ(order.size(), kMany + 1);
  EXPECT_LT(std::find(order.begin(), order.end(), "/modest") - order.begin(),
            kMany / 4);
}

}  // namespace
}  // namespace signet::http
