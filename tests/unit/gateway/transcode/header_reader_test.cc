// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/header_reader.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::HasSubstr;
using testing::Not;

// A base, so that it outlives the messages that RestFixture keeps.
struct HeaderSchema {
  ProtoSchema schema{R"(
    message Item { string id = 1; string name = 2; string etag = 3; }
    message UpdateRequest {
      Item item = 1;
      string idempotency_key = 2 [(signet.v1.not_in_json) = true];
      string trace = 3;
    }
    message CreateRequest { string name = 1; string trace = 2; Item item = 3; }
    service S {
      rpc Update(UpdateRequest) returns (Item) {
        option (google.api.http) = {
          patch: "/v1/items/{item.id}" body: "item"
          additional_bindings { delete: "/v1/items/{item.id}" } };
        option (signet.v1.http_request_headers) = {
          header: "If-Match" field: "item.etag" entity_tag: true };
        option (signet.v1.http_request_headers) = {
          header: "Idempotency-Key" field: "idempotency_key" };
        option (signet.v1.http_request_headers) = {
          header: "X-Trace" field: "trace" };
      }
      rpc Create(CreateRequest) returns (Item) {
        option (google.api.http) = { post: "/v1/items" body: "*" };
        option (signet.v1.http_request_headers) = {
          header: "X-Trace" field: "trace" };
        option (signet.v1.http_request_headers) = {
          header: "If-Match" field: "item.etag" entity_tag: true };
      }
    })"};
};

class HeaderReaderTest : public HeaderSchema, public RestFixture {
 protected:
  HeaderReaderTest() : RestFixture({schema.Service()}, schema.factory()) {
    backend_.act = [&](const google::protobuf::Message&) {
      return schema.New("Item");
    };
  }

  // The request that the method gets, or what the answer says of the faults.
  std::string Ask(http::Request request) {
    if (!request.body.empty()) {
      request.fields.push_back({"content-type", "application/json"});
    }
    const http::Response response = Send(std::move(request));
    if (response.status == 200)
      return ShortText(*backend_.calls().back().request);
    return std::to_string(response.status) + Member(response, "errors");
  }

  std::string Delete(std::vector<http::Field> fields) {
    return Ask({.method = "DELETE",
                .target = "/v1/items/i",
                .fields = std::move(fields),
                .body = "",
                .peer = ""});
  }
};

struct HeaderCase {
  std::string name;
  std::string header;
  std::string value;
  std::string want;  // After the item's id.
};

class GoodHeader : public HeaderReaderTest,
                   public testing::WithParamInterface<HeaderCase> {};
class BadHeader : public HeaderReaderTest,
                  public testing::WithParamInterface<HeaderCase> {};

TEST_P(GoodHeader, GivesTheField) {
  EXPECT_EQ(Delete({{GetParam().header, GetParam().value}}), GetParam().want);
}

TEST_P(BadHeader, NamesTheHeaderAndEchoesNothing) {
  const http::Response response =
      Send({.method = "DELETE",
            .target = "/v1/items/i",
            .fields = {{GetParam().header, GetParam().value}},
            .body = "",
            .peer = ""});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "FIELD_INVALID");
  EXPECT_EQ(Member(response, "errors"), GetParam().want);
  EXPECT_THAT(response.body, Not(HasSubstr("CANARY")));
  EXPECT_EQ(backend_.calls()[0].scope, gateway::CallScope::kAdmit);
  EXPECT_EQ(ShortText(*backend_.calls()[0].request), R"(item { id: "i" })");
}

std::string Item(const std::string& rest) {
  return "item { id: \"i\"" + rest + " }";
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodHeader,
    testing::Values(
        HeaderCase{"Tag", "if-match", "\"abc\"", Item(R"( etag: "abc")")},
        HeaderCase{"TagOfOne", "if-match", "\"a\"", Item(R"( etag: "a")")},
        HeaderCase{"TagEveryKind", "if-match", "\"!#[]~,\"",
                   Item(R"( etag: "!#[]~,")")},
        HeaderCase{"TagStar", "if-match", "*", Item(R"( etag: "*")")},
        HeaderCase{"TagOfAStar", "if-match", "\"*\"",
                   Item(R"( etag: "\"*\"")")},
        HeaderCase{"TagWeak", "if-match", "W/\"a\"",
                   Item(R"( etag: "W/\"a\"")")},
        HeaderCase{"TagList", "if-match", "\"a\", \"b\"",
                   Item(R"( etag: "\"a\", \"b\"")")},
        HeaderCase{"TagListClose", "if-match", "\"a\",\"b\"",
                   Item(R"( etag: "\"a\",\"b\"")")},
        HeaderCase{"TagBackslash", "if-match", "\"a\\b\"",
                   Item(R"( etag: "a\\b")")},
        HeaderCase{
            "KeyBare", "idempotency-key",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
            Item("") +
                " idempotency_key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\""},
        HeaderCase{
            "KeyQuoted", "idempotency-key",
            "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
            Item("") +
                " idempotency_key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\""},
        HeaderCase{"KeyEscapes", "idempotency-key", R"("a\"b\\c d")",
                   Item("") + R"( idempotency_key: "a\"b\\c d")"},
        HeaderCase{"KeyQuoteInside", "idempotency-key", "a\"b\"",
                   Item("") + R"( idempotency_key: "a\"b\"")"},
        HeaderCase{"Utf8", "x-trace", "\xC3\xA9",
                   Item("") + R"( trace: "\303\251")"},
        HeaderCase{"Comma", "x-trace", "a, b", Item("") + R"( trace: "a, b")"},
        HeaderCase{"Unasked", "if-none-match", "\"CANARY\"", Item("")}),
    [](const auto& info) { return info.param.name; });

constexpr char kTag[] =
    R"([{"field":"If-Match","detail":"want *, or entity tags such as )"
    R"(\"abc\", apart by commas"}])";
constexpr char kKey[] =
    R"([{"field":"Idempotency-Key","detail":"want a value, bare or in double )"
    "quotes (RFC 9651 section 3.3.3)\"}]";

INSTANTIATE_TEST_SUITE_P(
    Table, BadHeader,
    testing::Values(
        HeaderCase{"TagStarInAList", "if-match", "*, \"CANARY\"", kTag},
        HeaderCase{"TagWeakLower", "if-match", "w/\"CANARY\"", kTag},
        HeaderCase{"TagsNotApart", "if-match", "\"CANARY\" \"b\"", kTag},
        HeaderCase{"TagBare", "if-match", "CANARY", kTag},
        HeaderCase{"TagNothing", "if-match", "", kTag},
        HeaderCase{"TagEmpty", "if-match", "\"\"", kTag},
        HeaderCase{"TagOneQuote", "if-match", "\"", kTag},
        HeaderCase{"TagOpen", "if-match", "\"CANARY", kTag},
        HeaderCase{"TagUnopened", "if-match", "CANARY\"", kTag},
        HeaderCase{"TagSpace", "if-match", "\"CANARY b\"", kTag},
        HeaderCase{"TagObsText", "if-match", "\"CANARY\xC3\xA9\"", kTag},
        HeaderCase{"TagDelete", "if-match", "\"CANARY\x7F\"", kTag},
        HeaderCase{
            "KeyEmpty", "idempotency-key", "",
            R"([{"field":"Idempotency-Key","detail":"got an empty value, )"
            R"(want one, or none of this field"}])"},
        HeaderCase{"KeyQuotedEmpty", "idempotency-key", "\"\"", kKey},
        HeaderCase{"KeyOpen", "idempotency-key", "\"CANARY", kKey},
        HeaderCase{"KeyOneQuote", "idempotency-key", "\"", kKey},
        HeaderCase{"KeyTwo", "idempotency-key", "\"CANARY\", \"b\"", kKey},
        HeaderCase{"KeyParameter", "idempotency-key", "\"CANARY\";a=1", kKey},
        HeaderCase{"KeyBadEscape", "idempotency-key", R"("CANARY\n")", kKey},
        HeaderCase{"KeyCutEscape", "idempotency-key", R"("CANARY\")", kKey},
        HeaderCase{"KeyNotAscii", "idempotency-key", "\"CANARY\xC3\xA9\"",
                   kKey},
        HeaderCase{"KeyDelete", "idempotency-key", "\"CANARY\x7F\"", kKey},
        HeaderCase{
            "NoUtf8", "x-trace", "CANARY\xFF",
            R"([{"field":"X-Trace","detail":"want a value in UTF-8"}])"}),
    [](const auto& info) { return info.param.name; });

TEST_F(HeaderReaderTest, ARepeatedHeaderIsRefused) {
  EXPECT_EQ(Delete({{"x-trace", "a"}, {"x-trace", "a"}}),
            R"(400[{"field":"X-Trace","detail":"got it more than once, want )"
            R"(it once"}])");
}

TEST_F(HeaderReaderTest, RepeatedConditionsAreOneList) {
  EXPECT_EQ(Delete({{"if-match", "\"a\""}, {"if-match", "\"b\""}}),
            Item(R"( etag: "\"a\", \"b\"")"));
}

TEST_F(HeaderReaderTest, FaultsAreToldAllAtOnceAndInOrder) {
  const std::string faults =
      Ask({.method = "PATCH",
           .target = "/v1/items/i?nope=1",
           .fields = {{"x-trace", ""}, {"if-match", "a"}},
           .body = R"({"z": 1})",
           .peer = ""});
  const size_t tag = faults.find("If-Match");
  const size_t trace = faults.find("X-Trace");
  const size_t query = faults.find("nope");
  const size_t body = faults.find("\"z\"");
  EXPECT_LT(tag, trace);
  EXPECT_LT(trace, query);
  EXPECT_LT(query, body);
  EXPECT_LT(body, std::string::npos);
}

TEST_F(HeaderReaderTest, HeaderAndBodyOfTheSameMessageComeTogether) {
  EXPECT_EQ(Ask({.method = "PATCH",
                 .target = "/v1/items/i",
                 .fields = {{"if-match", "\"e\""}},
                 .body = R"({"name": "n"})",
                 .peer = ""}),
            R"(item { id: "i" name: "n" etag: "e" })");
  EXPECT_EQ(Ask({.method = "POST",
                 .target = "/v1/items",
                 .fields = {{"if-match", "\"e\""}, {"x-trace", "t"}},
                 .body = R"({"name": "n", "item": {"id": "i"}})",
                 .peer = ""}),
            R"(name: "n" trace: "t" item { id: "i" etag: "e" })");
}

TEST_F(HeaderReaderTest, WithoutTheHeaderTheBodyOrQueryMayGiveTheField) {
  EXPECT_EQ(Ask({.method = "PATCH",
                 .target = "/v1/items/i?trace=q",
                 .fields = {},
                 .body = R"({"etag": "e"})",
                 .peer = ""}),
            R"(item { id: "i" etag: "e" } trace: "q")");
}

TEST_F(HeaderReaderTest, TheFieldTwiceIsRefusedEvenWhenEqual) {
  const std::string body =
      R"(comes from a header, want it absent from the body)";
  EXPECT_EQ(Ask({.method = "PATCH",
                 .target = "/v1/items/i",
                 .fields = {{"if-match", "\"e\""}},
                 .body = R"({"etag": "e"})",
                 .peer = ""}),
            R"(400[{"field":"etag","detail":")" + body + "\"}]");
  EXPECT_EQ(Ask({.method = "POST",
                 .target = "/v1/items",
                 .fields = {{"x-trace", "t"}},
                 .body = R"({"trace": null})",
                 .peer = ""}),
            R"(400[{"field":"trace","detail":")" + body + "\"}]");
  EXPECT_EQ(Ask({.method = "PATCH",
                 .target = "/v1/items/i?trace=t",
                 .fields = {{"x-trace", "t"}},
                 .body = "",
                 .peer = ""}),
            R"(400[{"field":"trace","detail":"comes from a header, want it )"
            R"(absent from the query"}])");
}

TEST_F(HeaderReaderTest, AFieldOutsideJsonComesFromItsHeaderOnly) {
  EXPECT_EQ(Ask({.method = "PATCH",
                 .target = "/v1/items/i?idempotency_key=k",
                 .fields = {},
                 .body = "",
                 .peer = ""}),
            R"(400[{"field":"idempotency_key","detail":"unknown query )"
            R"(parameter"}])");
}

TEST_F(HeaderReaderTest, AFaultRanksWithTheOther400s) {
  const http::Request bad{
      .method = "PATCH",
      .target = "/v1/items/i",
      .fields = {{"if-match", "*"}, {"content-type", "text/plain"}},
      .body = "x",
      .peer = ""};
  EXPECT_EQ(Send(bad).status, 415);
  backend_.admission_error = Denied();
  EXPECT_EQ(Send(bad).status, 403);
  backend_.identity_error = Unauthenticated();
  EXPECT_EQ(Send(bad).status, 401);
}

}  // namespace
}  // namespace signet::transcode
