// SPDX-License-Identifier: Apache-2.0
//
// The fields of an answer that stand for fields of the response.
#include <memory>
#include <string>
#include <vector>

#include "gateway/transcode/page_link.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

// A base, so that it outlives the messages that RestFixture keeps.
struct ItemSchema {
  ProtoSchema schema{R"(
    message Item {
      string id = 1;
      string etag = 2 [(signet.v1.not_in_json) = true];
    }
    message ItemRequest { string id = 1; }
    message ListRequest {
      string account_id = 1; int32 page_size = 2; string page_token = 3;
      string filter = 4;
    }
    message ListResponse {
      repeated Item items = 1; string next_page_token = 2;
    }
    service S {
      rpc Get(ItemRequest) returns (Item) {
        option (google.api.http) = {
          get: "/v1/items/{id}"
          additional_bindings { post: "/v1/items/{id}/read" body: "*" }
          additional_bindings { delete: "/v1/items/{id}" } };
        option (signet.v1.http_answer) = { etag: "etag" };
      }
      rpc Put(ItemRequest) returns (Item) {
        option (google.api.http) = { put: "/v1/items/{id}" body: "*" };
      }
      rpc List(ListRequest) returns (ListResponse) {
        option (google.api.http) = {
          get: "/v1/{account_id}/items" response_body: "items" };
        option (signet.v1.http_answer) = { next_page_token: "next_page_token" };
      }
    })"};
};

class AnswerFields : public ItemSchema, public RestFixture {
 protected:
  AnswerFields() : RestFixture({schema.Service()}, schema.factory()) {
    Answer("Item", "id: 'i' etag: 'v1.x'");
  }

  void Answer(const std::string& type, const std::string& text) {
    backend_.act = [this, type, text](const google::protobuf::Message&) {
      return schema.Make(type, text);
    };
  }

  http::Response Ask(const std::string& method, const std::string& target,
                     std::string body = "") {
    std::vector<http::Field> fields;
    if (!body.empty()) fields.push_back({"content-type", "application/json"});
    return Send({.method = method,
                 .target = target,
                 .fields = fields,
                 .body = std::move(body),
                 .peer = ""});
  }

  std::string LinkOf(const std::string& target) {
    return Field(Ask("GET", target), "Link");
  }
};

TEST_F(AnswerFields, TheTagGoesOutInQuotesAndNotInTheBody) {
  for (const char* method : {"GET", "HEAD", "DELETE"}) {
    const http::Response response = Ask(method, "/v1/items/i");
    EXPECT_EQ(response.status, 200) << method;
    EXPECT_EQ(Field(response, "ETag"), "\"v1.x\"") << method;
    EXPECT_EQ(response.body, R"({"id":"i"})") << method;
  }
}

TEST_F(AnswerFields, WithoutATagOrTheOptionThereIsNoETag) {
  for (const http::Field& field : Ask("PUT", "/v1/items/i", "{}").fields) {
    EXPECT_NE(field.name, "ETag");
  }
  Answer("Item", "id: 'i'");
  const http::Response response = Ask("GET", "/v1/items/i");
  EXPECT_EQ(response.status, 200);
  for (const http::Field& field : response.fields) {
    EXPECT_NE(field.name, "ETag");
    EXPECT_NE(field.name, "Link");
  }
}

TEST_F(AnswerFields, ARefusalHasNoETag) {
  backend_.action_error = RpcError(google::rpc::NOT_FOUND, "none", "R");
  EXPECT_EQ(Field(Ask("GET", "/v1/items/i"), "ETag"), "");
}

TEST_F(AnswerFields, ATagThatWouldBreakTheFieldIsAnInternalError) {
  for (const char* tag :
       {R"(a\"b)", R"(a\r\nX: y)", "a b", R"(a\177)", R"(\303\251)"}) {
    Answer("Item", "etag: \"" + std::string(tag) + "\"");
    const http::Response response = Ask("GET", "/v1/items/i");
    EXPECT_EQ(response.status, 500) << tag;
    EXPECT_EQ(Member(response, "detail"), "internal error");
    EXPECT_EQ(Field(response, "ETag"), "");
  }
}

TEST_F(AnswerFields, AListingLinksToItsNextPage) {
  Answer("ListResponse", "items { id: 'i' } next_page_token: 'a/b+c=&d'");
  const http::Response response = Ask("GET", "/v1/acc/items?page_size=2");
  EXPECT_EQ(response.body, R"([{"id":"i"}])");
  EXPECT_EQ(Field(response, "Link"),
            "</v1/acc/items?page_size=2&page_token=a%2Fb%2Bc%3D%26d>; "
            "rel=\"next\"");
  EXPECT_EQ(Field(Ask("HEAD", "/v1/acc/items"), "Link"),
            "</v1/acc/items?page_token=a%2Fb%2Bc%3D%26d>; rel=\"next\"");
}

TEST_F(AnswerFields, TheTokenOfThisPageIsReplaced) {
  Answer("ListResponse", "next_page_token: 'n'");
  EXPECT_EQ(LinkOf("/v1/acc/items?page_token=old&page_size=2"),
            "</v1/acc/items?page_size=2&page_token=n>; rel=\"next\"");
  EXPECT_EQ(LinkOf("/v1/acc/items?page%5Ftoken=old"),
            "</v1/acc/items?page_token=n>; rel=\"next\"");
  EXPECT_EQ(LinkOf("/v1/a%20b/items?filter=x+%26%3Dy&&page_token"),
            "</v1/a%20b/items?filter=x+%26%3Dy&page_token=n>; rel=\"next\"");
}

TEST_F(AnswerFields, TheLinkIsFollowed) {
  Answer("ListResponse", "next_page_token: '\\303\\251&page_size=9'");
  const std::string link = LinkOf("/v1/acc/items?page_size=2&filter=%C3%A9");
  const std::string target = link.substr(1, link.find('>') - 1);
  EXPECT_EQ(Ask("GET", target).status, 200);
  EXPECT_EQ(ShortText(*backend_.calls().back().request),
            R"(account_id: "acc" page_size: 2 page_token: )"
            R"("\303\251&page_size=9" filter: "\303\251")");
}

TEST_F(AnswerFields, TheLastPageHasNoLink) {
  Answer("ListResponse", "items { id: 'i' }");
  for (const http::Field& field : Ask("GET", "/v1/acc/items").fields) {
    EXPECT_NE(field.name, "Link");
  }
}

TEST(NextPageLink, NothingInTheTargetEndsTheReference) {
  EXPECT_EQ(NextPageLink("/a>; rel=\"x\"?q=<\"\r\n&page_token2=1", "n"),
            "</a%3E;%20rel=%22x%22?q=%3C%22%0D%0A&page_token2=1&page_token=n>; "
            "rel=\"next\"");
}

TEST_F(AnswerFields, EveryBindingOfAMethodIsReached) {
  EXPECT_EQ(Ask("POST", "/v1/items/i/read", "{}").status, 200);
  EXPECT_EQ(Ask("POST", "/v1/items/i/read").status, 200);
  EXPECT_EQ(Ask("DELETE", "/v1/items/i").body, R"({"id":"i"})");
  for (const gateway::BackendCall& call : backend_.calls()) {
    EXPECT_EQ(call.method->name(), "Get");
    EXPECT_EQ(ShortText(*call.request), R"(id: "i")");
  }
}

TEST_F(AnswerFields, DeleteTakesNoBodyAndNoUnknownQuery) {
  const http::Response body = Ask("DELETE", "/v1/items/i", "{}");
  EXPECT_EQ(body.status, 400);
  EXPECT_EQ(Member(body, "reason"), "BODY_UNEXPECTED");
  EXPECT_EQ(Ask("DELETE", "/v1/items/i?id=j").status, 400);
}

TEST_F(AnswerFields, TheAllowedMethodsAreThoseOfAllBindings) {
  const http::Response response = Ask("POST", "/v1/items/i");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(Field(response, "Allow"), "DELETE, GET, HEAD, PUT");
  const http::Response head = Ask("HEAD", "/v1/items/i/read");
  EXPECT_EQ(head.status, 405);
  EXPECT_EQ(Field(head, "Allow"), "POST");
}

}  // namespace
}  // namespace signet::transcode
