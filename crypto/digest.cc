// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/bytes.h"

namespace signet::crypto {
namespace {

std::array<uint32_t, 8> StateBehind(
    const std::array<uint8_t, SHA256_CBLOCK>& block) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  std::array<uint32_t, 8> state;
  std::copy_n(context.h, state.size(), state.begin());
  OPENSSL_cleanse(&context, sizeof(context));
  return state;
}

// The digest of one block, behind which `state` is, and `size` more bytes.
Sha256Digest Finish(const std::array<uint32_t, 8>& state, const uint8_t* bytes,
                    size_t size) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::copy(state.begin(), state.end(), context.h);
  context.Nl = 8 * SHA256_CBLOCK;  // In bits.
  SHA256_Update(&context, bytes, size);
  Sha256Digest digest;
  SHA256_Final(digest.data(), &context);
  // What was hashed is a token, as a rule.
  OPENSSL_cleanse(&context, sizeof(context));
  return digest;
}

}  // namespace

Sha256Digest Sha256(std::string_view message) {
  Sha256Digest digest;
  SHA256(Bytes(message), message.size(), digest.data());
  return digest;
}

Sha256Digest HmacSha256(std::span<const uint8_t> key,
                        std::string_view message) {
  Sha256Digest mac;
  unsigned int size = 0;
  // Fails only where memory has run out.
  if (HMAC(EVP_sha256(), key.data(), key.size(), Bytes(message), message.size(),
           mac.data(), &size) == nullptr) {
    std::abort();
  }
  return mac;
}

HmacSha256Key::HmacSha256Key(std::span<const uint8_t> key) {
  std::array<uint8_t, SHA256_CBLOCK> block = {};
  if (key.size() <= block.size()) {
    std::copy(key.begin(), key.end(), block.begin());
  } else {
    SHA256(key.data(), key.size(), block.data());
  }
  // RFC 2104 section 2: the key, xored with ipad and with opad.
  for (uint8_t& byte : block) byte ^= 0x36;
  inner_ = StateBehind(block);
  for (uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  outer_ = StateBehind(block);
  OPENSSL_cleanse(block.data(), block.size());
}

HmacSha256Key::HmacSha256Key(HmacSha256Key&& other) noexcept
    : inner_(other.inner_), outer_(other.outer_) {
  OPENSSL_cleanse(&other.inner_, sizeof(other.inner_));
  OPENSSL_cleanse(&other.outer_, sizeof(other.outer_));
}

HmacSha256Key::~HmacSha256Key() {
  OPENSSL_cleanse(&inner_, sizeof(inner_));
  OPENSSL_cleanse(&outer_, sizeof(outer_));
}

Sha256Digest HmacSha256Key::Mac(std::string_view message) const {
  Sha256Digest digest = Finish(inner_, Bytes(message), message.size());
  return Finish(outer_, digest.data(), digest.size());
}

bool ConstantTimeEquals(std::span<const uint8_t> a,
                        std::span<const uint8_t> b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Uuid UuidV5(const Uuid& name_space, std::string_view name) {
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, name_space.bytes().data(), name_space.bytes().size());
  SHA1_Update(&context, name.data(), name.size());
  SHA1_Final(digest.data(), &context);

  Uuid::Bytes bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  bytes[6] = 0x50 | (bytes[6] & 0x0F);  // Version 5.
  bytes[8] = 0x80 | (bytes[8] & 0x3F);  // The variant of RFC 9562.
  return Uuid(bytes);
}

Uuid UuidNamespaceUrl() {
  return Uuid({0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00,
               0xc0, 0x4f, 0xd4, 0x30, 0xc8});
}

}  // namespace signet::crypto
