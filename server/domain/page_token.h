// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_
#define SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/crypto/mac_keyring.h"

namespace signet {

// Opaque page tokens (AIP-158): a position in a listing, with an HMAC over it
// and over the question it belongs to. A client can neither make one up nor
// take it to another account, filter or order. Both texts are of an Encoder.

// The token for `position`, in unpadded base64url (RFC 4648 section 5).
std::string MakePageToken(const MacKeyring& keyring, std::string_view question,
                          std::string_view position);

// The position; nullopt if the token is not one for this question.
std::optional<std::string> ReadPageToken(const MacKeyring& keyring,
                                         std::string_view question,
                                         std::string_view token);

inline constexpr int kMaxPageSize = 1000;

// Rows looked at for one page, whether or not they meet the filter.
inline constexpr int kMaxPageScan = 10000;

// How many rows a client gets who asks for `page_size`. INVALID_ARGUMENT, "got
// X, want Y", unless it is 0 to kMaxPageSize; 0 means kMaxPageSize.
absl::StatusOr<int> DecidePageSize(int32_t page_size);

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_PAGE_TOKEN_H_
