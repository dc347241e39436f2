// SPDX-License-Identifier: Apache-2.0
//
// Partial updates (AIP-134): a body that is the resource, and its mask.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

// A base, so that it outlives the messages that RestFixture keeps.
struct UpdateSchema {
  ProtoSchema schema{R"(
    message Item {
      string account_id = 1;
      string id = 2;
      string name = 3;
      google.protobuf.Timestamp expires_at = 4;
      map<string, string> labels = 5;
      string etag = 6;
    }
    message UpdateRequest {
      Item item = 1;
      google.protobuf.FieldMask update_mask = 2;
    }
    message UnmaskedRequest { Item item = 1; string update_mask = 2; }
    message ManyRequest {
      Item item = 1;
      repeated google.protobuf.FieldMask update_mask = 2;
    }
    message TimeRequest {
      google.protobuf.Timestamp time = 1;
      google.protobuf.FieldMask update_mask = 2;
    }
    service S {
      rpc Update(UpdateRequest) returns (Item) {
        option (google.api.http) = {
          patch: "/v1/{item.account_id}/items/{item.id}" body: "item"
          additional_bindings {
            put: "/v1/{item.account_id}/items/{item.id}" body: "item" }
          additional_bindings { patch: "/v1/whole" body: "*" } };
        option (signet.v1.http_request_headers) = {
          header: "If-Match" field: "item.etag" entity_tag: true };
      }
      rpc Unmasked(UnmaskedRequest) returns (Item) {
        option (google.api.http) = { patch: "/v1/unmasked" body: "item" };
      }
      rpc Many(ManyRequest) returns (Item) {
        option (google.api.http) = { patch: "/v1/many" body: "item" };
      }
      rpc Time(TimeRequest) returns (Item) {
        option (google.api.http) = { patch: "/v1/time" body: "time" };
      }
    })"};
};

class UpdateMask : public UpdateSchema, public RestFixture {
 protected:
  UpdateMask() : RestFixture({schema.Service()}, schema.factory()) {
    backend_.act = [&](const google::protobuf::Message&) {
      return schema.New("Item");
    };
  }

  // The request that the method gets, or what the answer says of the faults.
  std::string Ask(const std::string& body, const std::string& query = "",
                  const std::string& target = "/v1/a/items/i",
                  const std::string& method = "PATCH",
                  std::vector<http::Field> fields = {}) {
    if (!body.empty()) fields.push_back({"content-type", "application/json"});
    const http::Response response = Send({.method = method,
                                          .target = target + query,
                                          .fields = std::move(fields),
                                          .body = body,
                                          .peer = ""});
    if (response.status == 200) {
      return ShortText(*backend_.calls().back().request);
    }
    return std::to_string(response.status) + Member(response, "errors");
  }
};

constexpr char kPath[] = R"(item { account_id: "a" id: "i")";

TEST_F(UpdateMask, TheNamesInTheBodyAreTheMask) {
  EXPECT_EQ(
      Ask(R"({"name": "n"})"),
      std::string(kPath) + R"( name: "n" } update_mask { paths: "name" })");
}

TEST_F(UpdateMask, InTheirOrderAndThoseOfNullsAndDefaultsToo) {
  EXPECT_EQ(Ask(R"({"labels": {"k": "v"}, "expires_at": null, "name": ""})"),
            std::string(kPath) +
                R"( labels { key: "k" value: "v" } } update_mask )"
                R"({ paths: "labels" paths: "expires_at" paths: "name" })");
}

TEST_F(UpdateMask, ABodyWithoutNamesMakesAnEmptyMask) {
  for (const char* body : {"{}", "null", ""}) {
    EXPECT_EQ(Ask(body), std::string(kPath) + " } update_mask { }") << body;
  }
}

TEST_F(UpdateMask, ABodyThatIsNoObjectIsCalledTheBody) {
  EXPECT_EQ(Ask("[]"), R"x(400[{"field":"(body)","detail":)x"
                       R"x("got an array, want an object"}])x");
}

TEST_F(UpdateMask, TheQueryOutranksTheBody) {
  EXPECT_EQ(Ask(R"({"name": "n"})",
                "?update_mask=expires_at,labels.k,name,"
                "expires_at"),
            std::string(kPath) +
                R"( name: "n" } update_mask { paths: "expires_at" )"
                R"(paths: "labels.k" paths: "name" })");
  EXPECT_EQ(Ask("", "?update_mask=nope"),
            std::string(kPath) + R"( } update_mask { paths: "nope" })");
}

TEST_F(UpdateMask, AStarAloneIsAMask) {
  EXPECT_EQ(Ask(R"({"name": "n"})", "?update_mask=*"),
            std::string(kPath) + R"( name: "n" } update_mask { paths: "*" })");
}

TEST_F(UpdateMask, AMaskThatIsNoneIsRefused) {
  for (const char* query :
       {"?update_mask=", "?update_mask", "?update_mask=,", "?update_mask=a,",
        "?update_mask=,a", "?update_mask=*,a", "?update_mask=a,*",
        "?update_mask=**", "?update_mask=expiresAt", "?update_mask=a..b",
        "?update_mask=.a", "?update_mask=a.", "?update_mask=a%20,b",
        "?update_mask=a&update_mask=b", "?update_mask.paths=a"}) {
    EXPECT_EQ(Ask(R"({"name": "n"})", query).substr(0, 24),
              R"(400[{"field":"update_mas)")
        << query;
  }
}

TEST_F(UpdateMask, FieldsOfThePathAreRefusedInTheBody) {
  EXPECT_EQ(Ask(R"({"id": "i", "name": "n", "account_id": null})"),
            R"(400[{"field":"id","detail":"comes from the path, want it )"
            R"(absent from the body"},{"field":"account_id","detail":)"
            R"("comes from the path, want it absent from the body"}])");
  EXPECT_EQ(Ask("{}", "?item.id=i"),
            R"(400[{"field":"item.id","detail":"unknown query parameter"}])");
}

TEST_F(UpdateMask, UnknownNamesAreRefused) {
  EXPECT_EQ(Ask(R"({"nope": 1})"),
            R"(400[{"field":"nope","detail":"unknown field"}])");
}

TEST_F(UpdateMask, WhatAHeaderGivesIsNotInTheMask) {
  EXPECT_EQ(Ask(R"({"name": "n"})", "", "/v1/a/items/i", "PATCH",
                {{"if-match", "\"e\""}}),
            std::string(kPath) +
                R"( name: "n" etag: "e" } update_mask { paths: "name" })");
}

TEST_F(UpdateMask, OnlyAPartialUpdateOfOneFieldHasOne) {
  EXPECT_EQ(Ask(R"({"name": "n"})", "", "/v1/a/items/i", "PUT"),
            std::string(kPath) + R"( name: "n" })");
  EXPECT_EQ(
      Ask(R"({"item": {"name": "n"}, "update_mask": "name"})", "", "/v1/whole"),
      R"(item { name: "n" } update_mask { paths: "name" })");
  EXPECT_EQ(Ask(R"({"item": {"name": "n"}})", "", "/v1/whole"),
            R"(item { name: "n" })");
  EXPECT_EQ(Ask(R"({"name": "n"})", "", "/v1/unmasked"),
            R"(item { name: "n" })");
  EXPECT_EQ(Ask(R"({"name": "n"})", "", "/v1/many"), R"(item { name: "n" })");
  EXPECT_EQ(Ask("\"1970-01-01T00:00:01Z\"", "", "/v1/time"),
            "time { seconds: 1 }");
}

}  // namespace
}  // namespace signet::transcode
