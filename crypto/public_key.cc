// SPDX-License-Identifier: Apache-2.0
#include "crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "crypto/bytes.h"
#include "crypto/digest.h"
#include "crypto/weak_key.h"

namespace signet::crypto {
namespace {

constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 8192;  // Bounds the work of one verification.
constexpr uint64_t kMinRsaExponent = 65537;
constexpr uint64_t kMaxRsaExponent = uint64_t{1} << 33;

bssl::UniquePtr<BIGNUM> ToBignum(std::span<const uint8_t> bytes) {
  return bssl::UniquePtr<BIGNUM>(
      BN_bin2bn(bytes.data(), bytes.size(), nullptr));
}

class RsaKey final : public PublicKey {
 public:
  explicit RsaKey(bssl::UniquePtr<RSA> key) : key_(std::move(key)) {}

  bool Supports(SignatureAlgorithm algorithm) const override {
    return algorithm == SignatureAlgorithm::kRs256 ||
           algorithm == SignatureAlgorithm::kPs256;
  }

  bool Verify(SignatureAlgorithm algorithm, std::string_view message,
              std::span<const uint8_t> signature) const override {
    if (!Supports(algorithm)) return false;
    const Sha256Digest digest = Sha256(message);
    const int good =
        algorithm == SignatureAlgorithm::kRs256
            ? RSA_verify(NID_sha256, digest.data(), digest.size(),
                         signature.data(), signature.size(), key_.get())
            // RFC 7518 section 3.5: MGF1 with the same hash, salt as long as
            // it.
            : RSA_verify_pss_mgf1(key_.get(), digest.data(), digest.size(),
                                  EVP_sha256(), EVP_sha256(), digest.size(),
                                  signature.data(), signature.size());
    ERR_clear_error();  // Why it refused waits in a queue that nobody reads.
    return good == 1;
  }

 private:
  const bssl::UniquePtr<RSA> key_;
};

class EcKey final : public PublicKey {
 public:
  EcKey(EcCurve curve, bssl::UniquePtr<EC_KEY> key)
      : curve_(curve), key_(std::move(key)) {}

  static size_t CoordinateSize(EcCurve curve) {
    return curve == EcCurve::kP256 ? 32 : 48;
  }

  bool Supports(SignatureAlgorithm algorithm) const override {
    return algorithm == (curve_ == EcCurve::kP256 ? SignatureAlgorithm::kEs256
                                                  : SignatureAlgorithm::kEs384);
  }

  bool Verify(SignatureAlgorithm algorithm, std::string_view message,
              std::span<const uint8_t> signature) const override {
    const size_t size = CoordinateSize(curve_);
    if (!Supports(algorithm) || signature.size() != 2 * size) return false;

    bssl::UniquePtr<ECDSA_SIG> parsed(ECDSA_SIG_new());
    bssl::UniquePtr<BIGNUM> r = ToBignum(signature.first(size));
    bssl::UniquePtr<BIGNUM> s = ToBignum(signature.last(size));
    if (!parsed || !r || !s ||
        !ECDSA_SIG_set0(parsed.get(), r.get(), s.get())) {
      return false;
    }
    static_cast<void>(r.release());  // `parsed` owns both now.
    static_cast<void>(s.release());

    std::array<uint8_t, SHA384_DIGEST_LENGTH> digest;
    size_t digest_size = 0;
    if (curve_ == EcCurve::kP256) {
      SHA256(Bytes(message), message.size(), digest.data());
      digest_size = SHA256_DIGEST_LENGTH;
    } else {
      SHA384(Bytes(message), message.size(), digest.data());
      digest_size = SHA384_DIGEST_LENGTH;
    }
    const int good =
        ECDSA_do_verify(digest.data(), digest_size, parsed.get(), key_.get());
    ERR_clear_error();
    return good == 1;
  }

 private:
  const EcCurve curve_;
  const bssl::UniquePtr<EC_KEY> key_;
};

class Ed25519Key final : public PublicKey {
 public:
  using Bytes32 = std::array<uint8_t, ED25519_PUBLIC_KEY_LEN>;
  explicit Ed25519Key(const Bytes32& key) : key_(key) {}

  bool Supports(SignatureAlgorithm algorithm) const override {
    return algorithm == SignatureAlgorithm::kEdDsa;
  }

  bool Verify(SignatureAlgorithm algorithm, std::string_view message,
              std::span<const uint8_t> signature) const override {
    if (!Supports(algorithm) || signature.size() != ED25519_SIGNATURE_LEN) {
      return false;
    }
    return ED25519_verify(Bytes(message), message.size(), signature.data(),
                          key_.data()) == 1;
  }

 private:
  const Bytes32 key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PublicKey>> PublicKey::FromRsa(
    std::span<const uint8_t> modulus, std::span<const uint8_t> exponent) {
  if (modulus.empty() || modulus.front() == 0 || exponent.empty() ||
      exponent.front() == 0) {
    return absl::InvalidArgumentError(
        "RSA key: want numbers without leading zeros");
  }
  if (modulus.size() > kMaxRsaBits / 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("RSA modulus: want at most ", kMaxRsaBits, " bits"));
  }
  bssl::UniquePtr<BIGNUM> n = ToBignum(modulus);
  bssl::UniquePtr<RSA> key(RSA_new());
  if (!n || !key) return absl::ResourceExhaustedError("RSA key: out of memory");
  if (BN_num_bits(n.get()) < kMinRsaBits || !BN_is_odd(n.get())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "RSA modulus: want an odd number of at least ", kMinRsaBits, " bits"));
  }
  uint64_t e_value = 0;
  for (const uint8_t byte :
       exponent.first(std::min<size_t>(exponent.size(), 8))) {
    e_value = e_value << 8 | byte;
  }
  if (exponent.size() > 8 || e_value < kMinRsaExponent ||
      e_value > kMaxRsaExponent || e_value % 2 == 0) {
    return absl::InvalidArgumentError(
        "RSA exponent: want an odd number of 65537 to 2^33");
  }
  if (IsWeakRsaModulus(*n)) {
    return absl::InvalidArgumentError(
        "RSA modulus: want the product of two large primes");
  }
  bssl::UniquePtr<BIGNUM> e = ToBignum(exponent);
  if (!e || !RSA_set0_key(key.get(), n.get(), e.get(), nullptr)) {
    ERR_clear_error();
    return absl::InvalidArgumentError("RSA key: refused");
  }
  static_cast<void>(n.release());  // `key` owns both now.
  static_cast<void>(e.release());
  return std::make_unique<RsaKey>(std::move(key));
}

absl::StatusOr<std::unique_ptr<PublicKey>> PublicKey::FromEc(
    EcCurve curve, std::span<const uint8_t> x, std::span<const uint8_t> y) {
  const size_t size = EcKey::CoordinateSize(curve);
  if (x.size() != size || y.size() != size) {
    return absl::InvalidArgumentError(
        absl::StrCat("EC key: want coordinates of ", size, " bytes"));
  }
  bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(
      curve == EcCurve::kP256 ? NID_X9_62_prime256v1 : NID_secp384r1));
  const bssl::UniquePtr<BIGNUM> x_number = ToBignum(x);
  const bssl::UniquePtr<BIGNUM> y_number = ToBignum(y);
  if (!key || !x_number || !y_number) {
    return absl::ResourceExhaustedError("EC key: out of memory");
  }
  // Refuses a coordinate that is not below the field's prime, too.
  if (!EC_KEY_set_public_key_affine_coordinates(key.get(), x_number.get(),
                                                y_number.get())) {
    ERR_clear_error();
    return absl::InvalidArgumentError("EC key: want a point on the curve");
  }
  return std::make_unique<EcKey>(curve, std::move(key));
}

absl::StatusOr<std::unique_ptr<PublicKey>> PublicKey::FromEd25519(
    std::span<const uint8_t> key) {
  Ed25519Key::Bytes32 bytes;
  if (key.size() != bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("Ed25519 key: want ", bytes.size(), " bytes"));
  }
  std::copy(key.begin(), key.end(), bytes.begin());
  if (IsWeakEd25519Key(bytes)) {
    return absl::InvalidArgumentError(
        "Ed25519 key: want a point of large order in its canonical encoding");
  }
  return std::make_unique<Ed25519Key>(bytes);
}

}  // namespace signet::crypto
