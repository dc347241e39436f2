// SPDX-License-Identifier: Apache-2.0
//
// IntrospectToken, RevokeToken and CheckAccess. VerifyToken and
// BatchVerifyTokens: verify_token_test.cc.
#include "server/api/tokens_methods.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::api {
namespace {

class TokensMethodsTest : public testing::Test {
 protected:
  template <typename Request>
  rpc::TokensWorld::Ending Call(const std::string& method,
                                const std::string& credential,
                                const Request& request) {
    return rpc::TokensWorld::CallRaw(world_.channel, "Tokens/" + method,
                                     credential.c_str(),
                                     request.SerializeAsString());
  }
  template <typename Request>
  std::string ReasonOf(const std::string& method, const std::string& credential,
                       const Request& request) {
    return rpc::ReadError(Call(method, credential, request).status).reason;
  }

  v1::IntrospectTokenResponse Introspect(const std::string& token) {
    v1::IntrospectTokenRequest request;
    request.set_token(token);
    const rpc::TokensWorld::Ending ending =
        Call("IntrospectToken", world_.asker, request);
    EXPECT_TRUE(ending.status.ok()) << ending.status.error_message();
    v1::IntrospectTokenResponse response;
    EXPECT_TRUE(response.ParseFromString(ending.bytes));
    return response;
  }

  static v1::RevokeTokenRequest Revoking(const std::string& token) {
    v1::RevokeTokenRequest request;
    request.set_token(token);
    return request;
  }

  static std::string CredentialOf(const v1::IssuedServiceAccount& issued) {
    return rpc::TokensWorld::CredentialOf(issued);
  }

  rpc::TokensWorld world_;
  const v1::IssuedServiceAccount good_ =
      world_.Issue({"billing.view", "auth.manage"});
};

TEST_F(TokensMethodsTest, IntrospectionSaysWhatRfc7662Names) {
  const v1::IntrospectTokenResponse answer = Introspect(good_.token());
  EXPECT_TRUE(answer.active());
  EXPECT_EQ(answer.scope(), "auth.manage billing.view");
  EXPECT_EQ(answer.client_id(), good_.id());
  EXPECT_EQ(answer.sub(), good_.id());
  EXPECT_EQ(answer.token_type(), "Bearer");
  EXPECT_EQ(answer.exp(), 0) << "it never expires";
  EXPECT_EQ(answer.iat(), good_.created_at().seconds());
  EXPECT_EQ(answer.jti(), good_.token_public_id());
  EXPECT_EQ(answer.subject_type(), "service_account");
  EXPECT_EQ(answer.account_id(), world_.world.account_id);
}

TEST_F(TokensMethodsTest, OfAnInactiveTokenIntrospectionSaysNothingElse) {
  ASSERT_TRUE(world_.Revoke(good_).ok());
  for (const std::string& token : {good_.token(), std::string("junk")}) {
    EXPECT_EQ(Introspect(token).SerializeAsString(), "");
  }
}

TEST_F(TokensMethodsTest, IntrospectionNeedsTheRight) {
  v1::IntrospectTokenRequest request;
  request.set_token(good_.token());
  EXPECT_EQ(ReasonOf("IntrospectToken", CredentialOf(world_.Issue()), request),
            "ACCESS_DENIED");
  request.clear_token();
  EXPECT_EQ(ReasonOf("IntrospectToken", world_.asker, request),
            "FIELD_INVALID");
  EXPECT_EQ(ReasonOf("IntrospectToken", CredentialOf(world_.Issue()), request),
            "ACCESS_DENIED");
}

TEST_F(TokensMethodsTest, WhoManagesRevokes) {
  const v1::IssuedServiceAccount target = world_.Issue();
  EXPECT_TRUE(world_.Verify(target.token()).active());
  EXPECT_TRUE(Call("RevokeToken", CredentialOf(good_), Revoking(target.token()))
                  .status.ok());
  EXPECT_EQ(world_.Verify(target.token()).reason(), "TOKEN_REVOKED");
  EXPECT_TRUE(Call("RevokeToken", CredentialOf(good_), Revoking(target.token()))
                  .status.ok());
}

TEST_F(TokensMethodsTest, WhoDoesNotIsAnsweredTheSame) {
  const rpc::TokensWorld::Ending want =
      Call("RevokeToken", CredentialOf(good_), Revoking("junk"));
  EXPECT_TRUE(want.status.ok());
  EXPECT_EQ(Call("RevokeToken", world_.asker, Revoking(good_.token())), want);
  EXPECT_TRUE(world_.Verify(good_.token()).active());
}

TEST_F(TokensMethodsTest, ATokenRevokesItself) {
  const v1::IssuedServiceAccount target = world_.Issue();
  EXPECT_TRUE(
      Call("RevokeToken", CredentialOf(target), Revoking(target.token()))
          .status.ok());
  EXPECT_EQ(world_.Verify(target.token()).reason(), "TOKEN_REVOKED");
}

TEST_F(TokensMethodsTest, AnOauthTokenIsRevokedByItsIssuerAlone) {
  EXPECT_EQ(ReasonOf("RevokeToken", rpc::kOwner, Revoking("a.b.c")),
            "UNSUPPORTED_TOKEN_TYPE");
  EXPECT_EQ(ReasonOf("RevokeToken", rpc::kOwner, Revoking("")),
            "FIELD_INVALID");
  EXPECT_EQ(ReasonOf("RevokeToken", "Bearer junk", Revoking("")),
            "TOKEN_INVALID");
}

TEST_F(TokensMethodsTest, ACheckSaysWhoItIs) {
  v1::CheckAccessRequest request;
  const rpc::TokensWorld::Ending ending =
      Call("CheckAccess", CredentialOf(good_), request);
  v1::CheckAccessResponse answer;
  ASSERT_TRUE(answer.ParseFromString(ending.bytes));
  EXPECT_EQ(answer.subject_type(), "service_account");
  EXPECT_EQ(answer.subject_id(), good_.id());
  EXPECT_EQ(answer.account_id(), world_.world.account_id);
  EXPECT_EQ(answer.token_public_id(), good_.token_public_id());
  EXPECT_EQ(answer.capabilities(), "auth.manage,billing.view");
}

TEST_F(TokensMethodsTest, ACheckAsksForCapabilities) {
  v1::CheckAccessRequest request;
  request.add_capability("billing.view");
  EXPECT_TRUE(Call("CheckAccess", CredentialOf(good_), request).status.ok());
  request.add_capability("billing.edit");
  EXPECT_EQ(ReasonOf("CheckAccess", CredentialOf(good_), request),
            "CAPABILITY_MISSING");
  EXPECT_TRUE(
      Call("CheckAccess", rpc::kOwner, v1::CheckAccessRequest()).status.ok())
      << "a user";
  request.set_account_id(world_.world.account_id);
  EXPECT_TRUE(Call("CheckAccess", rpc::kOwner, request).status.ok())
      << "who owns the account";
  EXPECT_EQ(ReasonOf("CheckAccess", rpc::kNobody, request),
            "CAPABILITY_MISSING");
}

TEST_F(TokensMethodsTest, ARefusedCheckTellsWhatIsLacked) {
  v1::CheckAccessRequest request;
  const auto told = [&](const std::string& credential) {
    return std::string(
        Call("CheckAccess", credential, request).status.error_message());
  };
  request.add_capability("billing.view");
  request.add_capability("billing.edit");
  EXPECT_EQ(told(CredentialOf(good_)),
            "the credential lacks billing.edit on the account");
  request.set_resource_type("domain");
  EXPECT_EQ(told(CredentialOf(good_)),
            "the credential lacks billing.edit on the resource");
  request.Clear();
  request.set_account_id(SampleId(77).ToString());  // There is none.
  EXPECT_EQ(
      told(CredentialOf(good_)),
      "the token is not of this account, or its user holds nothing there");
  request.add_capability("billing.view");
  EXPECT_EQ(told(CredentialOf(good_)),
            "the credential lacks billing.view on the account");
  request.set_account_id(world_.world.account_id);
  EXPECT_EQ(
      told(rpc::kNobody),
      "the token is not of this account, or its user holds nothing there");
}

TEST_F(TokensMethodsTest, ACheckOfNonsenseIsRefused) {
  v1::CheckAccessRequest request;
  for (int i = 0; i < 32; ++i) request.add_capability("billing.view");
  EXPECT_TRUE(Call("CheckAccess", CredentialOf(good_), request).status.ok());
  request.add_capability("billing.view");
  EXPECT_EQ(ReasonOf("CheckAccess", CredentialOf(good_), request),
            "FIELD_INVALID");
  v1::CheckAccessRequest resource;
  resource.add_capability("billing.view");
  resource.set_resource_id(SampleId(4).ToString());
  EXPECT_EQ(ReasonOf("CheckAccess", CredentialOf(good_), resource),
            "FIELD_INVALID");
  v1::CheckAccessRequest account;
  account.set_account_id("junk");
  EXPECT_EQ(ReasonOf("CheckAccess", CredentialOf(good_), account),
            "FIELD_INVALID");
}

}  // namespace
}  // namespace signet::api
