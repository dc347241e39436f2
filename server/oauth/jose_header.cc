// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jose_header.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signet::oauth {

std::optional<crypto::SignatureAlgorithm> ParseSignatureAlgorithm(
    std::string_view name) {
  if (name == "RS256") return crypto::SignatureAlgorithm::kRs256;
  if (name == "PS256") return crypto::SignatureAlgorithm::kPs256;
  if (name == "ES256") return crypto::SignatureAlgorithm::kEs256;
  if (name == "ES384") return crypto::SignatureAlgorithm::kEs384;
  if (name == "EdDSA") return crypto::SignatureAlgorithm::kEdDsa;
  return std::nullopt;
}

absl::StatusOr<JoseHeader> ReadJoseHeader(const Json& header) {
  for (const char* name : {"jku", "jwk", "x5u", "x5c", "crit"}) {
    if (header.contains(name)) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": want none"));
    }
  }
  JoseHeader result;

  const auto alg = header.find("alg");
  const std::optional<crypto::SignatureAlgorithm> algorithm =
      alg != header.end() && alg->is_string()
          ? ParseSignatureAlgorithm(alg->get_ref<const std::string&>())
          : std::nullopt;
  if (!algorithm.has_value()) {
    return absl::InvalidArgumentError(
        "alg: want RS256, PS256, ES256, ES384 or EdDSA");
  }
  result.algorithm = *algorithm;

  if (const auto kid = header.find("kid"); kid != header.end()) {
    if (!kid->is_string()) {
      return absl::InvalidArgumentError("kid: want a string");
    }
    result.key_id = kid->get<std::string>();
  }

  const auto typ = header.find("typ");
  if (typ == header.end() || !typ->is_string()) {
    return absl::InvalidArgumentError("typ: want a string");
  }
  // RFC 7515 section 4.1.9: a media type, so in any case, and without a slash
  // `application/` is meant.
  result.type = absl::AsciiStrToLower(typ->get_ref<const std::string&>());
  constexpr std::string_view kApplication = "application/";
  if (result.type.starts_with(kApplication)) {
    result.type.erase(0, kApplication.size());
  }
  return result;
}

}  // namespace signet::oauth
