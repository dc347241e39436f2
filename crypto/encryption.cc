// SPDX-License-Identifier: Apache-2.0
#include "crypto/encryption.h"

#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>

#include "crypto/bytes.h"

namespace signet::crypto {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

// Wiped when it goes (EVP_AEAD_CTX_cleanup).
class Aead {
 public:
  explicit Aead(const Secret& key) {
    const std::string_view bytes = key.Expose();
    // Fails only for a key of another length, which is a mistake of ours.
    if (EVP_AEAD_CTX_init(context_.get(), EVP_aead_aes_256_gcm(), Bytes(bytes),
                          bytes.size(), kTagBytes, nullptr) != 1) {
      std::abort();
    }
  }

  const EVP_AEAD_CTX* get() const { return context_.get(); }

 private:
  bssl::ScopedEVP_AEAD_CTX context_;
};

}  // namespace

Secret DeriveKey(std::string_view secret, std::string_view salt,
                 std::string_view info) {
  std::array<uint8_t, kKeyBytes> key;
  // Fails only for an output of more than 255 digests.
  if (HKDF(key.data(), key.size(), EVP_sha256(), Bytes(secret), secret.size(),
           Bytes(salt), salt.size(), Bytes(info), info.size()) != 1) {
    std::abort();
  }
  std::string text(reinterpret_cast<const char*>(key.data()), key.size());
  Wipe(key);
  return Secret(std::move(text));
}

std::string Encrypt(const Secret& key, std::string_view plaintext,
                    std::string_view context, RandomSource& random) {
  std::string ciphertext(kNonceBytes + plaintext.size() + kTagBytes, '\0');
  uint8_t* const nonce = Bytes(ciphertext);
  random.Fill(std::span(nonce, kNonceBytes));
  size_t size = 0;
  const Aead aead(key);
  if (EVP_AEAD_CTX_seal(aead.get(), nonce + kNonceBytes, &size,
                        ciphertext.size() - kNonceBytes, nonce, kNonceBytes,
                        Bytes(plaintext), plaintext.size(), Bytes(context),
                        context.size()) != 1) {
    std::abort();
  }
  return ciphertext;
}

absl::StatusOr<Secret> Decrypt(const Secret& key, std::string_view ciphertext,
                               std::string_view context) {
  const absl::Status refused = absl::UnauthenticatedError(
      "ciphertext: want the key and the context that it was made with");
  if (ciphertext.size() < kNonceBytes + kTagBytes) return refused;
  const std::string_view nonce = ciphertext.substr(0, kNonceBytes);
  const std::string_view body = ciphertext.substr(kNonceBytes);
  std::string plaintext(body.size(), '\0');
  size_t size = 0;
  const Aead aead(key);
  if (EVP_AEAD_CTX_open(aead.get(), Bytes(plaintext), &size, plaintext.size(),
                        Bytes(nonce), nonce.size(), Bytes(body), body.size(),
                        Bytes(context), context.size()) != 1) {
    return refused;
  }
  plaintext.resize(size);
  return Secret(std::move(plaintext));
}

}  // namespace signet::crypto
