// SPDX-License-Identifier: Apache-2.0
//
// Whole servers on loopback sockets.
#include "gateway/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/http/options.h"
#include "gateway/http_message.h"
#include "server/base/secret.h"
#include "tests/support/fake_clock.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

HttpResponse Text(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

// Answers at once, with the body of the request, but for /wait: those wait for
// Release.
class TestHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Respond respond) override {
    for (HttpField& field : request.fields) Wipe(field.value);
    if (request.target == "/wait") {
      absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(respond));
      return;
    }
    HttpResponse response = Text(std::move(request.body));
    response.sensitive = request.target == "/secret";
    std::move(respond)(std::move(response));
  }

  HttpResponse Refuse(HttpFault, std::string_view) override {
    HttpResponse response = Text("refused");
    response.status = 400;
    return response;
  }

  void AwaitWaiting(size_t count) {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return waiting_.size() >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }

  void Release(std::string body = "released", bool sensitive = false) {
    std::vector<Respond> waiting;
    {
      absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
    }
    for (Respond& respond : waiting) {
      HttpResponse response = Text(std::string(body));
      response.sensitive = sensitive;
      std::move(respond)(std::move(response));
    }
    Wipe(body);
  }

 private:
  absl::Mutex mutex_;
  std::vector<Respond> waiting_ ABSL_GUARDED_BY(mutex_);
};

class TestClient {
 public:
  explicit TestClient(uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  void Send(std::string_view bytes) {
    socket_.send(boost::asio::buffer(bytes.data(), bytes.size()));
  }

  // Until so much has come or the server closes.
  std::string Receive(size_t size) {
    std::string got;
    char buffer[65536];
    boost::system::error_code error;
    while (got.size() < size && !error) {
      got.append(buffer,
                 socket_.read_some(
                     boost::asio::buffer(
                         buffer, std::min(sizeof buffer, size - got.size())),
                     error));
    }
    return got;
  }

  std::string ReceiveAll() { return Receive(std::string::npos); }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
};

std::string Post(std::string_view path, std::string_view body) {
  return absl::StrCat("POST ", std::string(path),
                      " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                      "Content-Length: ",
                      body.size(), "\r\n\r\n", std::string(body));
}

class HttpServerTest : public testing::Test {
 protected:
  std::unique_ptr<HttpServer> Start(HttpServerOptions options = {}) {
    auto server = HttpServer::Start(options, &handler_, &clock_, &logger_);
    EXPECT_THAT(server, IsOk());
    return *std::move(server);
  }

  TestHandler handler_;
  FakeClock clock_;
  RecordingLogger logger_;
};

TEST_F(HttpServerTest, ServesOnThePortTheSystemPicked) {
  const auto server = Start();
  TestClient client(server->port());
  client.Send(Post("/", "hello"));
  const std::string answer = client.ReceiveAll();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Date: Wed, 02 Jan 2030 03:04:05 GMT\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nhello"));
}

TEST_F(HttpServerTest, TakenPortIsAnError) {
  const auto server = Start();
  HttpServerOptions options;
  options.port = server->port();
  const auto second = HttpServer::Start(options, &handler_, &clock_, &logger_);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("port ", options.port)));
}

TEST_F(HttpServerTest, UnknownHostIsAnError) {
  HttpServerOptions options;
  options.host = "256.0.0.1";
  EXPECT_THAT(HttpServer::Start(options, &handler_, &clock_, &logger_),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(HttpServerTest, BadOptionIsAnError) {
  HttpServerOptions options;
  options.max_running_calls = 0;
  EXPECT_THAT(HttpServer::Start(options, &handler_, &clock_, &logger_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(HttpServerTest, ServesIpv6) {
  HttpServerOptions options;
  options.host = "::1";
  const auto server = Start(options);
  boost::asio::io_context io;
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v6::loopback(), server->port()});
}

TEST_F(HttpServerTest, DrainLetsRequestsFinish) {
  const auto server = Start();
  TestClient client(server->port());
  client.Send(Post("/wait", ""));
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
  TestClient client(server->port());
  client.Send(Post("/wait", ""));
  handler_.AwaitWaiting(1);
  EXPECT_THAT(server->Drain(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(client.ReceiveAll(), IsEmpty());
}

TEST_F(HttpServerTest, AnswersMayComeAfterTheServerHasGone) {
  auto server = Start();
  TestClient client(server->port());
  client.Send(Post("/wait", ""));
  handler_.AwaitWaiting(1);
  server.reset();
  handler_.Release();
}

TEST_F(HttpServerTest, AnswersComeFromManyThreads) {
  HttpServerOptions options;
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
        TestClient client(server->port());
        client.Send(Post(j % 2 ? "/wait" : "/", "x"));
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
}  // namespace signet
