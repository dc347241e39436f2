// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_ANSWER_CACHE_H_
#define SIGNET_CLIENT_ANSWER_CACHE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/sharded_cache.h"
#include "base/uuid.h"
#include "base/version_clock.h"
#include "client/steady_time.h"
#include "client/token_answer.h"
#include "crypto/digest.h"

namespace signet::client {

struct AnswerCacheOptions {
  size_t max_entries;  // 0: nothing is kept.
  size_t max_bytes;
};

// Keeps answers while they are true, if it is told of every change. Answers
// that a token is not good name nobody whose change could end them: they lie in
// a part of their own, a quarter of the whole, and go by time. Thread-safe.
class AnswerCache {
 public:
  // A token's place: HMAC-SHA-256 under a key of this object's own. Who reads
  // it in memory cannot test a guess of the token.
  using Key = crypto::Sha256Digest;

  // However long the server says that an inactive answer may be kept.
  static constexpr absl::Duration kMaxTtl = absl::Minutes(1);

  // A point between changes.
  struct Stamp {
    uint64_t resets;
    uint64_t changes;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  // How long the server says that an answer is true, from when it gave it.
  struct Lifetime {
    absl::Duration cache_ttl;   // Of an inactive one.
    absl::Duration expires_in;  // Of the token.
  };

  // `clock` outlives this object.
  AnswerCache(const AnswerCacheOptions& options, const Clock* clock,
              RandomSource& random);

  Key KeyOf(std::string_view token) const { return secret_.Mac(token); }

  // To be taken before the server is asked, for Keep().
  Stamp Now() const { return {.resets = resets_, .changes = changes_.Now()}; }

  // An answer that is still true, or null.
  TokenAnswer Find(const Key& key, SteadyTime now);

  // Keeps the answer to a question that was asked at `asked_at`, between the
  // changes that `stamp` says: a change that came since has ended it already.
  // An active one is kept until the token expires by the server's word or by
  // this machine's clock, whichever is first; an inactive one for its
  // `cache_ttl`, kMaxTtl at most; both from `asked_at` on, since the server may
  // have answered at once. Does not keep that a user's token is good.
  void Keep(const Key& key, TokenAnswer answer, const Stamp& stamp,
            SteadyTime asked_at, const Lifetime& lifetime);

  // Whether nothing that was heard since `stamp`, at which it was asked for,
  // has ended `answer`.
  bool IsTrue(const v1::VerifyTokenResponse& answer, const Stamp& stamp) const;

  // No answer about these service accounts is true any more.
  void Forget(std::span<const Uuid> service_accounts);

  // No answer at all is true any more.
  void ForgetAll();

 private:
  struct Active {
    TokenAnswer answer;
    Uuid subject;
    absl::Time expires_at;
    SteadyTime until;
    Stamp stamp;
  };
  struct Inactive {
    TokenAnswer answer;
    SteadyTime until;
    uint64_t resets;
  };

  const Clock* const clock_;
  const crypto::HmacSha256Key secret_;
  VersionClock changes_;
  std::atomic<uint64_t> resets_ = 0;
  ShardedCache<Key, Active> active_;
  ShardedCache<Key, Inactive> inactive_;
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_ANSWER_CACHE_H_
