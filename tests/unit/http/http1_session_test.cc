// SPDX-License-Identifier: Apache-2.0
#include "http/http1_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/session.h"
#include "tests/support/heap_in_use.h"
#include "tests/unit/http/fake_session_host.h"

namespace signet::http {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kGetOverHttp1 = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

class Http1SessionTest : public testing::Test {
 protected:
  // Everything the session wants to say, as a client that reads would get it.
  std::string Said() {
    std::string said;
    for (;;) {
      Output out;
      session_.Produce(out);
      said += out.bytes();
      if (out.empty() && !session_.Flushed(now_)) return said;
    }
  }

  void Respond(std::string body) {
    Response response;
    response.body = std::move(body);
    session_.Respond(0, std::move(response), now_);
  }

  const ServerOptions options_ = {};
  FakeSessionHost host_;
  MonotonicTime now_{seconds(1000)};
  Http1Session session_{&host_, &options_, now_};
};

TEST_F(Http1SessionTest, AnswersAndReadsOn) {
  session_.Receive(kGetOverHttp1, now_);
  ASSERT_THAT(host_.calls, SizeIs(1));
  EXPECT_FALSE(session_.wants_input());
  Respond("yes");
  EXPECT_EQ(Said(),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Length: 3\r\n\r\nyes");
  EXPECT_TRUE(session_.wants_input());
  EXPECT_EQ(session_.phase(), Session::Phase::kOpen);
}

TEST_F(Http1SessionTest, AnAnswerHoldsNoMemoryOnceItIsTaken) {
  session_.Receive(kGetOverHttp1, now_);
  const size_t before = HeapInUse();
  Respond(std::string(8 << 20, 'x'));
  EXPECT_GE(session_.unsent_bytes(), size_t{8} << 20);
  EXPECT_GT(Said().size(), size_t{8} << 20);
  EXPECT_EQ(session_.unsent_bytes(), 0u);
  EXPECT_LT(HeapInUse(), before + (1 << 20));
}

TEST_F(Http1SessionTest, NextRequestWaitsForTheAnswerToBeTaken) {
  session_.Receive(std::string(kGetOverHttp1) + std::string(kGetOverHttp1),
                   now_);
  EXPECT_THAT(host_.calls, SizeIs(1));
  Respond("1");
  EXPECT_THAT(host_.calls, SizeIs(1));
  Said();
  EXPECT_THAT(host_.calls, SizeIs(2));
}

TEST_F(Http1SessionTest, SecondAnswerToOneCallIsDropped) {
  session_.Receive(kGetOverHttp1, now_);
  Respond("first");
  Respond("second");
  EXPECT_THAT(Said(), EndsWith("first"));
}

TEST_F(Http1SessionTest, FieldThatCouldSplitTheAnswerIsLeftOut) {
  session_.Receive(kGetOverHttp1, now_);
  Response response;
  response.fields = {
      {"X-Good", "1"}, {"X-Bad", "1\r\nX-Evil: 1"}, {"A B", "1"}};
  session_.Respond(0, std::move(response), now_);
  const std::string said = Said();
  EXPECT_THAT(said, HasSubstr("X-Good: 1"));
  EXPECT_THAT(said, Not(HasSubstr("Evil")));
  EXPECT_THAT(said, Not(HasSubstr("A B")));
}

TEST_F(Http1SessionTest, LargeBodyIsProducedInPieces) {
  session_.Receive(kGetOverHttp1, now_);
  Respond(std::string(1'000'000, 'x'));
  Output out;
  session_.Produce(out);
  EXPECT_EQ(out.bytes().size(), Output::kTargetBytes);
  EXPECT_FALSE(session_.Flushed(now_));
  EXPECT_THAT(Said(), SizeIs(testing::Gt(900'000u)));
}

TEST_F(Http1SessionTest, SensitiveBodyIsMarked) {
  session_.Receive(kGetOverHttp1, now_);
  Response response;
  response.body = "token";
  response.sensitive = true;
  session_.Respond(0, std::move(response), now_);
  Output out;
  session_.Produce(out);
  EXPECT_TRUE(out.sensitive());
}

// RFC 9110 section 8.6, RFC 9112 section 6.3.
TEST_F(Http1SessionTest, NoContentHasNoLengthAndNoBody) {
  for (const char* body : {"", "none of this"}) {
    session_.Receive(kGetOverHttp1, now_);
    Response response;
    response.status = 204;
    response.fields = {{"X-A", "b"}};
    response.body = body;
    session_.Respond(0, std::move(response), now_);
    const std::string said = Said();
    EXPECT_THAT(said, StartsWith("HTTP/1.1 204 No Content\r\n"));
    EXPECT_THAT(said, EndsWith("X-A: b\r\n\r\n"));
    EXPECT_THAT(said, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(said, Not(HasSubstr("Transfer-Encoding")));
  }
  session_.Receive(kGetOverHttp1, now_);  // The connection goes on.
  Respond("x");
  EXPECT_THAT(Said(), EndsWith("x"));
}

TEST_F(Http1SessionTest, TimeLimits) {
  session_.Receive("GET", now_);
  now_ += seconds(14);
  session_.Receive(" ", now_);  // Does not prolong it.
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  EXPECT_THAT(host_.faults, ElementsAre(Fault::kTimeout));
  EXPECT_THAT(Said(), HasSubstr("Connection: close"));
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
}

TEST_F(Http1SessionTest, HandlerHasNoTimeLimit) {
  session_.Receive(kGetOverHttp1, now_);
  now_ += std::chrono::hours(1);
  session_.Sweep(now_);
  Respond("late");
  EXPECT_THAT(Said(), EndsWith("late"));
}

TEST_F(Http1SessionTest, AnswerThatIsNotTakenEndsTheConnection) {
  session_.Receive(kGetOverHttp1, now_);
  now_ += seconds(20);
  Respond("x");
  now_ += seconds(29);
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  EXPECT_EQ(session_.phase(), Session::Phase::kAborted);
}

TEST_F(Http1SessionTest, IdleConnectionEndsInSilence) {
  session_.Receive(kGetOverHttp1, now_);
  Respond("x");
  Said();
  now_ += seconds(59);
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
  EXPECT_THAT(Said(), IsEmpty());
}

TEST_F(Http1SessionTest, Drain) {
  session_.Receive(kGetOverHttp1, now_);
  session_.Drain(now_);
  EXPECT_EQ(session_.phase(), Session::Phase::kOpen);
  Respond("last");
  EXPECT_THAT(Said(), HasSubstr("Connection: close"));
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
}

TEST_F(Http1SessionTest, BusyHandlerIs503) {
  host_.busy = true;
  session_.Receive(kGetOverHttp1, now_);
  EXPECT_THAT(host_.faults, ElementsAre(Fault::kOverloaded));
  EXPECT_THAT(Said(), StartsWith("HTTP/1.1 4"));
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
}

TEST(Http1SessionBudgetTest, RequestsInPartShareABudget) {
  const ServerOptions options;
  FakeSessionHost host(/*budget_bytes=*/100);
  const MonotonicTime now{seconds(1000)};
  Http1Session first(&host, &options, now);
  Http1Session second(&host, &options, now);
  first.Receive("GET /" + std::string(60, 'a'), now);
  second.Receive("GET /" + std::string(60, 'a'), now);
  EXPECT_THAT(host.faults, ElementsAre(Fault::kOverloaded));
  // What is whole at once needs none; what becomes whole gives back.
  first.Receive(" HTTP/1.1\r\nHost: h\r\n\r\n", now);
  EXPECT_THAT(host.calls, SizeIs(1));
  Http1Session third(&host, &options, now);
  third.Receive("GET /" + std::string(60, 'a'), now);
  EXPECT_THAT(host.faults, SizeIs(1));
}

}  // namespace
}  // namespace signet::http
