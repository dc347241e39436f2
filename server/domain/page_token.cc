// SPDX-License-Identifier: Apache-2.0
#include "server/domain/page_token.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signet::domain {
namespace {

constexpr std::string_view kPurpose = "signet page token v1";

std::string Signed(std::string_view question, std::string_view position) {
  return Encoder(kPurpose).Add(question).Add(position).text();
}

}  // namespace

std::string MakePageToken(const crypto::MacKeyring& keyring,
                          std::string_view question,
                          std::string_view position) {
  return absl::WebSafeBase64Escape(
      Encoder(kPurpose)
          .Add(position)
          .Add(uint64_t{keyring.current_version()})
          .Add(keyring.Compute(Signed(question, position)))
          .text());
}

std::optional<std::string> ReadPageToken(const crypto::MacKeyring& keyring,
                                         std::string_view question,
                                         std::string_view token) {
  std::string text;
  if (!absl::WebSafeBase64Unescape(std::string(token), &text))
    return std::nullopt;
  Decoder decoder(kPurpose, text);
  const std::string_view position = decoder.Text();
  const uint64_t version = decoder.Number();
  const crypto::Sha256Digest mac = decoder.Digest();
  if (!decoder.Finished() || version > UINT32_MAX ||
      !keyring.Verify(static_cast<uint32_t>(version),
                      Signed(question, position), mac)) {
    return std::nullopt;
  }
  return std::string(position);
}

void TakePosition(const crypto::MacKeyring& keyring, std::string_view question,
                  std::string_view token,
                  absl::FunctionRef<void(Decoder&)> take,
                  Violations& violations) {
  const std::string position =
      ReadPageToken(keyring, question, token).value_or("");
  Decoder decoder(kPositionPurpose, position);
  take(decoder);
  if (decoder.Finished()) return;
  violations.Add(
      "page_token",
      "want the next_page_token of an answer (REST: the page_token of "
      "its Link), with the same filters");
}

absl::StatusOr<int> DecidePageSize(int32_t page_size, bool goes_on) {
  if (page_size < 0 || page_size > kMaxPageSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("got ", page_size, ", want 1 to ", kMaxPageSize));
  }
  if (page_size > 0) return page_size;
  return goes_on ? kNextPageSize : kMaxPageSize;
}

}  // namespace signet::domain
