// SPDX-License-Identifier: Apache-2.0
//
// Whole servers on loopback sockets.
#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "http/options.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/http/loopback.h"

namespace signet::http {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  std::unique_ptr<Server> Start(ServerOptions options = {}) {
    auto server = Server::Start(options, &handler_, &clock_, &logger_);
    EXPECT_THAT(server, IsOk());
    return *std::move(server);
  }

  WaitingHandler handler_;
  FakeClock clock_;
  RecordingLogger logger_;
};

TEST_F(HttpServerTest, ServesOnThePortTheSystemPicked) {
  const auto server = Start();
  LoopbackClient client(server->port());
  client.Send(LastPost("/", "hello"));
  const std::string answer = client.ReceiveAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Date: Wed, 02 Jan 2030 03:04:05 GMT\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nhello"));
}

TEST_F(HttpServerTest, TakenPortIsAnError) {
  const auto server = Start();
  ServerOptions options;
  options.port = server->port();
  const auto second = Server::Start(options, &handler_, &clock_, &logger_);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("port ", options.port)));
}

TEST_F(HttpServerTest, UnknownHostIsAnError) {
  ServerOptions options;
  options.host = "256.0.0.1";
  EXPECT_THAT(Server::Start(options, &handler_, &clock_, &logger_),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(HttpServerTest, BadOptionIsAnError) {
  ServerOptions options;
  options.max_running_calls = 0;
  EXPECT_THAT(Server::Start(options, &handler_, &clock_, &logger_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(HttpServerTest, ServesIpv6) {
  ServerOptions options;
  options.host = "::1";
  const auto server = Start(options);
  boost::asio::io_context io;
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v6::loopback(), server->port()});
}

TEST_F(HttpServerTest, DrainLetsRequestsFinish) {
  const auto server = Start();
  LoopbackClient client(server->port());
  client.Send(LastPost("/wait", ""));
  handler_.AwaitWaiting(1);
  std::thread releasing([this] {
    absl::SleepFor(absl::Milliseconds(100));
    handler_.Release();
  });
  EXPECT_THAT(server->Drain(absl::Seconds(10)), IsOk());
  releasing.join();
  EXPECT_THAT(client.ReceiveAll(), testing::EndsWith("released"));
  EXPECT_THAT(server->Drain(absl::Seconds(10)), IsOk());  // Again: nothing.
}

TEST_F(HttpServerTest, DrainCutsOffWhatTakesTooLong) {
  const auto server = Start();
  LoopbackClient client(server->port());
  client.Send(LastPost("/wait", ""));
  handler_.AwaitWaiting(1);
  EXPECT_THAT(server->Drain(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(client.ReceiveAll(), IsEmpty());
}

// Ten ask for more than the server keeps, and take nothing; whoever reads is
// unharmed.
TEST_F(HttpServerTest, WhoHoldsMostIsClosedWhenAnswersHoldTooMuch) {
  ServerOptions options;
  options.threads = 1;
  options.max_unsent_bytes = 64 << 20;
  const auto server = Start(options);
  LoopbackClient reader(server->port());
  std::vector<std::unique_ptr<LoopbackClient>> idlers;
  for (int i = 0; i < 10; ++i) {
    idlers.push_back(std::make_unique<LoopbackClient>(server->port()));
    idlers.back()->Send(LastPost("/wait", ""));
  }
  handler_.AwaitWaiting(10);
  handler_.Release(std::string(16 << 20, 'x'));
  while (logger_.lines().empty()) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_THAT(logger_.lines()[0].message, HasSubstr("do not take"));

  reader.Send(LastPost("/", std::string(60'000, 'y')));
  EXPECT_THAT(reader.ReceiveAll(), testing::EndsWith(std::string(60'000, 'y')));
  size_t served = 0;
  for (const auto& idler : idlers) {
    served += idler->ReceiveAll().size() > size_t{16} << 20;
  }
  EXPECT_GE(served, 2u);
  EXPECT_LE(served, 4u);
}

// The sweeping timer may be due in the very moment of the end.
TEST_F(HttpServerTest, EndsWhileItSweeps) {
  ServerOptions options;
  options.idle_timeout = absl::Milliseconds(10);  // A sweep every 5 ms.
  options.threads = 2;
  for (int i = 0; i < 100; ++i) {
    const auto server = Start(options);
    absl::SleepFor(absl::Microseconds(4000 + 20 * i));
  }
}

// An accepted connection may still be on its way to its loop.
TEST_F(HttpServerTest, EndsWhileClientsCome) {
  for (int i = 0; i < 100; ++i) {
    const auto server = Start();
    std::vector<std::unique_ptr<LoopbackClient>> clients;
    for (int j = 0; j < 5; ++j) {
      clients.push_back(std::make_unique<LoopbackClient>(server->port()));
    }
  }
}

TEST_F(HttpServerTest, AnswersMayComeAfterTheServerHasGone) {
  auto server = Start();
  LoopbackClient client(server->port());
  client.Send(LastPost("/wait", ""));
  handler_.AwaitWaiting(1);
  server.reset();
  handler_.Release();
}

TEST_F(HttpServerTest, AnswersComeFromManyThreads) {
  ServerOptions options;
  options.threads = 3;
  const auto server = Start(options);
  std::atomic<bool> done = false;
  std::vector<std::thread> releasing;
  for (int i = 0; i < 3; ++i) {
    releasing.emplace_back([&] {
      while (!done) handler_.Release();
    });
  }
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int j = 0; j < 30; ++j) {
        LoopbackClient client(server->port());
        client.Send(LastPost(j % 2 ? "/wait" : "/", "x"));
        // Some do not stay for the answer.
        if (j % 7 == 0) continue;
        good += client.ReceiveAll().starts_with("HTTP/1.1 200 OK");
      }
    });
  }
  for (std::thread& client : clients) client.join();
  done = true;
  for (std::thread& thread : releasing) thread.join();
  EXPECT_EQ(good, 8 * 25);
  handler_.Release();
  EXPECT_THAT(server->Drain(absl::Seconds(10)), IsOk());
}

}  // namespace
}  // namespace signet::http
