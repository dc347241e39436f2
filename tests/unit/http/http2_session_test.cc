// SPDX-License-Identifier: Apache-2.0
#include "http/http2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/session.h"
#include "tests/unit/http/fake_session_host.h"

namespace signet::http {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// nghttp2's client, for a server session in the same thread.
class Client {
 public:
  struct Answer {
    std::map<std::string, std::string> fields;
    std::string body;
    bool whole = false;
    bool closed = false;
    uint32_t error = 0;  // Of the reset, once closed.
  };

  Client() {
    nghttp2_session_callbacks* callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, 0, nullptr, 0);
  }
  ~Client() { nghttp2_session_del(session_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // A request whose body is `body`, or never ends.
  int32_t Ask(std::string path = "/", std::string body = {},
              bool endless = false) {
    const auto pair = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{(uint8_t*)name.data(), (uint8_t*)value.data(),
                        name.size(), value.size(), 0};
    };
    const nghttp2_nv fields[] = {pair(":method", "POST"),
                                 pair(":scheme", "http"),
                                 pair(":authority", "h"), pair(":path", path)};
    nghttp2_data_provider provider;
    provider.read_callback = Read;
    bodies_.push_back({std::move(body), endless});
    provider.source.fd = static_cast<int>(bodies_.size() - 1);
    return nghttp2_submit_request(session_, nullptr, fields, 4, &provider,
                                  nullptr);
  }

  void Cancel(int32_t stream) {
    nghttp2_submit_rst_stream(session_, 0, stream, NGHTTP2_CANCEL);
  }

  std::string Said() {
    std::string said;
    const uint8_t* bytes;
    for (ssize_t n; (n = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      said.append(reinterpret_cast<const char*>(bytes), n);
    }
    return said;
  }

  void Hear(std::string_view bytes) {
    EXPECT_EQ(nghttp2_session_mem_recv(
                  session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                  bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }

  std::map<int32_t, Answer> answers;
  std::vector<uint32_t> goaways;

 private:
  struct Body {
    std::string bytes;
    bool endless;
  };

  static Client& Self(void* self) { return *static_cast<Client*>(self); }
  static ssize_t Read(nghttp2_session*, int32_t, uint8_t* buffer, size_t size,
                      uint32_t* flags, nghttp2_data_source* source,
                      void* self) {
    Body& body = Self(self).bodies_[source->fd];
    const size_t n = body.bytes.copy(reinterpret_cast<char*>(buffer), size);
    body.bytes.erase(0, n);
    if (!body.bytes.empty()) return static_cast<ssize_t>(n);
    if (!body.endless) *flags = NGHTTP2_DATA_FLAG_EOF;
    return n == 0 && body.endless ? ssize_t{NGHTTP2_ERR_DEFERRED}
                                  : static_cast<ssize_t>(n);
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t,
                      void* self) {
    Self(self).answers[frame->hd.stream_id].fields.emplace(
        std::string(name, name + name_size),
        std::string(value, value + value_size));
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream,
                    const uint8_t* bytes, size_t size, void* self) {
    Self(self).answers[stream].body.append(bytes, bytes + size);
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      Self(self).goaways.push_back(frame->goaway.error_code);
    } else if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
      Self(self).answers[frame->hd.stream_id].whole = true;
    }
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t stream, uint32_t error,
                     void* self) {
    Self(self).answers[stream].closed = true;
    Self(self).answers[stream].error = error;
    return 0;
  }

  nghttp2_session* session_ = nullptr;
  std::vector<Body> bodies_;
};

class Http2SessionTest : public testing::Test {
 protected:
  // Passes bytes to and fro until both are silent.
  void Talk() {
    for (bool silent = false; !silent;) {
      silent = true;
      if (const std::string said = client_.Said(); !said.empty()) {
        session_.Receive(said, now_);
        silent = false;
      }
      Output out;
      session_.Produce(out);
      largest_output_ = std::max(largest_output_, out.bytes().size());
      any_sensitive_ |= out.sensitive();
      if (!out.empty()) {
        client_.Hear(out.bytes());
        silent = false;
      } else if (session_.Flushed(now_)) {
        silent = false;
      }
    }
  }

  void Respond(int32_t stream, Response response) {
    session_.Respond(stream, std::move(response), now_);
    Talk();
  }

  const ServerOptions options_ = {};
  FakeSessionHost host_;
  MonotonicTime now_{seconds(1000)};
  Http2Session session_{&host_, &options_, now_};
  Client client_;
  size_t largest_output_ = 0;
  bool any_sensitive_ = false;
};

TEST_F(Http2SessionTest, RequestAndAnswer) {
  const int32_t stream = client_.Ask("/a?b", "body");
  Talk();
  ASSERT_THAT(host_.calls, SizeIs(1));
  const Request& request = host_.calls[0].request;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.body, "body");
  EXPECT_THAT(request.Values("host"), ElementsAre("h"));

  Response response;
  response.status = 201;
  response.fields = {{"Location", "/x"}, {"X-Bad", "1\r\n"}};
  response.body = "made";
  Respond(stream, std::move(response));
  const Client::Answer& answer = client_.answers[stream];
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body, "made");
  EXPECT_THAT(
      answer.fields,
      ElementsAre(std::pair(":status", "201"), std::pair("content-length", "4"),
                  std::pair("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                  std::pair("location", "/x")));
  EXPECT_FALSE(any_sensitive_);
}

TEST_F(Http2SessionTest, OfManyRequestsAtOnceAFewBeginInATurn) {
  Talk();
  constexpr int kMany = Http2Session::kCallsInATurn + 8;
  for (int i = 0; i < kMany; ++i) client_.Ask();
  session_.Receive(client_.Said(), now_);
  EXPECT_THAT(host_.calls, SizeIs(Http2Session::kCallsInATurn));
  EXPECT_TRUE(session_.Flushed(now_));
  EXPECT_THAT(host_.calls, SizeIs(kMany));
  EXPECT_FALSE(session_.Flushed(now_));
}

// RFC 9110 section 8.6.
TEST_F(Http2SessionTest, NoContentHasNoLengthAndNoBody) {
  for (const char* body : {"", "none of this"}) {
    const int32_t stream = client_.Ask();
    Talk();
    Response response;
    response.status = 204;
    response.fields = {{"X-A", "b"}};
    response.body = body;
    Respond(stream, std::move(response));
    const Client::Answer& answer = client_.answers[stream];
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, "");
    EXPECT_THAT(answer.fields,
                ElementsAre(std::pair(":status", "204"),
                            std::pair("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
                            std::pair("x-a", "b")));
  }
}

TEST_F(Http2SessionTest, SensitiveBodyIsMarked) {
  const int32_t stream = client_.Ask();
  Talk();
  Response response;
  response.body = "token";
  response.sensitive = true;
  Respond(stream, std::move(response));
  EXPECT_EQ(client_.answers[stream].body, "token");
  EXPECT_TRUE(any_sensitive_);
}

TEST_F(Http2SessionTest, OutputIsBoundedWhateverTheWindowsAllow) {
  std::vector<int32_t> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(client_.Ask());
  Talk();
  for (const int32_t stream : streams) {
    Response response;
    response.body.assign(1'000'000, 'x');
    session_.Respond(stream, std::move(response), now_);
  }
  Talk();
  for (const int32_t stream : streams) {
    EXPECT_TRUE(client_.answers[stream].whole);
    EXPECT_EQ(client_.answers[stream].body.size(), 1'000'000u);
  }
  EXPECT_LT(largest_output_, Output::kTargetBytes + 20'000);
}

Response OfSize(size_t bytes) {
  Response response;
  response.body.assign(bytes, 'x');
  return response;
}

// The client asks and takes nothing.
TEST_F(Http2SessionTest, RequestsWaitUntilAnswersAreTaken) {
  const int32_t first = client_.Ask();
  Talk();
  session_.Respond(first, OfSize(2 << 20), now_);
  EXPECT_GE(session_.unsent_bytes(), size_t{2} << 20);
  std::vector<int32_t> streams;
  for (int i = 0; i < 50; ++i) streams.push_back(client_.Ask());
  session_.Receive(client_.Said(), now_);
  EXPECT_THAT(host_.calls, SizeIs(1));

  // One by one, as each is expected to be as large.
  Talk();
  EXPECT_EQ(client_.answers[first].body.size(), size_t{2} << 20);
  EXPECT_EQ(session_.unsent_bytes(), 0u);
  EXPECT_THAT(host_.calls, SizeIs(2));
  Respond(streams[0], OfSize(2 << 20));
  EXPECT_THAT(host_.calls, SizeIs(3));
  // Small ones open the door again.
  Respond(streams[1], OfSize(10));
  EXPECT_GT(host_.calls.size(), 10u);
  for (size_t i = 2; i < streams.size(); ++i) Respond(streams[i], OfSize(10));
  for (const int32_t stream : streams) {
    EXPECT_TRUE(client_.answers[stream].whole);
  }
  EXPECT_EQ(session_.unsent_bytes(), 0u);
  EXPECT_THAT(client_.goaways, IsEmpty());
}

TEST_F(Http2SessionTest, WhoCallsForMuchAtOnceGetsSome) {
  std::vector<int32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client_.Ask());
  Talk();
  ASSERT_THAT(host_.calls, SizeIs(100));
  for (const int32_t stream : streams) {
    session_.Respond(stream, OfSize(1 << 20), now_);
    EXPECT_LE(session_.unsent_bytes(), size_t{17} << 20);
  }
  Talk();
  size_t whole = 0;
  for (const int32_t stream : streams) {
    whole += client_.answers[stream].body.size() == 1 << 20;
  }
  EXPECT_GE(whole, 10u);
  EXPECT_THAT(host_.faults, SizeIs(100 - whole));
  EXPECT_EQ(host_.faults.back(), Fault::kOverloaded);
  EXPECT_EQ(session_.unsent_bytes(), 0u);
}

// It may say that something was done.
TEST_F(Http2SessionTest, ASmallAnswerIsAlwaysKept) {
  std::vector<int32_t> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(client_.Ask());
  Talk();
  for (int i = 0; i < 99; ++i) {
    session_.Respond(streams[i], OfSize(1 << 20), now_);
  }
  Respond(streams[99], OfSize(1000));
  EXPECT_EQ(client_.answers[streams[99]].body.size(), 1000u);
}

TEST_F(Http2SessionTest, AWaitingRequestMayBeReset) {
  const int32_t first = client_.Ask();
  Talk();
  session_.Respond(first, OfSize(2 << 20), now_);
  const int32_t second = client_.Ask();
  const int32_t third = client_.Ask();
  session_.Receive(client_.Said(), now_);
  client_.Cancel(second);
  Talk();
  ASSERT_THAT(host_.calls, SizeIs(2));
  EXPECT_EQ(host_.calls[1].stream, static_cast<uint32_t>(third));
  Respond(third, OfSize(10));
  EXPECT_TRUE(client_.answers[third].whole);
}

TEST_F(Http2SessionTest, AnswersThatNobodyTakesEndTheConnection) {
  const int32_t stream = client_.Ask();
  Talk();
  session_.Respond(stream, OfSize(2 << 20), now_);
  now_ += seconds(29);
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  Talk();
  EXPECT_THAT(client_.goaways, ElementsAre(NGHTTP2_NO_ERROR));
}

TEST_F(Http2SessionTest, AnswerToAStreamThatWasResetIsDropped) {
  const int32_t stream = client_.Ask();
  Talk();
  client_.Cancel(stream);
  Talk();
  Respond(stream, Response());
  EXPECT_THAT(client_.answers[stream].fields, IsEmpty());
  const int32_t next = client_.Ask();
  Talk();
  Respond(next, Response());
  EXPECT_TRUE(client_.answers[next].whole);
}

TEST_F(Http2SessionTest, BusyHandlerRefusesTheStream) {
  host_.busy = true;
  const int32_t stream = client_.Ask();
  Talk();
  EXPECT_EQ(client_.answers[stream].error, NGHTTP2_REFUSED_STREAM);
  EXPECT_THAT(client_.goaways, IsEmpty());
}

TEST_F(Http2SessionTest, RequestThatDoesNotEndIs408) {
  const int32_t stream = client_.Ask("/", "part", /*endless=*/true);
  Talk();
  now_ += seconds(14);
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  Talk();
  EXPECT_THAT(host_.faults, ElementsAre(Fault::kTimeout));
  EXPECT_TRUE(client_.answers[stream].whole);
  EXPECT_FALSE(client_.answers[stream].closed);
  now_ += seconds(2);  // The client has had the time to read it.
  EXPECT_TRUE(session_.Sweep(now_));
  Talk();
  EXPECT_TRUE(client_.answers[stream].closed);
  EXPECT_EQ(client_.answers[stream].error, NGHTTP2_NO_ERROR);
}

TEST_F(Http2SessionTest, BodiesInPartShareABound) {
  std::vector<int32_t> streams;
  for (int i = 0; i < 30; ++i) {
    streams.push_back(client_.Ask("/", std::string(60'000, 'x'), true));
  }
  Talk();
  int refused = 0;
  for (const int32_t stream : streams) {
    refused += client_.answers[stream].error == NGHTTP2_REFUSED_STREAM;
  }
  EXPECT_GT(refused, 30 - (1 << 20) / 60'000 - 1);
  EXPECT_LT(refused, 30);
}

TEST_F(Http2SessionTest, IdleConnectionEnds) {
  const int32_t stream = client_.Ask();
  Talk();
  now_ += seconds(600);
  EXPECT_FALSE(session_.Sweep(now_));  // The handler may take its time.
  Respond(stream, Response());
  now_ += seconds(59);
  EXPECT_FALSE(session_.Sweep(now_));
  now_ += seconds(1);
  EXPECT_TRUE(session_.Sweep(now_));
  Talk();
  EXPECT_THAT(client_.goaways, ElementsAre(NGHTTP2_NO_ERROR));
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
}

TEST_F(Http2SessionTest, DrainFinishesWhatIsUnderWay) {
  const int32_t stream = client_.Ask();
  Talk();
  session_.Drain(now_);
  Talk();
  EXPECT_THAT(client_.goaways, ElementsAre(NGHTTP2_NO_ERROR));
  session_.Sweep(now_);
  Talk();
  EXPECT_EQ(session_.phase(), Session::Phase::kOpen);
  Response response;
  response.body = "last";
  Respond(stream, std::move(response));
  EXPECT_EQ(client_.answers[stream].body, "last");
  EXPECT_EQ(session_.phase(), Session::Phase::kFinished);
}

}  // namespace
}  // namespace signet::http
