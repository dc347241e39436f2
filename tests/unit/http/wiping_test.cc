// SPDX-License-Identifier: Apache-2.0
//
// No block of memory goes back to the heap with a secret in it, whichever way a
// request or an answer ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "base/secret.h"
#include "http/http1_parser.h"
#include "http/options.h"
#include "http/server.h"
#include "tests/support/fake_clock.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/http/loopback.h"

namespace signet::http {
namespace {

using testing::StartsWith;

class WipingTest : public testing::Test {
 protected:
  WipingTest() {
    auto server = Server::Start(ServerOptions(), &handler_, &clock_, &logger_);
    EXPECT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  ~WipingTest() override {
    server_.reset();
    EXPECT_EQ(watch_.count(), 0);
  }

  // A request with the secret in its credential and its body.
  Secret Request(std::string_view path) const {
    std::string text;
    text.reserve(512);  // Never outgrown, so no copy is left behind.
    text.append("POST ").append(path).append(" HTTP/1.1\r\nHost: h\r\n");
    text.append("Content-Length: ").append(std::to_string(kSecret.size()));
    text.append("\r\nAuthorization: Bearer ").append(kSecret);
    text.append("\r\nX-Last: 1\r\n\r\n").append(kSecret);
    return Secret(std::move(text));
  }

  static void ExpectSecret(LoopbackClient& client) {
    const Secret answer(client.Receive(kAnswerBytes));
    EXPECT_TRUE(answer.Expose().ends_with(kSecret));
  }

  static constexpr std::string_view kSecret =
      "canary-0123456789-canary-0123456789";
  // Status line, Date, Content-Length and the secret.
  static constexpr size_t kAnswerBytes = 17 + 37 + 20 + 2 + kSecret.size();

  const FreedMemoryWatch watch_{kSecret};
  WaitingHandler handler_;
  FakeClock clock_;
  RecordingLogger logger_;
  std::unique_ptr<Server> server_;
};

TEST_F(WipingTest, RequestThatCameWhole) {
  LoopbackClient client(server_->port());
  client.Send(Request("/secret").Expose());
  ExpectSecret(client);
}

TEST_F(WipingTest, RequestInPieces) {
  LoopbackClient client(server_->port());
  const Secret request = Request("/secret");
  for (const char& byte : request.Expose()) client.Send({&byte, 1});
  ExpectSecret(client);
}

TEST_F(WipingTest, PipelinedRequests) {
  LoopbackClient client(server_->port());
  const Secret request = Request("/secret");
  std::string both;
  both.reserve(1024);
  both.append(request.Expose()).append(request.Expose());
  client.Send(Secret(std::move(both)).Expose());
  ExpectSecret(client);
  ExpectSecret(client);
}

TEST_F(WipingTest, RequestCutOffAfterItsCredential) {
  const Secret request = Request("/");
  const size_t end = request.Expose().find(kSecret) + kSecret.size();
  LoopbackClient(server_->port()).Send(request.Expose().substr(0, end));
  LoopbackClient(server_->port()).Send(request.Expose().substr(0, end + 5));
}

TEST_F(WipingTest, RequestCutOffInItsBody) {
  const Secret request = Request("/");
  LoopbackClient client(server_->port());
  client.Send(request.Expose().substr(0, request.Expose().size() - 1));
}

TEST_F(WipingTest, RequestCutOffBehindASecretInItsBody) {
  LoopbackClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 999\r\n\r\n");
  client.Send(kSecret);
}

TEST_F(WipingTest, BodyThatOutgrowsItsMemory) {
  const ServerOptions options;
  Http1Parser parser(&options);
  parser.Consume("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n");
  parser.Consume(kSecret);
  const std::string more(100, 'x');
  for (int i = 0; i < 50; ++i) parser.Consume(more);
}

TEST_F(WipingTest, BodyThatOutgrowsItsLimit) {
  const ServerOptions options;
  Http1Parser parser(&options);
  parser.Consume(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n");
  parser.Consume(kSecret);
  parser.Consume("\r\nFFFFFF\r\n");
  EXPECT_TRUE(parser.TakeRequest().body_too_large);
}

TEST_F(WipingTest, RequestThatTurnsOutMalformed) {
  const Secret request = Request("/");
  const std::string_view text = request.Expose();
  LoopbackClient client(server_->port());
  client.Send(text.substr(0, text.find("X-Last")));
  client.Send("malformed\r\n");
  EXPECT_THAT(client.ReceiveAll(), StartsWith("HTTP/1.1 400"));
}

TEST_F(WipingTest, AnswerToAClientThatHasGone) {
  {
    LoopbackClient client(server_->port());
    client.Send(Request("/wait").Expose());
    handler_.AwaitWaiting(1);
  }
  handler_.Release(kSecret, /*sensitive=*/true);
}

TEST_F(WipingTest, AnswerAfterTheEnd) {
  LoopbackClient client(server_->port());
  client.Send(Request("/wait").Expose());
  handler_.AwaitWaiting(1);
  server_->Drain(absl::ZeroDuration()).IgnoreError();
  handler_.Release(kSecret, /*sensitive=*/true);
}

TEST_F(WipingTest, AnswerThatIsNotTaken) {
  LoopbackClient client(server_->port());
  client.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  handler_.AwaitWaiting(1);
  std::string large;
  large.reserve(32 << 20);
  while (large.size() < 16 << 20) large.append(kSecret);
  const Secret body(std::move(large));
  handler_.Release(body.Expose(), /*sensitive=*/true);
  EXPECT_THAT(client.Receive(10), StartsWith("HTTP/1.1"));
}

}  // namespace
}  // namespace signet::http
