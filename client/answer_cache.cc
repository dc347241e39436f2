// SPDX-License-Identifier: Apache-2.0
#include "client/answer_cache.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/secret.h"

namespace signet::client {
namespace {

constexpr std::string_view kServiceAccount = "service_account";

// What an entry takes beside its answer: slot, index and control block.
constexpr size_t kOverhead = 256;
// A short string takes 32 bytes and a pointer, and about ten on the wire.
constexpr size_t kMemoryOfWireByte = 4;

crypto::HmacSha256Key NewSecret(RandomSource& random) {
  std::array<uint8_t, 32> bytes;
  random.Fill(bytes);
  crypto::HmacSha256Key key(bytes);
  Wipe(bytes);
  return key;
}

size_t WeightOf(const v1::VerifyTokenResponse& answer) {
  return kOverhead + sizeof(answer) + kMemoryOfWireByte * answer.ByteSizeLong();
}

// The service account that an active answer is about; nullopt: a user.
std::optional<Uuid> SubjectOf(const v1::VerifyTokenResponse& answer) {
  if (answer.subject_type() != kServiceAccount) return std::nullopt;
  return Uuid::Parse(answer.subject_id());
}

absl::Time ExpiryOf(const v1::VerifyTokenResponse& answer) {
  if (!answer.has_expires_at()) return absl::InfiniteFuture();
  return absl::FromUnixSeconds(answer.expires_at().seconds()) +
         absl::Nanoseconds(answer.expires_at().nanos());
}

}  // namespace

AnswerCache::AnswerCache(const AnswerCacheOptions& options, const Clock* clock,
                         RandomSource& random)
    : clock_(clock),
      secret_(NewSecret(random)),
      active_(options.max_entries - options.max_entries / 4,
              options.max_bytes - options.max_bytes / 4),
      inactive_(options.max_entries / 4, options.max_bytes / 4) {}

TokenAnswer AnswerCache::Find(const Key& key, SteadyTime now) {
  if (std::optional<Active> kept = active_.Find(key)) {
    const bool fresh =
        kept->stamp.resets == resets_ &&
        changes_.IsFresh(kept->subject.bytes(), kept->stamp.changes) &&
        now < kept->until &&
        (kept->expires_at == absl::InfiniteFuture() ||
         clock_->Now() < kept->expires_at);
    return fresh ? std::move(kept->answer) : nullptr;
  }
  if (std::optional<Inactive> kept = inactive_.Find(key)) {
    const bool fresh = kept->resets == resets_ && now < kept->until;
    return fresh ? std::move(kept->answer) : nullptr;
  }
  return nullptr;
}

void AnswerCache::Keep(const Key& key, TokenAnswer answer, const Stamp& stamp,
                       SteadyTime asked_at, const Lifetime& lifetime) {
  const size_t weight = WeightOf(*answer);
  if (!answer->active()) {
    active_.Erase(key);
    if (lifetime.cache_ttl <= absl::ZeroDuration()) return;
    inactive_.Put(
        key,
        {.answer = std::move(answer),
         .until = After(asked_at, std::min(lifetime.cache_ttl, kMaxTtl)),
         .resets = stamp.resets},
        weight);
    return;
  }
  const std::optional<Uuid> subject = SubjectOf(*answer);
  if (!subject.has_value()) return;
  const absl::Time expires_at = ExpiryOf(*answer);
  // Should this machine's clock be set back from now on.
  const absl::Duration left = expires_at - clock_->Now();
  active_.Put(key,
              {.answer = std::move(answer),
               .subject = *subject,
               .expires_at = expires_at,
               .until = After(asked_at, std::min(lifetime.expires_in, left)),
               .stamp = stamp},
              weight);
}

bool AnswerCache::IsTrue(const v1::VerifyTokenResponse& answer,
                         const Stamp& stamp) const {
  if (stamp.resets != resets_) return false;
  const std::optional<Uuid> subject = SubjectOf(answer);
  return !subject.has_value() ||
         changes_.IsFresh(subject->bytes(), stamp.changes);
}

void AnswerCache::Forget(std::span<const Uuid> service_accounts) {
  for (const Uuid& id : service_accounts) changes_.Touch(id.bytes());
}

void AnswerCache::ForgetAll() {
  ++resets_;  // From here on nothing is fresh, also what is yet to be kept.
  active_.Clear();
  inactive_.Clear();
}

}  // namespace signet::client
