// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/key_cache.h"

#include <utility>

#include "absl/status/status.h"
#include "server/identity/auth_error.h"

namespace signet::oauth {

std::optional<absl::StatusOr<KeySource::Key>> KeyCache::Find(
    const KeyQuery& query, absl::Time now) const {
  absl::StatusOr<KeySource::Key> key = FindNow(query, now);
  if (!key.ok() && UntilAllowed(now) <= absl::ZeroDuration()) {
    return std::nullopt;
  }
  return key;
}

absl::StatusOr<KeySource::Key> KeyCache::FindNow(const KeyQuery& query,
                                                 absl::Time now) const {
  if (!Stale(now)) {
    if (KeySource::Key key = keys_->Find(query); key != nullptr) return key;
    // The last word is the issuer's own, not that of an outage after it.
    if (keys_from_ == last_fetch_) {
      return absl::NotFoundError("kid: want a key of the issuer");
    }
  }
  return identity::IssuerUnavailableError(UntilAllowed(now));
}

absl::Duration KeyCache::UntilRefresh(absl::Time now) const {
  const bool failed = keys_from_ != last_fetch_;
  const absl::Duration pause =
      failed ? policy_.min_interval : policy_.refresh_interval;
  if (now < last_fetch_) return absl::ZeroDuration();  // The clock went back.
  return last_fetch_ + pause - now;
}

void KeyCache::Fetched(absl::StatusOr<JwkSet> keys, absl::Time now) {
  last_fetch_ = now;
  if (!keys.ok()) return;
  keys_ = *std::move(keys);
  keys_from_ = now;
}

bool KeyCache::Stale(absl::Time now) const {
  return !keys_.has_value() || now - keys_from_ >= policy_.max_key_age;
}

absl::Duration KeyCache::UntilAllowed(absl::Time now) const {
  if (now < last_fetch_) return absl::ZeroDuration();
  return last_fetch_ + policy_.min_interval - now;
}

}  // namespace signet::oauth
