// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_CALLER_H_
#define SIGNET_SERVER_IDENTITY_CALLER_H_

#include <memory>

#include "base/secret.h"
#include "call/call_context.h"
#include "server/identity/principal.h"
#include "storage/work.h"

namespace signet::identity {

// Who calls.
struct Caller {
  call::CallContextPtr context = {};  // Of the call. Never null.
  Principal principal = {};

  // Came without a credential by the trusted listener, where it needs none to
  // ask about tokens. The principal is then nobody.
  bool trusted = false;

  // Follows from the presented credential and nothing else, and is kept nowhere
  // (see idempotency.h). Empty where the method cannot be repeated.
  Secret idempotency_seed = {};
};

// Shared by what is under way for one call.
using CallerPtr = std::shared_ptr<const Caller>;

// A read, or a write, for a caller: in its turn, and not at all once it has
// gone. A scan and a write are on an account that the caller was admitted to
// (see UnaryMethod::admit_first).
inline storage::Expired GoneOf(const CallerPtr& caller) {
  return [context = caller->context] { return context->Gone(); };
}
inline storage::ReadOptions ReadFor(const CallerPtr& caller) {
  return {.work_for = caller->principal.work_for(),
          .kind = storage::ReadKind::kLookup,
          .expired = GoneOf(caller)};
}
inline storage::ReadOptions ScanFor(const CallerPtr& caller,
                                    const Uuid& account_id) {
  return {.work_for = caller->principal.work_for_on(account_id),
          .kind = storage::ReadKind::kScan,
          .expired = GoneOf(caller)};
}
inline storage::WriteOptions WriteFor(const CallerPtr& caller,
                                      const Uuid& account_id) {
  return {.work_for = caller->principal.work_for_on(account_id),
          .account_id = account_id,
          .expired = GoneOf(caller)};
}
// The same of one that ends something, which a full disk must not stop.
inline storage::WriteOptions RevocationFor(const CallerPtr& caller,
                                           const Uuid& account_id) {
  storage::WriteOptions options = WriteFor(caller, account_id);
  options.revocation = true;
  return options;
}

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_CALLER_H_
