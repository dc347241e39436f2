// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_TOKEN_CLIENT_H_
#define SIGNET_CLIENT_TOKEN_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/token_answer.h"
#include "grpcpp/channel.h"
#include "signet/v1/tokens.pb.h"

namespace signet::client {

struct TokenClientOptions {
  // The server: a gRPC target, for example `dns:///signet.internal:9090`,
  // called in cleartext. Or a channel, for TLS or settings of one's own; give
  // it keepalive, without which a dead connection is not noticed. Set one of
  // the two.
  std::string target = {};
  std::shared_ptr<grpc::Channel> channel = nullptr;

  // The token that the asker itself authenticates with; it needs `auth.verify`
  // or `auth.manage`. Empty: none, for the server's trusted listener.
  std::string credential = {};

  // As VerifyTokenRequest.account_id: about tokens of which account one asks.
  std::string account_id = {};

  // Bounds of what is kept; 0 entries: nothing is.
  size_t max_entries = 100'000;
  size_t max_bytes = size_t{64} << 20;

  // A kept answer that a token is good is never given where a change that was
  // acknowledged so long ago could have ended it. More than one second, in
  // which the server speaks at least once.
  absl::Duration max_staleness = absl::Seconds(3);

  // After so long a question to the server ends with DEADLINE_EXCEEDED.
  absl::Duration call_timeout = absl::Seconds(5);

  // Who may wait for an answer of the server at once.
  size_t max_questions = 1000;
};

// Verifies tokens by asking a signet server, and keeps its answers as long as
// they are true: the server tells of every change (Tokens.WatchChanges). While
// that feed is heard, a change made on the server is seen here as soon as the
// network has brought it. When it is lost, kept answers are given no more; when
// it is silent or held up on the way, until max_staleness after the server
// wrote what came last. Then every question goes to the server until the feed
// is back.
//
// So if a question is asked later than max_staleness after a revocation was
// acknowledged, its answer is never that the token is good. That holds whatever
// the network delays, if either machine sleeps, and if the clocks are set; not
// if a hypervisor stops one of them and its clocks, for as long as that was.
//
// What is kept: that a token is good, no longer than until it expires, by this
// machine's clock, by what has passed since where that is set back, or by how
// long the server said it had left, whichever is first; that it is not good,
// for the answer's `cache_ttl` (a minute at most) and in a part of its own, so
// that invented tokens push out nothing but each other. That an OAuth access
// token is good is not kept, as the feed does not speak of its user. Tokens are
// kept as keyed digests only.
//
// About a token and a requirement one question is under way at a time; who asks
// the same meanwhile gets its answer too, within the bound above.
//
// Thread-safe. An interface, so that tests can put another in its place.
class TokenClient {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<TokenAnswer>) &&>;

  // Connects in the background; answers come once the server is reached.
  //   INVALID_ARGUMENT / OPTION_INVALID: an option breaks its rule.
  static absl::StatusOr<std::unique_ptr<TokenClient>> Create(
      TokenClientOptions options);

  // Questions under way end with CANCELLED; returns once the last `done` has.
  // Not to be called by a `done`.
  virtual ~TokenClient() = default;

  // Whether `token` is good and has what `requirement` asks for; null: nothing.
  // A kept answer comes at once: without a lock held for long, without I/O. A
  // requirement on the token's own account is decided here, with the server's
  // meaning; one on another account is asked of the server every time.
  //
  // Both arguments are read before this returns. `done` is called once, before
  // this returns or on a thread of the client's, which it must not block.
  //   INVALID_ARGUMENT / FIELD_INVALID: the token is empty or has more than
  //     16 KiB, or the requirement breaks its rule.
  //   UNAUTHENTICATED, PERMISSION_DENIED: the asker may not ask that.
  //   UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED: no answer; ask again.
  //     RESOURCE_EXHAUSTED / TOO_MANY_QUESTIONS: max_questions wait already.
  //   CANCELLED: this object is being destroyed.
  // GetErrorDetail() (base/error.h) has the server's stable reason. No
  // error holds the token.
  virtual void Verify(std::string_view token,
                      const v1::Requirement* requirement, Done done) = 0;

  // The same, and waits for it. Not to be called by a `done`.
  virtual absl::StatusOr<TokenAnswer> VerifyAndWait(
      std::string_view token, const v1::Requirement* requirement) = 0;

  // OK while the feed is heard, so answers are kept; else why it is not.
  virtual absl::Status FeedStatus() const = 0;
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_TOKEN_CLIENT_H_
