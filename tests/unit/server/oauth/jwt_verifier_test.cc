// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwt_verifier.h"

#include <string>
#include <vector>

#include "crypto/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/oauth/oauth_options.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"

namespace signet::oauth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const JwtSigner& Signer() {
  static const JwtSigner signer(JwtSigner::Kind::kEs256);
  return signer;
}

// The good token with some members of its claims replaced or, as null, taken
// away.
std::string TokenWith(std::string_view changes, const char* typ = "at+jwt") {
  Json header = identity::GoodHeader(Signer());
  header["typ"] = typ;
  Json claims = identity::GoodClaims();
  claims.merge_patch(ParseJson(changes).value());
  return Signer().Token(header.dump(), claims.dump());
}

absl::StatusOr<UnprovenToken> Check(
    const std::string& token, OauthOptions options = identity::GoodOptions(),
    absl::Time now = identity::TokenTime()) {
  return JwtVerifier(options).Check(token, now);
}

OauthOptions TakingPlainJwt() {
  OauthOptions options = identity::GoodOptions();
  options.accepted_typ = "JWT";
  return options;
}

TEST(JwtVerifier, ReadsAGoodToken) {
  const absl::StatusOr<UnprovenToken> token = Check(TokenWith(
      R"({"groups":["ops","dns"],"unknown":[{"a":1}],"auth_time":1})"));
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->key.key_id, identity::kKeyId);
  EXPECT_EQ(token->key.algorithm, crypto::SignatureAlgorithm::kEs256);
  const identity::Principal& user = token->principal;
  EXPECT_EQ(user.kind, identity::PrincipalKind::kUser);
  EXPECT_EQ(user.oauth_subject, identity::kSubject);
  EXPECT_THAT(user.groups, ElementsAre("ops", "dns"));
  EXPECT_EQ(user.home_account_id, std::nullopt);
  EXPECT_EQ(user.credential_expires_at,
            identity::TokenTime() + absl::Seconds(360));
}

TEST(JwtVerifier, IdOfAUserIsTheSubjectWhereThatIsAUuid) {
  const absl::StatusOr<UnprovenToken> token =
      Check(TokenWith(R"({"sub":"3C90C3CC-0D44-4B50-8888-8DD25736052A"})"));
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->principal.id.ToString(),
            "3c90c3cc-0d44-4b50-8888-8dd25736052a");
}

TEST(JwtVerifier, IdOfAnotherUserIsMadeOfIssuerAndSubject) {
  const absl::StatusOr<UnprovenToken> token = Check(TokenWith("{}"));
  ASSERT_THAT(token, IsOk());
  const Uuid id = token->principal.id;
  EXPECT_EQ(id, crypto::UuidV5(crypto::UuidV5(crypto::UuidNamespaceUrl(),
                                              identity::kIssuer),
                               identity::kSubject));
  // Worked out apart, with Python's uuid.uuid5: what is stored must stay valid.
  EXPECT_EQ(id.ToString(), "b458c8a7-6e87-53d5-a406-589a3b70d807");

  OauthOptions other = identity::GoodOptions();
  other.issuer = "https://other.example.com";
  const absl::StatusOr<UnprovenToken> elsewhere =
      Check(TokenWith(R"({"iss":"https://other.example.com"})"), other);
  ASSERT_THAT(elsewhere, IsOk());
  EXPECT_NE(elsewhere->principal.id, id);
}

struct Case {
  const char* name;
  const char* changes;
};

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

class GoodClaim : public testing::TestWithParam<Case> {};

TEST_P(GoodClaim, IsAccepted) {
  EXPECT_THAT(Check(TokenWith(GetParam().changes)), IsOk());
}

// The token lives from 1899999700 to 1900000300; it is 1900000000.
INSTANTIATE_TEST_SUITE_P(
    , GoodClaim,
    testing::Values(
        Case{"AudienceAmongOthers",
             R"({"aud":["https://x","https://signet.example.com"]})"},
        Case{"ExpiredWithinLeeway", R"({"exp":1899999941})"},
        Case{"ExpiredFractionWithinLeeway", R"({"exp":1899999940.5})"},
        Case{"ExpiryFarAhead", R"({"exp":253402300799})"},
        Case{"ExpiryWithExponent", R"({"exp":1.9000003e9})"},
        Case{"IssuedAheadWithinLeeway", R"({"iat":1900000060})"},
        Case{"IssuedLongAgo", R"({"iat":0})"},
        Case{"NotBeforeNow", R"({"nbf":1900000000})"},
        Case{"NotBeforeAheadWithinLeeway", R"({"nbf":1900000060})"},
        Case{"SubjectInUnicode", R"({"sub":"Zoë Ω"})"},
        Case{"NoGroups", R"({"groups":[]})"}),
    &NameOf);

class BadClaim : public testing::TestWithParam<Case> {};

TEST_P(BadClaim, IsRefused) {
  const absl::StatusOr<UnprovenToken> token =
      Check(TokenWith(GetParam().changes));
  EXPECT_THAT(token, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(token.status().message()),
              testing::Not(HasSubstr("canary")));
}

INSTANTIATE_TEST_SUITE_P(
    , BadClaim,
    testing::Values(
        Case{"IssuerAbsent", R"({"iss":null})"},
        Case{"IssuerOther", R"({"iss":"https://canary.example.com"})"},
        Case{"IssuerWithSlash", R"({"iss":"https://issuer.example.com/"})"},
        Case{"IssuerInOtherCase", R"({"iss":"https://Issuer.example.com"})"},
        Case{"IssuerInArray", R"({"iss":["https://issuer.example.com"]})"},
        Case{"AudienceAbsent", R"({"aud":null})"},
        Case{"AudienceOther", R"({"aud":"https://canary"})"},
        Case{"AudienceOthers", R"({"aud":["a","https://canary"]})"},
        Case{"AudienceNone", R"({"aud":[]})"},
        Case{"AudienceLonger", R"({"aud":"https://signet.example.com.evil"})"},
        Case{"AudienceShorter", R"({"aud":"https://signet.example.co"})"},
        Case{"AudienceWithNumber",
             R"({"aud":["https://signet.example.com",1]})"},
        Case{"AudienceNested", R"({"aud":[["https://signet.example.com"]]})"},
        Case{"AudienceObject", R"({"aud":{"https://signet.example.com":1}})"},
        Case{"ExpiryAbsent", R"({"exp":null})"},
        Case{"ExpiryAtTheEndOfLeeway", R"({"exp":1899999940})"},
        Case{"ExpiryLongAgo", R"({"exp":1})"},
        Case{"ExpiryText", R"({"exp":"1900000300"})"},
        Case{"ExpiryInMilliseconds", R"({"exp":1900000300000})"},
        Case{"ExpiryHuge", R"({"exp":18446744073709551615})"},
        Case{"ExpiryHugeFloat", R"({"exp":1e300})"},
        Case{"ExpiryNegative", R"({"exp":-1})"},
        Case{"IssuedAtAbsent", R"({"iat":null})"},
        Case{"IssuedAhead", R"({"iat":1900000061})"},
        Case{"IssuedAheadByAFraction", R"({"iat":1900000060.5})"},
        Case{"IssuedAtText", R"({"iat":"1899999700"})"},
        Case{"IssuedAtNegative", R"({"iat":-5})"},
        Case{"NotBeforeAhead", R"({"nbf":1900000061})"},
        Case{"NotBeforeText", R"({"nbf":"0"})"},
        Case{"NotBeforeNegative", R"({"nbf":-9223372036854775808})"},
        Case{"JtiAbsent", R"({"jti":null})"}, Case{"JtiEmpty", R"({"jti":""})"},
        Case{"JtiNumber", R"({"jti":1})"},
        Case{"ClientAbsent", R"({"client_id":null})"},
        Case{"ClientEmpty", R"({"client_id":""})"},
        Case{"ClientOnlyInAzp", R"({"client_id":null,"azp":"app"})"},
        Case{"SubjectAbsent", R"({"sub":null})"},
        Case{"SubjectEmpty", R"({"sub":""})"},
        Case{"SubjectNumber", R"({"sub":42})"},
        // What a user `bob` of some issuer may have for an id.
        Case{"SubjectIsADerivedId",
             R"({"sub":"2ed6657d-e927-568b-95e1-2665a8aea6a2"})"},
        Case{"SubjectIsADerivedIdInCapitals",
             R"({"sub":"2ED6657D-E927-568B-95E1-2665A8AEA6A2"})"},
        Case{"SubjectIsTheClient", R"({"sub":"app","client_id":"app"})"},
        Case{"SubjectWithNul", R"({"sub":"a\u0000b"})"},
        Case{"SubjectWithNewline", R"({"sub":"a\nb"})"},
        Case{"SubjectWithDelete", R"({"sub":"a\u007fb"})"},
        Case{"Confirmation", R"({"cnf":{"jkt":"canary"}})"},
        Case{"ConfirmationEmpty", R"({"cnf":{}})"},
        Case{"GroupsText", R"({"groups":"canary"})"},
        Case{"GroupsObject", R"({"groups":{"canary":1}})"},
        Case{"GroupsWithNumber", R"({"groups":["ops",1]})"},
        Case{"GroupsWithEmpty", R"({"groups":["ops",""]})"},
        Case{"GroupsWithNul", R"({"groups":["ops\u0000"]})"},
        Case{"GroupsNested", R"({"groups":[["ops"]]})"}),
    &NameOf);

TEST(JwtVerifier, NullIsNotAbsent) {
  for (const char* name : {"nbf", "cnf", "groups", "exp", "sub"}) {
    Json claims = identity::GoodClaims();
    claims[name] = nullptr;
    EXPECT_THAT(Check(Signer().Token(identity::GoodHeader(Signer()).dump(),
                                     claims.dump())),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
  }
}

TEST(JwtVerifier, BoundsSubjectAndGroups) {
  Json claims = identity::GoodClaims();
  const auto check = [&claims] {
    return Check(
        Signer().Token(identity::GoodHeader(Signer()).dump(), claims.dump()));
  };
  claims["groups"] = std::vector<std::string>(256, "g");
  EXPECT_THAT(check(), IsOk());
  claims["groups"] = std::vector<std::string>(257, "g");
  EXPECT_THAT(check(), StatusIs(absl::StatusCode::kInvalidArgument));
  claims["groups"] = {std::string(256, 'g')};
  EXPECT_THAT(check(), StatusIs(absl::StatusCode::kInvalidArgument));
  claims.erase("groups");
  claims["sub"] = std::string(255, 's');
  EXPECT_THAT(check(), IsOk());
  claims["sub"] = std::string(256, 's');
  EXPECT_THAT(check(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JwtVerifier, DiesAtTheExactEndOfLeeway) {
  const std::string token = TokenWith("{}");
  const absl::Time end = identity::TokenTime() + absl::Seconds(300 + 60);
  EXPECT_THAT(Check(token, identity::GoodOptions(), end - absl::Nanoseconds(1)),
              IsOk());
  EXPECT_THAT(Check(token, identity::GoodOptions(), end),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JwtVerifier, GroupsClaimIsConfigured) {
  OauthOptions options = identity::GoodOptions();
  options.groups_claim = "https://example.com/roles";
  const absl::StatusOr<UnprovenToken> token = Check(
      TokenWith(R"({"groups":"ignored","https://example.com/roles":["a"]})"),
      options);
  ASSERT_THAT(token, IsOk());
  EXPECT_THAT(token->principal.groups, ElementsAre("a"));
  EXPECT_THAT(Check(TokenWith("{}"), options)->principal.groups, IsEmpty());
}

TEST(JwtVerifier, TypeIsThatOfAnAccessToken) {
  for (const char* typ :
       {"at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"}) {
    EXPECT_THAT(Check(TokenWith("{}", typ)), IsOk()) << typ;
  }
  for (const char* typ :
       {"JWT", "jwt", "", "at+jwt ", "at", "application/jwt", "text/at+jwt",
        "application/application/at+jwt", "id+jwt", "logout+jwt", "JOSE",
        "dpop+jwt", "rt+jwt"}) {
    EXPECT_THAT(Check(TokenWith("{}", typ)),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << typ;
  }
}

TEST(JwtVerifier, PlainJwtIsTakenWhereConfigured) {
  for (const char* typ : {"JWT", "jwt", "application/jwt", "at+jwt"}) {
    EXPECT_THAT(Check(TokenWith("{}", typ), TakingPlainJwt()), IsOk()) << typ;
  }
  for (const char* typ : {"", "id+jwt", "logout+jwt", "text/jwt"}) {
    EXPECT_THAT(Check(TokenWith("{}", typ), TakingPlainJwt()),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << typ;
  }
}

TEST(JwtVerifier, PlainJwtNeedsNoJtiAndNamesItsClientInAzp) {
  const OauthOptions options = TakingPlainJwt();
  constexpr char kLikeKeycloak[] =
      R"({"jti":null,"client_id":null,"azp":"app","typ":"Bearer"})";
  EXPECT_THAT(Check(TokenWith(kLikeKeycloak, "JWT"), options), IsOk());
  // The concession is the type's, not the server's.
  EXPECT_THAT(Check(TokenWith(kLikeKeycloak, "at+jwt"), options),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// Keycloak says in its access tokens, too, when and for which request the user
// logged in.
TEST(JwtVerifier, PlainJwtThatCallsItselfBearerMaySayWhenTheUserLoggedIn) {
  EXPECT_THAT(
      Check(TokenWith(R"({"typ":"Bearer","auth_time":1900000000,"nonce":"n"})",
                      "JWT"),
            TakingPlainJwt()),
      IsOk());
  // RFC 9068 section 2.2.1.
  EXPECT_THAT(Check(TokenWith(R"({"auth_time":1900000000})", "at+jwt"),
                    TakingPlainJwt()),
              IsOk());
}

class BadPlainJwt : public testing::TestWithParam<Case> {};

TEST_P(BadPlainJwt, IsRefused) {
  EXPECT_THAT(Check(TokenWith(GetParam().changes, "JWT"), TakingPlainJwt()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    , BadPlainJwt,
    testing::Values(Case{"IdTokenOfKeycloak", R"({"typ":"ID"})"},
                    Case{"RefreshToken", R"({"typ":"Refresh"})"},
                    Case{"TypeClaimNumber", R"({"typ":1})"},
                    Case{"AccessTokenHash", R"({"at_hash":"AA"})"},
                    Case{"CodeHash", R"({"c_hash":"AA"})"},
                    Case{"StateHash", R"({"s_hash":"AA"})"},
                    Case{"Nonce", R"({"nonce":"n-0S6_WzA2Mj"})"},
                    Case{"AuthTime", R"({"auth_time":1900000000})"},
                    Case{"HashBesideTheMark",
                         R"({"typ":"Bearer","s_hash":"AA"})"},
                    Case{"NoClientAtAll", R"({"client_id":null})"},
                    Case{"JtiEmpty", R"({"jti":""})"},
                    Case{"SubjectIsTheAzp",
                         R"({"client_id":null,"azp":"app","sub":"app"})"}),
    &NameOf);

TEST(JwtVerifier, ProvesWhatTheKeySigned) {
  const JwkSet keys =
      JwkSet::Parse(Signer().PublicJwkSet(identity::kKeyId)).value();
  absl::StatusOr<UnprovenToken> token = Check(TokenWith("{}"));
  ASSERT_THAT(token, IsOk());
  const auto key = keys.Find(token->key);
  ASSERT_NE(key, nullptr);
  const absl::StatusOr<identity::Principal> user =
      JwtVerifier::Prove(*std::move(token), *key);
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->oauth_subject, identity::kSubject);
}

TEST(JwtVerifier, AnotherKeyProvesNothing) {
  const JwtSigner other(JwtSigner::Kind::kEs256);
  const JwkSet keys =
      JwkSet::Parse(other.PublicJwkSet(identity::kKeyId)).value();
  absl::StatusOr<UnprovenToken> token = Check(TokenWith("{}"));
  ASSERT_THAT(token, IsOk());
  EXPECT_THAT(JwtVerifier::Prove(*token, *keys.Find(token->key)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

struct ScopeCase {
  const char* name;
  const char* changes;
  bool enough;
};

class RequiredScope : public testing::TestWithParam<ScopeCase> {};

TEST_P(RequiredScope, IsAWholeWordOfTheScope) {
  OauthOptions options = identity::GoodOptions();
  options.required_scope = "signet:write";
  const absl::StatusOr<UnprovenToken> token =
      Check(TokenWith(GetParam().changes), options);
  ASSERT_THAT(token, IsOk());
  const JwkSet keys =
      JwkSet::Parse(Signer().PublicJwkSet(identity::kKeyId)).value();
  const absl::StatusOr<identity::Principal> user =
      JwtVerifier::Prove(*token, *keys.Find(token->key));
  if (GetParam().enough) {
    EXPECT_THAT(user, IsOk());
  } else {
    EXPECT_THAT(user, ErrorIs(absl::StatusCode::kPermissionDenied,
                              "INSUFFICIENT_SCOPE"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , RequiredScope,
    testing::Values(
        ScopeCase{"Alone", R"({"scope":"signet:write"})", true},
        ScopeCase{"First", R"({"scope":"signet:write openid"})", true},
        ScopeCase{"Last", R"({"scope":"openid signet:write"})", true},
        ScopeCase{"Between", R"({"scope":"a signet:write b"})", true},
        ScopeCase{"Absent", "{}", false},
        ScopeCase{"Empty", R"({"scope":""})", false},
        ScopeCase{"Longer", R"({"scope":"signet:writer"})", false},
        ScopeCase{"Shorter", R"({"scope":"signet:writ"})", false},
        ScopeCase{"OtherCase", R"({"scope":"Signet:Write"})", false},
        ScopeCase{"Tab", R"({"scope":"openid\tsignet:write"})", false},
        ScopeCase{"Array", R"({"scope":["signet:write"]})", false},
        ScopeCase{"OtherClaim", R"({"scp":"signet:write"})", false}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::oauth
