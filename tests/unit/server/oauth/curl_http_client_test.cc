// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/curl_http_client.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_http_server.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class CurlHttpClientTest : public testing::Test {
 protected:
  static std::unique_ptr<CurlHttpClient> NewClient(KeyFetchPolicy policy = {}) {
    return CurlHttpClient::Create(policy).value();
  }

  TinyHttpServer server_;
};

TEST_F(CurlHttpClientTest, GetsABody) {
  server_.Put("/a", "hello");
  server_.Put("/b", "");
  const auto client = NewClient();
  EXPECT_THAT(client->Get(server_.url() + "/a"), IsOkAndHolds("hello"));
  EXPECT_THAT(client->Get(server_.url() + "/b"), IsOkAndHolds(""));
  EXPECT_THAT(client->Get(server_.url() + "/a"), IsOkAndHolds("hello"));
}

TEST_F(CurlHttpClientTest, AsksForNothingMoreThanTheBody) {
  server_.Put("/a", "hello");
  ASSERT_THAT(NewClient()->Get(server_.url() + "/a"), IsOk());
  ASSERT_THAT(server_.requests(), SizeIs(1));
  EXPECT_THAT(server_.requests()[0],
              AllOf(StartsWith("GET /a HTTP/1.1\r\n"),
                    Not(HasSubstr("Accept-Encoding")), Not(HasSubstr("Cookie")),
                    Not(HasSubstr("Authorization"))));
}

TEST_F(CurlHttpClientTest, NotFoundIsToldApart) {
  EXPECT_THAT(NewClient()->Get(server_.url() + "/a"),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(CurlHttpClientTest, FollowsNoRedirect) {
  server_.Put("/b", "hello");
  for (const char* status : {"301", "302", "303", "307", "308"}) {
    server_.PutRaw("/a", absl::StrCat("HTTP/1.1 ", status,
                                      " Moved\r\nLocation: ", server_.url(),
                                      "/b\r\nContent-Length: 0\r\n\r\n"));
    const auto body = NewClient()->Get(server_.url() + "/a");
    EXPECT_THAT(body, StatusIs(StatusCode::kUnavailable));
    EXPECT_EQ(body.status().message(),
              absl::StrCat("got status ", status, ", want 200"));
  }
  EXPECT_THAT(server_.requests(), SizeIs(5));
}

TEST_F(CurlHttpClientTest, OtherStatusesAreFailures) {
  for (const char* status : {"204", "206", "401", "410", "429", "500", "503"}) {
    server_.PutRaw("/a", absl::StrCat("HTTP/1.1 ", status,
                                      " X\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_THAT(NewClient()->Get(server_.url() + "/a"),
                StatusIs(StatusCode::kUnavailable))
        << status;
  }
}

TEST_F(CurlHttpClientTest, BodyIsBounded) {
  KeyFetchPolicy policy;
  policy.max_document_bytes = 1000;
  server_.Put("/most", std::string(1000, 'x'));
  server_.Put("/more", std::string(1001, 'x'));
  // Without a length, until the connection closes.
  server_.PutRaw("/endless",
                 "HTTP/1.1 200 OK\r\n\r\n" + std::string(4'000'000, 'x'));
  server_.PutRaw(
      "/chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" +
          std::string(0x800, 'x') + "\r\n0\r\n\r\n");
  const auto client = NewClient(policy);
  EXPECT_THAT(client->Get(server_.url() + "/most"), IsOk());
  for (const char* path : {"/more", "/endless", "/chunked"}) {
    const auto body = client->Get(server_.url() + path);
    EXPECT_THAT(body, StatusIs(StatusCode::kUnavailable)) << path;
    EXPECT_EQ(body.status().message(), "want a body of at most 1000 bytes");
  }
}

TEST_F(CurlHttpClientTest, BrokenAnswersAreFailures) {
  server_.PutRaw("/closed", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx");
  server_.PutRaw("/garbage", "this is no HTTP at all\r\n\r\n");
  server_.PutRaw("/hangup", "\r\n");
  for (const char* path : {"/closed", "/garbage", "/hangup"}) {
    const auto body = NewClient()->Get(server_.url() + path);
    EXPECT_THAT(body, StatusIs(StatusCode::kUnavailable)) << path;
    EXPECT_THAT(std::string(body.status().message()),
                Not(HasSubstr("no HTTP at all")));
  }
}

TEST_F(CurlHttpClientTest, SlowAnswersAreGivenUp) {
  KeyFetchPolicy policy;
  policy.request_timeout = absl::Milliseconds(200);
  server_.PutSilence("/a");
  const absl::Time start = absl::Now();
  EXPECT_THAT(NewClient(policy)->Get(server_.url() + "/a"),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(190));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST_F(CurlHttpClientTest, RefusedConnectionIsAFailure) {
  std::string url;
  {
    TinyHttpServer gone;
    url = gone.url();
  }
  EXPECT_THAT(NewClient()->Get(url), StatusIs(StatusCode::kUnavailable));
}

TEST_F(CurlHttpClientTest, OpensNothingButHttp) {
  for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/",
                          "dict://127.0.0.1/", "gopher://127.0.0.1/"}) {
    EXPECT_THAT(NewClient()->Get(url), StatusIs(StatusCode::kUnavailable))
        << url;
  }
}

TEST_F(CurlHttpClientTest, SpeaksNoPlainTextWhereTheUrlSaysTls) {
  server_.Put("/a", "hello");
  std::string url = server_.url() + "/a";
  url.replace(0, 4, "https");
  EXPECT_THAT(NewClient()->Get(url), StatusIs(StatusCode::kUnavailable));
}

TEST_F(CurlHttpClientTest, TakesNoProxyFromTheEnvironment) {
  TinyHttpServer proxy;
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy"}) {
    setenv(name, proxy.url().c_str(), /*overwrite=*/1);
  }
  server_.Put("/a", "hello");
  EXPECT_THAT(NewClient()->Get(server_.url() + "/a"), IsOkAndHolds("hello"));
  EXPECT_THAT(proxy.requests(), SizeIs(0));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "all_proxy"}) {
    unsetenv(name);
  }
}

TEST_F(CurlHttpClientTest, CancelEndsARequestAtOnce) {
  KeyFetchPolicy policy;
  policy.request_timeout = absl::Minutes(10);
  server_.PutSilence("/a");
  const auto client = NewClient(policy);
  std::thread canceller([&] {
    server_.AwaitRequests(1);
    client->Cancel();
  });
  EXPECT_THAT(client->Get(server_.url() + "/a"),
              StatusIs(StatusCode::kCancelled));
  canceller.join();
  EXPECT_THAT(client->Get(server_.url() + "/b"),
              StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

}  // namespace
}  // namespace signet::oauth
