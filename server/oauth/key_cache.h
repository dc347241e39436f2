// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_KEY_CACHE_H_
#define SIGNET_SERVER_OAUTH_KEY_CACHE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/oauth/jwk_set.h"
#include "server/oauth/key_source.h"
#include "server/oauth/oauth_options.h"

namespace signet::oauth {

// What is known of an issuer's keys, and when to ask again. Knows neither
// threads nor sockets; time comes as a value and may jump. Not thread-safe.
class KeyCache {
 public:
  explicit KeyCache(const KeyFetchPolicy& policy) : policy_(policy) {}

  // The key, or as KeySource::FindKey says; nullopt where only a fetch can
  // tell, and one may start now. A key that the issuer did not have
  // min_interval ago is NOT_FOUND, so that invented key ids cause no traffic.
  std::optional<absl::StatusOr<KeySource::Key>> Find(const KeyQuery& query,
                                                     absl::Time now) const;

  // The same when no fetch will follow.
  absl::StatusOr<KeySource::Key> FindNow(const KeyQuery& query,
                                         absl::Time now) const;

  // How long until the next fetch is due by itself; zero or less: it is.
  absl::Duration UntilRefresh(absl::Time now) const;

  // A fetch has ended. A failed one leaves the keys as they are until they are
  // max_key_age old.
  void Fetched(absl::StatusOr<JwkSet> keys, absl::Time now);

 private:
  // Whether the keys are too old, or none were ever had.
  bool Stale(absl::Time now) const;
  // How long until a fetch may start; zero or less: it may.
  absl::Duration UntilAllowed(absl::Time now) const;

  const KeyFetchPolicy policy_;
  std::optional<JwkSet> keys_;
  absl::Time keys_from_ =
      absl::InfinitePast();  // When the last good fetch ended.
  absl::Time last_fetch_ = absl::InfinitePast();  // When the last one ended.
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_KEY_CACHE_H_
