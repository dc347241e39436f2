// SPDX-License-Identifier: Apache-2.0
#include "base/sampling_logger.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signet {
namespace {

constexpr char kOthers[] = "others";
constexpr size_t kMaxAddressBytes = 64;

std::string_view WithoutPort(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
  const size_t colon = peer.find(':');
  // More than one: an IPv6 address without a port.
  if (colon == peer.npos || peer.find(':', colon + 1) != peer.npos) return peer;
  return peer.substr(0, colon);
}

}  // namespace

std::string CountedAddress(std::string_view peer) {
  std::string_view text = WithoutPort(peer);
  text = text.substr(0, text.find('%'));  // A zone (RFC 4007 section 11).
  const std::string address(text.substr(0, kMaxAddressBytes));
  in6_addr parsed;
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  char shown[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
    return inet_ntop(AF_INET, &parsed.s6_addr[12], shown, sizeof(shown));
  }
  std::fill(parsed.s6_addr + 8, parsed.s6_addr + 16, uint8_t{0});
  return absl::StrCat(inet_ntop(AF_INET6, &parsed, shown, sizeof(shown)),
                      "/64");
}

void SamplingLogger::Log(LogLevel level, std::string_view message,
                         std::initializer_list<LogField> fields) {
  SayWhatIsDue();
  to_->Log(level, message, fields);
}

void SamplingLogger::LogRefusal(std::string_view peer, LogLevel level,
                                std::string_view message,
                                std::initializer_list<LogField> fields) {
  const absl::Time now = clock_->Now();
  Say(now);
  if (Count(peer, now)) to_->Log(level, message, fields);
}

bool SamplingLogger::Count(std::string_view peer, absl::Time now) {
  std::string address = CountedAddress(peer);
  absl::MutexLock lock(&mutex_);
  if (windows_.size() >= options_.max_addresses &&
      !windows_.contains(address)) {
    address = kOthers;
  }
  const auto [window, is_new] = windows_.try_emplace(address);
  if (is_new) {
    window->second.end = now + options_.window;
    order_.push_back(std::move(address));
    if (order_.size() == 1) next_end_ = absl::ToUnixNanos(window->second.end);
  }
  return ++window->second.refusals <= options_.lines;
}

std::vector<SamplingLogger::LeftOut> SamplingLogger::End(absl::Time now) {
  std::vector<LeftOut> left_out;
  absl::MutexLock lock(&mutex_);
  while (!order_.empty()) {
    const auto window = windows_.find(order_.front());
    const absl::Time end = window->second.end;
    // Also where the clock went back.
    if (now < end && now >= end - options_.window) break;
    const int64_t count = window->second.refusals - options_.lines;
    if (count > 0) left_out.push_back({order_.front(), count});
    windows_.erase(window);
    order_.pop_front();
  }
  next_end_ =
      order_.empty()
          ? INT64_MAX
          : absl::ToUnixNanos(windows_.find(order_.front())->second.end);
  return left_out;
}

void SamplingLogger::Say(absl::Time now) {
  const int64_t next = next_end_;
  if (next == INT64_MAX) return;
  const absl::Time end = absl::FromUnixNanos(next);
  if (now < end && now >= end - options_.window) return;
  for (const LeftOut& left_out : End(now)) {
    to_->Log(LogLevel::kWarning, "refused calls left out",
             {{"address", std::string_view(left_out.address)},
              {"count", left_out.count}});
  }
}

}  // namespace signet
