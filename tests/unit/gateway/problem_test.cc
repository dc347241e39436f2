// SPDX-License-Identifier: Apache-2.0
#include "gateway/problem.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "gateway/problem_response.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/support/fake_backend.h"

namespace signet::gateway {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The status, and of the fields those that depend on the problem.
std::string Summary(const Problem& problem) {
  const http::Response response = ProblemResponse(problem, "id-1");
  std::string out =
      absl::StrCat(response.status, " ", google::rpc::Code_Name(problem.code));
  for (const http::Field& field : response.fields) {
    if (field.name == "Content-Type" || field.name == "X-Request-Id" ||
        field.name == "Cache-Control") {
      continue;
    }
    absl::StrAppend(&out, "|", field.name, ": ", field.value);
  }
  return out;
}

struct Mapping {
  google::rpc::Code code;
  std::string reason;
  std::string want;
};

class BackendErrors : public testing::TestWithParam<Mapping> {};

TEST_P(BackendErrors, HaveOneAnswerEach) {
  const Mapping& m = GetParam();
  EXPECT_EQ(Summary(BackendProblem(RpcError(m.code, "text", m.reason))),
            m.want);
}

constexpr char kBearer[] = "|WWW-Authenticate: Bearer realm=\"signet\"";

INSTANTIATE_TEST_SUITE_P(
    Table, BackendErrors,
    testing::Values(
        Mapping{google::rpc::INVALID_ARGUMENT, "FIELD_INVALID",
                "400 INVALID_ARGUMENT"},
        Mapping{google::rpc::INVALID_ARGUMENT, "INVALID_REQUEST",
                absl::StrCat("400 INVALID_ARGUMENT", kBearer,
                             ", error=\"invalid_request\"")},
        Mapping{google::rpc::INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED",
                "422 INVALID_ARGUMENT"},
        Mapping{google::rpc::INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED_",
                "400 INVALID_ARGUMENT"},
        Mapping{google::rpc::ABORTED, "IDEMPOTENCY_KEY_REUSED", "409 ABORTED"},
        Mapping{google::rpc::ABORTED, "ETAG_MISMATCH", "412 ABORTED"},
        Mapping{google::rpc::OUT_OF_RANGE, "R", "400 OUT_OF_RANGE"},
        Mapping{google::rpc::UNAUTHENTICATED, "CREDENTIAL_MISSING",
                absl::StrCat("401 UNAUTHENTICATED", kBearer)},
        Mapping{google::rpc::UNAUTHENTICATED, "TOKEN_INVALID",
                absl::StrCat("401 UNAUTHENTICATED", kBearer,
                             ", error=\"invalid_token\"")},
        Mapping{google::rpc::UNAUTHENTICATED, "SOMETHING_NEW",
                absl::StrCat("401 UNAUTHENTICATED", kBearer,
                             ", error=\"invalid_token\"")},
        Mapping{google::rpc::PERMISSION_DENIED, "ACCESS_DENIED",
                "403 PERMISSION_DENIED"},
        Mapping{google::rpc::PERMISSION_DENIED, "INSUFFICIENT_SCOPE",
                absl::StrCat("403 PERMISSION_DENIED", kBearer,
                             ", error=\"insufficient_scope\"")},
        Mapping{google::rpc::NOT_FOUND, "SERVICE_ACCOUNT_NOT_FOUND",
                "404 NOT_FOUND"},
        Mapping{google::rpc::ALREADY_EXISTS, "R", "409 ALREADY_EXISTS"},
        Mapping{google::rpc::ABORTED, "R", "409 ABORTED"},
        Mapping{google::rpc::FAILED_PRECONDITION, "SERVICE_ACCOUNT_REVOKED",
                "409 FAILED_PRECONDITION"},
        Mapping{google::rpc::RESOURCE_EXHAUSTED, "WRITE_QUEUE_FULL",
                "429 RESOURCE_EXHAUSTED|Retry-After: 1"},
        Mapping{google::rpc::CANCELLED, "R", "499 CANCELLED"},
        Mapping{google::rpc::UNIMPLEMENTED, "R", "501 UNIMPLEMENTED"},
        Mapping{google::rpc::UNAVAILABLE, "STORAGE_UNAVAILABLE",
                "503 UNAVAILABLE|Retry-After: 1"},
        Mapping{google::rpc::DEADLINE_EXCEEDED, "R", "504 DEADLINE_EXCEEDED"},
        Mapping{google::rpc::INTERNAL, "SECRET_CAUSE", "500 INTERNAL"},
        Mapping{google::rpc::UNKNOWN, "SECRET_CAUSE", "500 UNKNOWN"},
        Mapping{google::rpc::DATA_LOSS, "SECRET_CAUSE", "500 DATA_LOSS"},
        Mapping{static_cast<google::rpc::Code>(99), "SECRET_CAUSE",
                "500 UNKNOWN"}),
    [](const auto& info) {
      return absl::StrCat(info.index, info.param.reason.substr(0, 8));
    });

struct OwnProblem {
  std::string name;
  Problem problem;
  std::string want;
};

class GatewayErrors : public testing::TestWithParam<OwnProblem> {};

TEST_P(GatewayErrors, HaveOneAnswerEach) {
  EXPECT_EQ(
      absl::StrCat(Summary(GetParam().problem), " ", GetParam().problem.reason),
      GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GatewayErrors,
    testing::Values(
        OwnProblem{"Malformed", FramingProblem(http::Fault::kMalformed),
                   "400 INVALID_ARGUMENT REQUEST_MALFORMED"},
        OwnProblem{"Timeout", FramingProblem(http::Fault::kTimeout),
                   "408 DEADLINE_EXCEEDED REQUEST_TIMEOUT"},
        OwnProblem{"Target", FramingProblem(http::Fault::kTargetTooLong),
                   "414 INVALID_ARGUMENT TARGET_TOO_LONG"},
        OwnProblem{"Fields", FramingProblem(http::Fault::kFieldsTooLarge),
                   "431 INVALID_ARGUMENT FIELDS_TOO_LARGE"},
        OwnProblem{"Version", FramingProblem(http::Fault::kVersion),
                   "505 UNIMPLEMENTED VERSION_UNSUPPORTED"},
        OwnProblem{"Overloaded", FramingProblem(http::Fault::kOverloaded),
                   "503 UNAVAILABLE|Retry-After: 1 SERVER_OVERLOADED"},
        OwnProblem{"Route", RouteNotFound(),
                   "404 UNIMPLEMENTED ROUTE_NOT_FOUND"},
        OwnProblem{"Method", MethodNotAllowed({"GET", "HEAD"}),
                   "405 UNIMPLEMENTED|Allow: GET, HEAD METHOD_NOT_ALLOWED"},
        OwnProblem{"MediaType", MediaTypeUnsupported("application/json"),
                   "415 INVALID_ARGUMENT|Accept: application/json "
                   "MEDIA_TYPE_UNSUPPORTED"},
        OwnProblem{"Coding", ContentCodingUnsupported(),
                   "415 INVALID_ARGUMENT|Accept-Encoding: identity "
                   "CONTENT_CODING_UNSUPPORTED"},
        OwnProblem{"Size", BodyTooLarge(),
                   "413 INVALID_ARGUMENT BODY_TOO_LARGE"},
        OwnProblem{"Several", SeveralCredentials(),
                   "400 INVALID_ARGUMENT|WWW-Authenticate: Bearer "
                   "realm=\"signet\", error=\"invalid_request\" "
                   "INVALID_REQUEST"},
        OwnProblem{"Form", FormInvalid({"token", "want it once"}),
                   "400 INVALID_ARGUMENT|WWW-Authenticate: Bearer "
                   "realm=\"signet\", error=\"invalid_request\" "
                   "INVALID_REQUEST"},
        OwnProblem{"Unexpected", BodyUnexpected(),
                   "400 INVALID_ARGUMENT BODY_UNEXPECTED"},
        OwnProblem{"Depth",
                   BodyMalformed(ParseJson(std::string(33, '[')).status()),
                   "400 INVALID_ARGUMENT JSON_TOO_DEEP"},
        OwnProblem{"Json", BodyMalformed(ParseJson("{").status()),
                   "400 INVALID_ARGUMENT JSON_MALFORMED"},
        OwnProblem{"Json500", BodyMalformed(absl::InternalError("secret")),
                   "500 INTERNAL INTERNAL"}),
    [](const auto& info) { return info.param.name; });

TEST(ProblemResponse, IsOneDocumentInAFixedOrder) {
  const http::Response response = ProblemResponse(
      FieldsInvalid({{"name", "got \"x\""}, {"b.c", "want y"}}), "id-1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(
      response.body,
      R"j({"type":"urn:signet:error:field-invalid","title":"Field invalid",)j"
      R"j("status":400,"detail":"name: got \"x\" (and 1 more)",)j"
      R"j("code":"INVALID_ARGUMENT","reason":"FIELD_INVALID",)j"
      R"j("request_id":"id-1","errors":[{"field":"name","detail":"got \"x\""},)j"
      R"j({"field":"b.c","detail":"want y"}]})j");
  ASSERT_EQ(response.fields.size(), 3);
  EXPECT_EQ(response.fields[0].value, "application/problem+json");
  EXPECT_EQ(response.fields[1].value, "no-store");
  EXPECT_EQ(response.fields[2].value, "id-1");
}

TEST(ProblemResponse, EveryMemberIsThereWithoutFieldErrorsToo) {
  EXPECT_EQ(ProblemResponse(RouteNotFound(), "i").body,
            R"({"type":"urn:signet:error:route-not-found",)"
            R"("title":"Route not found","status":404,)"
            R"("detail":"the path names no resource of this API",)"
            R"("code":"UNIMPLEMENTED","reason":"ROUTE_NOT_FOUND",)"
            R"("request_id":"i","errors":[]})");
}

TEST(ProblemResponse, DiffersForEqualProblemsInTheRequestIdOnly) {
  const std::string one = ProblemResponse(RouteNotFound(), "AAA").body;
  std::string two = ProblemResponse(RouteNotFound(), "BBB").body;
  two.replace(two.find("BBB"), 3, "AAA");
  EXPECT_EQ(one, two);
}

TEST(ProblemResponse, IsBoundedHoweverManyFaultsThereAre) {
  const std::vector<FieldViolation> faults(50'000, {"f", "unknown field"});
  const std::string body = ProblemResponse(FieldsInvalid(faults), "i").body;
  EXPECT_LT(body.size(), 10'000);
  EXPECT_THAT(body, HasSubstr("(and 49999 more)"));
}

TEST(BackendProblem, PrivateTextNeverLeaves) {
  for (const auto code :
       {google::rpc::INTERNAL, google::rpc::UNKNOWN, google::rpc::DATA_LOSS,
        static_cast<google::rpc::Code>(-1)}) {
    google::rpc::Status status = RpcError(code, "secret text", "SECRET_REASON");
    google::rpc::BadRequest bad_request;
    bad_request.add_field_violations()->set_field("secret_field");
    status.add_details()->PackFrom(bad_request);
    const std::string body = ProblemResponse(BackendProblem(status), "i").body;
    EXPECT_THAT(body, Not(HasSubstr("secret")));
    EXPECT_THAT(body, Not(HasSubstr("SECRET")));
    EXPECT_THAT(body, HasSubstr("\"detail\":\"internal error\""));
  }
}

TEST(BackendProblem, TakesFieldViolationsAndRetryInfo) {
  google::rpc::Status status =
      RpcError(google::rpc::UNAVAILABLE, "later", "STORAGE_UNAVAILABLE");
  google::rpc::BadRequest bad_request;
  auto& violation = *bad_request.add_field_violations();
  violation.set_field("name");
  violation.set_description("want less");
  status.add_details()->PackFrom(bad_request);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(1);
  status.add_details()->PackFrom(retry);
  const Problem problem = BackendProblem(status);
  EXPECT_EQ(problem.errors,
            (std::vector<FieldViolation>{{"name", "want less"}}));
  EXPECT_EQ(Summary(problem), "503 UNAVAILABLE|Retry-After: 3");
}

TEST(BackendProblem, RetryAfterIsAtLeastASecond) {
  google::rpc::Status status =
      RpcError(google::rpc::RESOURCE_EXHAUSTED, "later", "WRITE_QUEUE_FULL");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(50'000'000);
  status.add_details()->PackFrom(retry);
  EXPECT_EQ(Summary(BackendProblem(status)),
            "429 RESOURCE_EXHAUSTED|Retry-After: 1");
}

TEST(MediaTypeUnsupported, SaysWhatIsWanted) {
  const Problem problem = MediaTypeUnsupported("text/x");
  EXPECT_EQ(problem.detail, "Content-Type: want text/x in UTF-8, once");
  EXPECT_EQ(problem.fields[0].value, "text/x");
  EXPECT_EQ(MediaTypeUnsupported("text/x", "none").detail,
            "Content-Type: got none, want text/x; with curl: -H "
            "'Content-Type: text/x'");
}

struct OAuthError {
  google::rpc::Code code;
  std::string reason;
  std::string_view want;
};

class OAuthErrors : public testing::TestWithParam<OAuthError> {};

TEST_P(OAuthErrors, AreTheLastMemberForWhoeverReadsThem) {
  const Problem problem =
      BackendProblem(RpcError(GetParam().code, "text", GetParam().reason));
  EXPECT_EQ(OAuthErrorOf(problem), GetParam().want);
  const http::Response plain = ProblemResponse(problem, "id-1");
  EXPECT_THAT(plain.body, Not(HasSubstr("\"error\"")));
  const http::Response oauth =
      ProblemResponse(problem, "id-1", ProblemReader::kOAuth);
  EXPECT_EQ(oauth.body,
            absl::StrCat(plain.body.substr(0, plain.body.size() - 1),
                         ",\"error\":\"", std::string(GetParam().want), "\"}"));
  // A challenge more.
  EXPECT_EQ(oauth.fields.size(),
            plain.fields.size() + (problem.status == 401 ? 1 : 0));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OAuthErrors,
    testing::Values(
        OAuthError{google::rpc::INVALID_ARGUMENT, "FIELD_INVALID",
                   "invalid_request"},
        OAuthError{google::rpc::INVALID_ARGUMENT, "UNSUPPORTED_TOKEN_TYPE",
                   "unsupported_token_type"},
        OAuthError{google::rpc::NOT_FOUND, "R", "invalid_request"},
        OAuthError{google::rpc::UNAUTHENTICATED, "TOKEN_INVALID",
                   "invalid_client"},
        OAuthError{google::rpc::PERMISSION_DENIED, "ACCESS_DENIED",
                   "unauthorized_client"},
        OAuthError{google::rpc::RESOURCE_EXHAUSTED, "TOO_MANY",
                   "temporarily_unavailable"},
        OAuthError{google::rpc::UNAVAILABLE, "STORAGE_UNAVAILABLE",
                   "temporarily_unavailable"},
        OAuthError{google::rpc::DEADLINE_EXCEEDED, "R",
                   "temporarily_unavailable"},
        OAuthError{google::rpc::INTERNAL, "INTERNAL", "server_error"},
        OAuthError{google::rpc::UNIMPLEMENTED, "R", "server_error"}),
    [](const auto& info) { return absl::StrCat("No", info.index); });

TEST(FormInvalid, NamesTheParameter) {
  const Problem problem = FormInvalid({"token", "want it once"});
  EXPECT_EQ(problem.detail, "token: want it once");
  EXPECT_EQ(problem.errors,
            (std::vector<FieldViolation>{{"token", "want it once"}}));
}

TEST(BackendProblem, WithoutErrorInfoTheCodeIsTheReason) {
  google::rpc::Status status;
  status.set_code(google::rpc::NOT_FOUND);
  const Problem problem = BackendProblem(status);
  EXPECT_EQ(problem.reason, "NOT_FOUND");
  EXPECT_THAT(problem.errors, IsEmpty());
}

TEST(ChallengeFor, NamesTheScopeWhereItIsKnown) {
  google::rpc::ErrorInfo info;
  info.set_reason("INSUFFICIENT_SCOPE");
  (*info.mutable_metadata())["scope"] = "signet:manage signet:view";
  google::rpc::Status status;
  status.set_code(google::rpc::PERMISSION_DENIED);
  status.add_details()->PackFrom(info);
  EXPECT_EQ(ChallengeFor(BackendProblem(status)),
            "Bearer realm=\"signet\", error=\"insufficient_scope\", "
            "scope=\"signet:manage signet:view\"");
  (*info.mutable_metadata())["scope"] = "a\"\r\nX: y";
  status.mutable_details(0)->PackFrom(info);
  EXPECT_EQ(ChallengeFor(BackendProblem(status)),
            "Bearer realm=\"signet\", error=\"insufficient_scope\"");
}

}  // namespace
}  // namespace signet::gateway
