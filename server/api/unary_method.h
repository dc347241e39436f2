// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_UNARY_METHOD_H_
#define SIGNET_SERVER_API_UNARY_METHOD_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/domain/access.h"
#include "server/identity/caller.h"

namespace signet::api {

// A call once its caller is known.
struct MethodCall {
  identity::CallerPtr caller;
  // Of the method's input type; read before the method returns.
  const google::protobuf::Message& request;
};

// A thing that a request names, as audit events call it (see audit_log.h).
// Empty, where the request does not name it by a UUID.
struct Resource {
  std::string type = {};
  std::string id = {};
};

// One method of the API: how a message becomes a call into the domain and its
// outcome a message. The functions are thread-safe.
struct UnaryMethod {
  using Done = absl::AnyInvocable<
      void(absl::StatusOr<std::unique_ptr<google::protobuf::Message>>) &&>;

  const google::protobuf::MethodDescriptor* descriptor = nullptr;

  // What the audit log calls it, for example `service_account.create`.
  std::string action = {};

  // Whether it needs no credential; one that comes all the same is not looked
  // at.
  bool open = false;

  // Whether it only ends the token presented, so that one that has expired or
  // is disabled will do too (see Authenticator::AuthenticateToEnd).
  bool ends_token = false;

  // What the caller needs on the account, as the domain has it; absent where a
  // good credential is enough.
  std::optional<domain::Right> right = {};

  // The account that the request is about, as the client wrote it. Null where
  // `right` is absent.
  absl::AnyInvocable<std::string(const identity::Principal&,
                                 const google::protobuf::Message&) const>
      account_id = nullptr;

  // What of the account the request is about, for the audit log. Null where it
  // names nothing.
  absl::AnyInvocable<Resource(const google::protobuf::Message&) const>
      resource = nullptr;

  // Whether `handle` asks more of the store than a lookup: then who calls is
  // admitted by one before, so that who has no right waits for, and takes,
  // nothing else. `handle` decides all the same.
  bool admit_first = false;

  // Whether Caller::idempotency_seed is wanted.
  bool repeatable = false;

  // Validates, authorizes, acts; calls `done` once, perhaps before it returns.
  // The message is of the method's output type. An INVALID_ARGUMENT reaches the
  // client only where the caller has `right`: the Dispatcher asks then.
  absl::AnyInvocable<void(MethodCall, Done) const> handle = nullptr;
};

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_UNARY_METHOD_H_
