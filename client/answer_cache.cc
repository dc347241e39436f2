// SPDX-License-Identifier: Apache-2.0
#include "client/answer_cache.h"

#include <array>
#include <optional>
#include <utility>

#include "server/base/secret.h"

namespace signet {
namespace {

constexpr std::string_view kServiceAccount = "service_account";

// What an entry takes beside its answer: slot, index and control block.
constexpr size_t kOverhead = 256;
// A short string takes 32 bytes and a pointer, and about ten on the wire.
constexpr size_t kMemoryOfWireByte = 4;

HmacSha256Key NewSecret(RandomSource& random) {
  std::array<uint8_t, 32> bytes;
  random.Fill(bytes);
  HmacSha256Key key(bytes);
  Wipe(bytes);
  return key;
}

size_t WeightOf(const v1::VerifyTokenResponse& answer) {
  return kOverhead + sizeof(answer) + kMemoryOfWireByte * answer.ByteSizeLong();
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
        kept->asked_at.resets == resets_ &&
        changes_.IsFresh(kept->subject.bytes(), kept->asked_at.changes) &&
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

void AnswerCache::Keep(const Key& key, TokenAnswer answer,
                       const Stamp& asked_at, absl::Duration ttl,
                       SteadyTime now) {
  const size_t weight = WeightOf(*answer);
  if (!answer->active()) {
    active_.Erase(key);
    if (ttl <= absl::ZeroDuration()) return;
    inactive_.Put(key,
                  {.answer = std::move(answer),
                   .until = now + absl::ToChronoNanoseconds(ttl),
                   .resets = asked_at.resets},
                  weight);
    return;
  }
  const std::optional<Uuid> subject = Uuid::Parse(answer->subject_id());
  if (answer->subject_type() != kServiceAccount || !subject.has_value()) return;
  const absl::Time expires_at = ExpiryOf(*answer);
  active_.Put(key,
              {.answer = std::move(answer),
               .subject = *subject,
               .expires_at = expires_at,
               .asked_at = asked_at},
              weight);
}

void AnswerCache::Forget(std::span<const Uuid> service_accounts) {
  for (const Uuid& id : service_accounts) changes_.Touch(id.bytes());
}

void AnswerCache::ForgetAll() {
  ++resets_;  // From here on nothing is fresh, also what is yet to be kept.
  active_.Clear();
  inactive_.Clear();
}

}  // namespace signet
