// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_SAMPLE_CONTEXT_H_
#define SIGNET_TESTS_SUPPORT_SAMPLE_CONTEXT_H_

#include <memory>
#include <utility>

#include "call/call_context.h"

namespace signet {

// The context of a call that came from somewhere.
inline call::CallContextPtr SampleContext(call::CallContext context = {
                                              .request_id = "req-1",
                                              .peer = "192.0.2.1:4711",
                                              .user_agent = "test/1"}) {
  return std::make_shared<const call::CallContext>(std::move(context));
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_SAMPLE_CONTEXT_H_
