// SPDX-License-Identifier: Apache-2.0
#include "http/http1_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http_message.h"
#include "http/options.h"

namespace signet::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::string Post(std::string_view fields, std::string_view body = {}) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

std::string Chunked(std::string_view body) {
  return Post("Transfer-Encoding: chunked\r\n", body);
}

ServerOptions SmallLimits() {
  ServerOptions options;
  options.max_target_bytes = 100;
  options.max_field_bytes = 1000;
  options.max_body_bytes = 10;
  return options;
}

class Http1ParserTest : public testing::Test {
 protected:
  // Feeds pieces of at most `size` until the request ends one way or another;
  // returns how much of `bytes` was not needed.
  size_t Feed(std::string_view bytes, size_t size = std::string::npos) {
    while (!bytes.empty() &&
           parser_.progress() < Http1Parser::Progress::kComplete) {
      const std::string_view piece = bytes.substr(0, size);
      bytes.remove_prefix(parser_.Consume(piece));
      if (parser_.progress() == Http1Parser::Progress::kFault) break;
    }
    return bytes.size();
  }

  Request Parse(std::string_view bytes) {
    EXPECT_EQ(Feed(bytes), 0u);
    EXPECT_EQ(parser_.progress(), Http1Parser::Progress::kComplete) << bytes;
    return parser_.TakeRequest();
  }

  std::optional<Fault> FaultOf(std::string_view bytes) {
    Feed(bytes);
    if (parser_.progress() != Http1Parser::Progress::kFault) return {};
    return parser_.fault();
  }

  const ServerOptions options_ = SmallLimits();
  Http1Parser parser_{&options_};
};

TEST_F(Http1ParserTest, RequestIsTakenApart) {
  const Request request = Parse(
      "PATCH /a?b=c HTTP/1.1\r\nHOST: h\r\nX-A:\t 1 \t\r\nx-a:\r\n"
      "Content-Length: 3\r\n\r\nabc");
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.body, "abc");
  EXPECT_FALSE(request.body_too_large);
  EXPECT_THAT(request.Values("x-a"), ElementsAre("1", ""));
  EXPECT_THAT(request.Values("host"), ElementsAre("h"));
}

TEST_F(Http1ParserTest, RestBelongsToTheNextRequest) {
  const std::string two = Post("Content-Length: 2\r\n", "ab") + "GET /2";
  EXPECT_EQ(Feed(two), 6u);
  EXPECT_EQ(parser_.TakeRequest().body, "ab");
  EXPECT_FALSE(parser_.started());
  EXPECT_EQ(Parse(kGet).body, "");
}

TEST_F(Http1ParserTest, ChunksAreJoinedAndTrailersDropped) {
  const Request request = Parse(
      Chunked("2\r\nab\r\n003;x=\"y\"\r\ncde\r\n0\r\nX-Trailer: 1\r\n\r\n"));
  EXPECT_EQ(request.body, "abcde");
  EXPECT_THAT(request.Values("x-trailer"), IsEmpty());
}

TEST_F(Http1ParserTest, BodyOfTheLargestSize) {
  EXPECT_EQ(Parse(Post("Content-Length: 10\r\n", "0123456789")).body.size(),
            10u);
  EXPECT_EQ(Parse(Chunked("a\r\n0123456789\r\n0\r\n\r\n")).body.size(), 10u);
}

TEST_F(Http1ParserTest, LargerBodyIsSaidBeforeItIsRead) {
  for (const std::string& head :
       {Post("Content-Length: 11\r\n"),
        Post("Content-Length: 999999999999999999\r\n"), Chunked("b\r\n"),
        Chunked("9\r\n123456789\r\n2\r\n")}) {
    Http1Parser parser(&options_);
    EXPECT_EQ(parser.Consume(head), head.size());
    ASSERT_EQ(parser.progress(), Http1Parser::Progress::kComplete);
    EXPECT_FALSE(parser.keep_alive());
    const Request request = parser.TakeRequest();
    EXPECT_TRUE(request.body_too_large);
    EXPECT_EQ(request.body, "");
  }
}

TEST_F(Http1ParserTest, AuthorityOfTheTargetReplacesHost) {
  const Request request = Parse("GET http://a:1?q HTTP/1.1\r\nHost: b\r\n\r\n");
  EXPECT_EQ(request.target, "/?q");
  EXPECT_THAT(request.Values("host"), ElementsAre("a:1"));
}

TEST_F(Http1ParserTest, Continue) {
  Feed(Post("Expect: 100-CONTINUE\r\nContent-Length: 1\r\n"));
  EXPECT_EQ(parser_.progress(), Http1Parser::Progress::kBody);
  EXPECT_TRUE(parser_.expects_continue());
}

TEST_F(Http1ParserTest, Http10ExpectsNothing) {
  Feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_EQ(parser_.progress(), Http1Parser::Progress::kBody);
  EXPECT_FALSE(parser_.expects_continue());
}

TEST_F(Http1ParserTest, KeepAlive) {
  const auto stays = [this](const std::string& text) {
    Http1Parser parser(&options_);
    parser.Consume(text);
    EXPECT_EQ(parser.progress(), Http1Parser::Progress::kComplete) << text;
    return parser.keep_alive();
  };
  const std::string http11 = "GET / HTTP/1.1\r\nHost: h\r\n";
  const std::string http10 = "GET / HTTP/1.0\r\n";
  EXPECT_TRUE(stays(http11 + "\r\n"));
  EXPECT_FALSE(stays(http10 + "\r\n"));
  EXPECT_TRUE(stays(http10 + "Connection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(stays(http11 + "Connection: x, close\r\n\r\n"));
  EXPECT_FALSE(
      stays(http10 + "Connection: close\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_F(Http1ParserTest, LimitsAreExact) {
  const std::string path(99, 'a');
  EXPECT_EQ(
      Parse("GET /" + path + " HTTP/1.1\r\nHost: h\r\n\r\n").target.size(),
      100u);
  EXPECT_EQ(FaultOf("GET /a" + path + " HTTP/1.1\r\nHost: h\r\n\r\n"),
            Fault::kTargetTooLong);
}

TEST_F(Http1ParserTest, FieldSectionMayBeJustAsLongAsAllowed) {
  // "Host: h\r\n" and "X: ...\r\n" make 1000 bytes.
  const std::string value(1000 - 9 - 5, 'a');
  Parse("GET / HTTP/1.1\r\nHost: h\r\nX: " + value + "\r\n\r\n");
  EXPECT_EQ(FaultOf("GET / HTTP/1.1\r\nHost: h\r\nX: a" + value + "\r\n\r\n"),
            Fault::kFieldsTooLarge);
}

TEST_F(Http1ParserTest, LongLinesAreFaultsBeforeTheyEnd) {
  EXPECT_EQ(FaultOf("GET /" + std::string(200, 'a')), Fault::kTargetTooLong);
}

TEST_F(Http1ParserTest, LongFieldIsAFaultBeforeItEnds) {
  EXPECT_EQ(FaultOf("GET / HTTP/1.1\r\nX: " + std::string(1000, 'a')),
            Fault::kFieldsTooLarge);
}

struct FaultCase {
  std::string name;
  std::string bytes;
  Fault fault = Fault::kMalformed;
};

class Http1FaultTest : public testing::TestWithParam<FaultCase> {};

// However the bytes are cut, the fault is the same and no request is made.
TEST_P(Http1FaultTest, IsFound) {
  const ServerOptions options;
  const std::string& bytes = GetParam().bytes;
  for (size_t cut = 1; cut <= bytes.size(); ++cut) {
    Http1Parser parser(&options);
    for (size_t at = 0; at < bytes.size(); at += cut) {
      parser.Consume(std::string_view(bytes).substr(at, cut));
    }
    ASSERT_EQ(parser.progress(), Http1Parser::Progress::kFault)
        << "in pieces of " << cut;
    ASSERT_EQ(parser.fault(), GetParam().fault);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, Http1FaultTest,
    testing::Values(
        FaultCase{"LengthAndChunked",
                  Post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                       "0\r\n\r\n")},
        FaultCase{"ChunkedAndLength",
                  Post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                       "0\r\n\r\n")},
        FaultCase{"OtherCoding", Post("Transfer-Encoding: gzip\r\n")},
        FaultCase{"CodingList", Post("Transfer-Encoding: gzip, chunked\r\n")},
        FaultCase{"CodingTwice",
                  Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: "
                       "chunked\r\n")},
        FaultCase{"CodingInHttp10",
                  "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        FaultCase{"LengthTwice",
                  Post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")},
        FaultCase{"LengthList", Post("Content-Length: 1,1\r\n", "a")},
        FaultCase{"LengthSigned", Post("Content-Length: +1\r\n", "a")},
        FaultCase{"LengthHuge",
                  Post("Content-Length: 1000000000000000000\r\n")},
        FaultCase{"ChunkSizeMissing", Chunked(";a\r\n")},
        FaultCase{"ChunkSizeTooLong", Chunked("000000001\r\na\r\n")},
        FaultCase{"ChunkSizeSpace", Chunked(" 1\r\na\r\n")},
        FaultCase{"ChunkBareLf", Chunked("1\na\r\n")},
        FaultCase{"ChunkNotEnded", Chunked("1\r\naXY\r\n\r\n")},
        FaultCase{"TrailerFolded", Chunked("0\r\nA: b\r\n c\r\n\r\n")},
        FaultCase{"BareLf", "GET / HTTP/1.1\nHost: h\n\n"},
        FaultCase{"LfAlone", "\nGET / HTTP/1.1\r\n"},
        FaultCase{"BareCr", "GET / HTTP/1.1\r\nHost: h\rA: b\r\n\r\n"},
        FaultCase{"Folded", Post("A: b\r\n c\r\n")},
        FaultCase{"SpaceBeforeColon", Post("A : b\r\n")},
        FaultCase{"EmptyName", Post(": b\r\n")},
        FaultCase{"NoColon", Post("A\r\n")},
        FaultCase{"NulInValue", Post(std::string_view("A: \0\r\n", 6))},
        FaultCase{"NoHost", "GET / HTTP/1.1\r\n\r\n"},
        FaultCase{"TwoHosts", Post("Host: h\r\n")},
        FaultCase{"TwoEmptyLines", "\r\n\r\nGET / HTTP/1.1\r\n"},
        FaultCase{"NoVersion", "GET /\r\n"},
        FaultCase{"Tls", "\x16\x03\x01\x02"},
        FaultCase{"Version2", "GET / HTTP/2.0\r\n", Fault::kVersion},
        FaultCase{"Version12", "GET / HTTP/1.2\r\n", Fault::kVersion},
        FaultCase{"ManyFields",
                  [] {
                    std::string fields;
                    for (int i = 0; i < 200; ++i) fields += "a:\r\n";
                    return Post(fields);
                  }(),
                  Fault::kFieldsTooLarge}),
    [](const auto& info) { return info.param.name; });

TEST(Http1ParserPiecesTest, SoundRequestsComeOutTheSameHoweverTheyAreCut) {
  const ServerOptions options;
  const std::string bytes =
      "\r\n" + Chunked("2;a=b\r\nab\r\n1\r\nc\r\n0\r\nT: r\r\n\r\n");
  for (size_t cut = 1; cut <= bytes.size(); ++cut) {
    Http1Parser parser(&options);
    for (size_t at = 0; at < bytes.size(); at += cut) {
      const auto piece = std::string_view(bytes).substr(at, cut);
      ASSERT_EQ(parser.Consume(piece), piece.size());
    }
    ASSERT_EQ(parser.progress(), Http1Parser::Progress::kComplete);
    const Request request = parser.TakeRequest();
    EXPECT_EQ(request.body, "abc");
    EXPECT_THAT(request.fields,
                ElementsAre(testing::Field(&Field::name, "host"),
                            testing::Field(&Field::name, "transfer-encoding")));
  }
}

}  // namespace
}  // namespace signet::http
