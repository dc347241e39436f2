// SPDX-License-Identifier: Apache-2.0
#include "http/request_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "base/uuid.h"

namespace signet::http {
namespace {

bool IsGood(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

std::string ChooseRequestId(std::span<const std::string_view> offered,
                            absl::Time now, RandomSource& random) {
  if (offered.size() == 1 && IsGood(offered[0])) return std::string(offered[0]);
  return Uuid::V7(now, random).ToString();
}

}  // namespace signet::http
