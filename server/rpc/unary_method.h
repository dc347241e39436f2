// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_UNARY_METHOD_H_
#define SIGNET_SERVER_RPC_UNARY_METHOD_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/identity/principal.h"

namespace signet {

// A call once its caller is known. `principal` and `request` are read before
// the method returns.
struct MethodCall {
  const Principal& principal;
  const google::protobuf::Message& request;  // Of the method's input type.
  // Whether the caller has gone away. Thread-safe until `done`; never null.
  absl::AnyInvocable<bool()> expired;
};

// One method of the API: how a message becomes a call into the domain and its
// outcome a message. Both functions are thread-safe and call `done` once,
// perhaps before they return.
struct UnaryMethod {
  using AdmitDone = absl::AnyInvocable<void(absl::Status) &&>;
  using HandleDone = absl::AnyInvocable<
      void(absl::StatusOr<std::unique_ptr<google::protobuf::Message>>) &&>;

  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // Authorizes only.
  absl::AnyInvocable<void(MethodCall, AdmitDone) const> admit;
  // Authorizes, validates, acts. The message is of the method's output type.
  absl::AnyInvocable<void(MethodCall, HandleDone) const> handle;
};

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_UNARY_METHOD_H_
