// SPDX-License-Identifier: Apache-2.0
//
// A token that parses is made of the parts that were found, has a right
// checksum, and stops parsing when any one byte changes. It is found in
// whatever is around it, and nothing is left of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "base/base62.h"
#include "base/crc32.h"
#include "server/token/credential_text.h"
#include "server/token/token.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckToken(std::string_view text) {
  const auto parsed = signet::token::ParseToken(text);
  if (!parsed.has_value()) return;
  Check(signet::token::ValidateTokenPrefix(parsed->prefix).ok());
  Check(parsed->public_id.size() == 16);
  Check(signet::IsBase62(parsed->public_id));

  const std::string_view body = text.substr(0, text.size() - 6);
  std::string rebuilt(parsed->prefix);
  rebuilt.append("_").append(parsed->public_id).append("_");
  Check(body.starts_with(rebuilt));
  Check(body.size() == rebuilt.size() + 43);
  Check(signet::DecodeBase62(text.substr(body.size())) == signet::Crc32(body));

  Check(signet::token::HoldsCredential(text));
  std::string changed(text);
  for (char& c : changed) {
    c ^= 1;
    Check(!signet::token::ParseToken(changed).has_value());
    c ^= 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckToken(text);
  // A fuzzer does not hit a checksum by chance: give it a right one, too.
  std::string summed(text);
  summed.resize(size + 6);
  signet::EncodeBase62(signet::Crc32(text), std::span(summed).last(6));
  CheckToken(summed);
  for (const std::string& any : {std::string(text), summed, summed + summed}) {
    Check(!signet::token::HoldsCredential(
        signet::token::WithoutCredentials(any)));
  }
  return 0;
}
