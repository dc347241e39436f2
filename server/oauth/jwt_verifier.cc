// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwt_verifier.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "server/identity/auth_error.h"
#include "server/oauth/jose_header.h"
#include "server/oauth/jwt.h"
#include "server/oauth/numeric_date.h"

namespace signet::oauth {
namespace {

constexpr absl::Duration kLeeway = absl::Seconds(60);
constexpr size_t kMaxIdentifierBytes = 255;
constexpr size_t kMaxGroups = 256;

absl::Status Want(absl::string_view claim, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(claim, ": want ", what));
}

// Text that may name somebody, in a database and in a log.
bool IsIdentifier(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.size() <= kMaxIdentifierBytes &&
         std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<uint8_t>(c) < 0x20 || c == 0x7F;
         });
}

// The identifier in claim `name`; null where it is absent or none.
const std::string* Identifier(const Json& claims, const char* name) {
  const auto claim = claims.find(name);
  if (claim == claims.end() || !IsIdentifier(*claim)) return nullptr;
  return &claim->get_ref<const std::string&>();
}

// RFC 7519 section 4.1.3: one string, or an array of them.
bool NamesAudience(const Json& claims, const std::vector<std::string>& ours) {
  const auto aud = claims.find("aud");
  if (aud == claims.end()) return false;
  const auto is_ours = [&ours](const Json& value) {
    return std::find(ours.begin(), ours.end(), value) != ours.end();
  };
  if (aud->is_string()) return is_ours(*aud);
  return aud->is_array() &&
         std::all_of(aud->begin(), aud->end(),
                     [](const Json& value) { return value.is_string(); }) &&
         std::any_of(aud->begin(), aud->end(), is_ours);
}

// Whether the token lives at `now`; `expires_at` receives when it stops to.
absl::Status CheckTimes(const Json& claims, absl::Time now,
                        absl::Time& expires_at) {
  const auto date = [&claims](const char* name) -> std::optional<absl::Time> {
    const auto claim = claims.find(name);
    if (claim == claims.end()) return std::nullopt;
    return ReadNumericDate(*claim);
  };
  const std::optional<absl::Time> exp = date("exp");
  const std::optional<absl::Time> iat = date("iat");
  const std::optional<absl::Time> nbf = date("nbf");
  if (!exp.has_value() || now >= *exp + kLeeway) {
    return Want("exp", "a date that has not passed");
  }
  if (!iat.has_value() || now + kLeeway < *iat) {
    return Want("iat", "a date that is not ahead");
  }
  if (claims.contains("nbf") && (!nbf.has_value() || now + kLeeway < *nbf)) {
    return Want("nbf", "a date that is not ahead");
  }
  expires_at = *exp + kLeeway;
  return absl::OkStatus();
}

// What tells that a token of the type `JWT` is no access token: claims of an ID
// token (OpenID Connect Core sections 2 and 3.3.2.11, FAPI 1.0 section 5.1).
absl::Status CheckIsAccessToken(const Json& claims) {
  const auto refuse_any = [&claims](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (claims.contains(name)) return Want(name, "none in an access token");
    }
    return absl::OkStatus();
  };
  const absl::Status hashes = refuse_any({"at_hash", "c_hash", "s_hash"});
  if (!hashes.ok()) return hashes;
  const auto typ = claims.find("typ");
  // Keycloak tells its own tokens apart, and writes when and for which request
  // the user logged in into either.
  if (typ == claims.end()) return refuse_any({"nonce", "auth_time"});
  if (*typ != "Bearer") return Want("typ (claim)", "Bearer");
  return absl::OkStatus();
}

// Whether a `sub` could be the id that another user got, whose `sub` is none
// (RFC 9562 section 5.5).
bool LooksDerived(const Uuid& id) {
  const std::string text = id.ToString();
  constexpr size_t kVersion = 14;
  return text[kVersion] == '5';
}

absl::StatusOr<std::vector<std::string>> ReadGroups(const Json& claims,
                                                    const std::string& name) {
  std::vector<std::string> groups;
  const auto claim = claims.find(name);
  if (claim == claims.end()) return groups;
  if (!claim->is_array() || claim->size() > kMaxGroups ||
      !std::all_of(claim->begin(), claim->end(), IsIdentifier)) {
    return Want("the groups claim", "an array of at most 256 short strings");
  }
  for (const Json& group : *claim) groups.push_back(group.get<std::string>());
  return groups;
}

// RFC 8693 section 4.2: scopes with one space between them.
bool HasScope(const Json& claims, const std::string& wanted) {
  const auto scope = claims.find("scope");
  if (scope == claims.end() || !scope->is_string()) return false;
  std::string_view rest = scope->get_ref<const std::string&>();
  while (true) {
    const size_t space = rest.find(' ');
    if (rest.substr(0, space) == wanted) return true;
    if (space == rest.npos) return false;
    rest.remove_prefix(space + 1);
  }
}

}  // namespace

JwtVerifier::JwtVerifier(const OauthOptions& options)
    : options_(options),
      issuer_name_space_(
          crypto::UuidV5(crypto::UuidNamespaceUrl(), options.issuer)) {}

absl::StatusOr<UnprovenToken> JwtVerifier::Check(std::string_view token,
                                                 absl::Time now) const {
  absl::StatusOr<Jwt> jwt = ParseJwt(token);
  if (!jwt.ok()) return jwt.status();
  absl::StatusOr<JoseHeader> header = ReadJoseHeader(jwt->header);
  if (!header.ok()) return header.status();
  const Json& claims = jwt->claims;

  const bool plain_jwt =
      header->type == "jwt" && options_.accepted_typ == "JWT";
  if (header->type != "at+jwt" && !plain_jwt) {
    return Want("typ", options_.accepted_typ);
  }
  if (plain_jwt) {
    if (const absl::Status s = CheckIsAccessToken(claims); !s.ok()) return s;
  }

  const auto iss = claims.find("iss");
  if (iss == claims.end() || *iss != options_.issuer) {
    return Want("iss", "the issuer of --oauth_issuer");
  }
  if (!NamesAudience(claims, options_.audiences)) {
    return Want("aud", "one of --oauth_audience");
  }
  absl::Time expires_at;
  if (const absl::Status s = CheckTimes(claims, now, expires_at); !s.ok()) {
    return s;
  }
  if (claims.contains("cnf")) return Want("cnf", "none");
  if (Identifier(claims, "jti") == nullptr &&
      (claims.contains("jti") || !plain_jwt)) {
    return Want("jti", "an identifier");
  }
  const std::string* client = Identifier(claims, "client_id");
  if (client == nullptr && plain_jwt) client = Identifier(claims, "azp");
  if (client == nullptr) return Want("client_id", "an identifier");
  const std::string* sub = Identifier(claims, "sub");
  if (sub == nullptr || *sub == *client) {
    return Want("sub", "the identifier of a user");
  }
  const std::optional<Uuid> id = Uuid::Parse(*sub);
  if (id.has_value() && LooksDerived(*id)) {
    return Want("sub", "no UUID of version 5, which another user may have");
  }
  absl::StatusOr<std::vector<std::string>> groups =
      ReadGroups(claims, options_.groups_claim);
  if (!groups.ok()) return groups.status();

  identity::Principal principal{
      .kind = identity::PrincipalKind::kUser,
      .id = id.value_or(crypto::UuidV5(issuer_name_space_, *sub)),
      .oauth_subject = *sub,
      .groups = *std::move(groups),
      .credential_expires_at = expires_at};
  return UnprovenToken{
      .key = {.key_id = std::move(header->key_id),
              .algorithm = header->algorithm},
      .signing_input = std::move(jwt->signing_input),
      .signature = std::move(jwt->signature),
      .principal = std::move(principal),
      .has_required_scope = options_.required_scope.empty() ||
                            HasScope(claims, options_.required_scope)};
}

absl::StatusOr<identity::Principal> JwtVerifier::Prove(
    UnprovenToken token, const crypto::PublicKey& key) {
  const std::span<const uint8_t> signature(
      reinterpret_cast<const uint8_t*>(token.signature.data()),
      token.signature.size());
  if (!key.Verify(token.key.algorithm, token.signing_input, signature)) {
    return absl::InvalidArgumentError(
        "signature: want one by the issuer's key");
  }
  if (!token.has_required_scope) return identity::InsufficientScopeError();
  return std::move(token.principal);
}

}  // namespace signet::oauth
