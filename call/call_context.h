// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CALL_CALL_CONTEXT_H_
#define SIGNET_CALL_CALL_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace signet::call {

// Where calls come in.
enum class Listener {
  kRest,
  kGrpc,
  kTrustedGrpc,  // Its clients may ask about tokens without a credential.
};

// What is known of a call before it is known who makes it. The front that takes
// the call makes one; everything that is done for the call shares it, and
// nothing changes it. Thread-safe.
struct CallContext {
  std::string request_id = {};  // 1 to 64 of A-Za-z0-9._-
  std::string peer = {};        // Address and port of the client.
  std::string user_agent = {};  // As the client wrote it.
  Listener listener = Listener::kGrpc;

  // On `clock`.
  absl::Time start = absl::InfinitePast();
  absl::Time deadline = absl::InfiniteFuture();
  const Clock* clock = nullptr;  // Null only where there is no deadline.

  // Whether the client has gone away, as the front knows it; null where it does
  // not. Thread-safe.
  absl::AnyInvocable<bool() const> cancelled = nullptr;

  bool trusted() const { return listener == Listener::kTrustedGrpc; }

  // Whether nobody waits for the answer any longer. The sooner this is asked
  // the more work is saved. Not to be asked once the call is answered:
  // `cancelled` may speak of what is gone then.
  bool Gone() const {
    if (cancelled != nullptr && cancelled()) return true;
    return deadline != absl::InfiniteFuture() && clock->Now() >= deadline;
  }
};

using CallContextPtr = std::shared_ptr<const CallContext>;

}  // namespace signet::call

#endif  // SIGNET_CALL_CALL_CONTEXT_H_
