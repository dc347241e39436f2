// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_JWT_SIGNER_H_
#define SIGNET_TESTS_SUPPORT_JWT_SIGNER_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"

namespace signet {

// base64url without padding (RFC 7515 section 2).
std::string Base64Url(std::string_view bytes);

// An issuer's private key, fresh from the generator. Immutable, thread-safe.
class JwtSigner {
 public:
  enum class Kind { kRs256, kPs256, kEs256, kEs384, kEdDsa };

  // The bits are those of an RSA key; the others have but one size.
  explicit JwtSigner(Kind kind, int rsa_bits = 2048);
  ~JwtSigner();

  // `RS256` and so on.
  std::string algorithm() const;

  // The public key (RFC 7517) with `kid`; no `kid` where that is empty. It has
  // an `alg` only where it would mean another one without (PS256).
  Json PublicJwk(std::string_view kid) const;

  // A JWK Set of this key alone, as text.
  std::string PublicJwkSet(std::string_view kid) const;

  // The signature of `message` as JWS wants it.
  std::string Sign(std::string_view message) const;

  // A compact JWS (RFC 7515 section 7.1) over the two texts, whatever they are.
  std::string Token(std::string_view header, std::string_view claims) const;

 private:
  struct Key;

  const Kind kind_;
  const std::unique_ptr<Key> key_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_JWT_SIGNER_H_
