// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_CALLER_H_
#define SIGNET_SERVER_DOMAIN_CALLER_H_

#include <memory>
#include <string>

#include "server/base/secret.h"
#include "server/identity/principal.h"

namespace signet {

// Who calls, and what the audit log keeps of the call.
struct Caller {
  Principal principal;
  std::string request_id;
  std::string peer;        // Address and port.
  std::string user_agent;  // As the client wrote it.

  // Came without a credential by the trusted listener, where it needs none to
  // ask about tokens. The principal is then nobody.
  bool trusted = false;

  // Follows from the presented credential and nothing else, and is kept nowhere
  // (see replay.h). Empty where the method cannot be repeated.
  Secret replay_seed = {};
};

// Shared by what is under way for one call.
using CallerPtr = std::shared_ptr<const Caller>;

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_CALLER_H_
