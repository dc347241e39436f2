// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_
#define SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/encoding.h"
#include "crypto/mac_keyring.h"
#include "server/domain/violations.h"

namespace signet::domain {

// Opaque page tokens (AIP-158): a position in a listing, with an HMAC over it
// and over the question it belongs to. A client can neither make one up nor
// take it to another account, filter or order. Both texts are of an Encoder.

inline constexpr std::string_view kPositionPurpose = "signet position v1";

// The token for `position`, in unpadded base64url (RFC 4648 section 5).
std::string MakePageToken(const crypto::MacKeyring& keyring,
                          std::string_view question, std::string_view position);

// The position; nullopt if the token is not one for this question.
std::optional<std::string> ReadPageToken(const crypto::MacKeyring& keyring,
                                         std::string_view question,
                                         std::string_view token);

// A position as an Encoder's text, to be read by TakePosition.
template <typename... Values>
std::string EncodePosition(const Values&... values) {
  Encoder encoder(kPositionPurpose);
  (encoder.Add(values), ...);
  return std::move(encoder).text();
}

// Hands the position in `token` to `take`, which reads all of it. A violation
// of `page_token` where the token is not one for this question; `take` may have
// been called all the same.
void TakePosition(const crypto::MacKeyring& keyring, std::string_view question,
                  std::string_view token,
                  absl::FunctionRef<void(Decoder&)> take,
                  Violations& violations);

inline constexpr int kMaxPageSize = 1000;

// Rows looked at for one page, whether or not they meet the filter.
inline constexpr int kMaxPageScan = 10000;

// Where the client asks for no size and goes on with a page token.
inline constexpr int kNextPageSize = 100;

// A page ends with the row that reaches it; so an answer has little more.
inline constexpr int64_t kMaxPageBytes = int64_t{1} << 20;

// Of rows looked at, likewise.
inline constexpr int64_t kMaxPageScanBytes = int64_t{8} << 20;

// How many rows a client gets who asks for `page_size`. INVALID_ARGUMENT, "got
// X, want Y", unless it is 0 to kMaxPageSize. 0 means kMaxPageSize at the start
// of a listing and kNextPageSize where it `goes_on`.
absl::StatusOr<int> DecidePageSize(int32_t page_size, bool goes_on);

// Bounds a query of storage/queries.h to one page of what a client asks for;
// what is wrong with `page_size` is noted.
template <typename Query>
void BoundPage(int32_t page_size, const std::string& page_token, Query& query,
               Violations& violations) {
  const absl::StatusOr<int> rows =
      DecidePageSize(page_size, !page_token.empty());
  violations.Add("page_size", rows.status());
  query.limit = rows.value_or(kMaxPageSize);
  query.scan_limit = kMaxPageScan;
  query.byte_limit = kMaxPageBytes;
  query.scan_byte_limit = kMaxPageScanBytes;
}

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_
