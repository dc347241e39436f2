// SPDX-License-Identifier: Apache-2.0
#include "server/token/token.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/base62.h"
#include "base/crc32.h"

namespace signet::token {
namespace {

constexpr size_t kTimeDigits = 8;
constexpr size_t kPublicId = 16;
constexpr size_t kSecret = 43;
constexpr size_t kChecksum = 6;
constexpr size_t kLast4 = 4;
static_assert(kTokenTailLength == 1 + kPublicId + 1 + kSecret + kChecksum);

bool IsTokenPrefix(std::string_view prefix) {
  if (prefix.empty() || prefix.size() > kMaxTokenPrefixLength) return false;
  if (prefix.front() == '_' || prefix.back() == '_') return false;
  return std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return c == '_' || IsBase62(std::string_view(&c, 1));
  });
}

// Fills both spans with base62 digits, each of the 62 equally likely: a byte of
// 248 (4 * 62) or more is thrown away, where `byte % 62` would prefer some
// digits.
void FillBase62(std::span<char> first, std::span<char> second,
                RandomSource& random) {
  constexpr uint8_t kLimit = 248;
  // 51 digits take 53 bytes on average and more than 64 in one of 10^8 cases,
  // which costs a second draw.
  std::array<uint8_t, 64> bytes;
  size_t used = bytes.size();
  for (const std::span<char> out : {first, second}) {
    for (char& digit : out) {
      uint8_t byte;
      do {
        if (used == bytes.size()) {
          random.Fill(bytes);
          used = 0;
        }
        byte = bytes[used++];
      } while (byte >= kLimit);
      digit = kBase62Alphabet[byte % 62];
    }
  }
  Wipe(bytes);
}

}  // namespace

absl::Status ValidateTokenPrefix(std::string_view prefix) {
  if (IsTokenPrefix(prefix)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "token prefix: want 1 to 32 letters, digits and underscores, neither "
      "starting nor ending with an underscore");
}

MintedToken MintToken(std::string_view prefix, absl::Time now,
                      RandomSource& random) {
  // Made at its final size, so that no outgrown buffer keeps a part of it.
  std::string text(prefix.size() + kTokenTailLength, '_');
  std::copy(prefix.begin(), prefix.end(), text.begin());

  const std::span<char> tail = std::span(text).last(kTokenTailLength);
  const std::span<char> public_id = tail.subspan(1, kPublicId);
  const std::span<char> secret = tail.last(kChecksum + kSecret).first(kSecret);
  const int64_t millis = std::max<int64_t>(absl::ToUnixMillis(now), 0);
  EncodeBase62(static_cast<uint64_t>(millis), public_id.first(kTimeDigits));
  FillBase62(public_id.subspan(kTimeDigits), secret, random);
  EncodeBase62(Crc32(std::string_view(text).substr(0, text.size() - kChecksum)),
               tail.last(kChecksum));

  MintedToken token;
  token.public_id = std::string(public_id.begin(), public_id.end());
  token.last4 = text.substr(text.size() - kLast4);
  token.text = Secret(std::move(text));
  return token;
}

std::optional<ParsedToken> ParseToken(std::string_view text) {
  if (text.size() <= kTokenTailLength ||
      text.size() > kMaxTokenPrefixLength + kTokenTailLength)
    return std::nullopt;
  const std::string_view prefix =
      text.substr(0, text.size() - kTokenTailLength);
  const std::string_view tail = text.substr(prefix.size());
  const std::string_view public_id = tail.substr(1, kPublicId);
  const std::string_view secret = tail.substr(1 + kPublicId + 1, kSecret);
  const std::string_view checksum = tail.substr(kTokenTailLength - kChecksum);
  if (tail[0] != '_' || tail[1 + kPublicId] != '_' || !IsTokenPrefix(prefix) ||
      !IsBase62(public_id) || !IsBase62(secret)) {
    return std::nullopt;
  }
  // Compared as numbers: one comparison, whatever the digits.
  if (DecodeBase62(checksum) !=
      Crc32(text.substr(0, text.size() - kChecksum))) {
    return std::nullopt;
  }
  return ParsedToken{.prefix = prefix, .public_id = public_id};
}

bool IsTokenPublicId(std::string_view text) {
  return text.size() == kPublicId && IsBase62(text);
}

}  // namespace signet::token
