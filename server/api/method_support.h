// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_METHOD_SUPPORT_H_
#define SIGNET_SERVER_API_METHOD_SUPPORT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/api/convert.h"
#include "server/api/convert_audit.h"
#include "server/api/convert_tokens.h"
#include "server/api/unary_method.h"
#include "server/audit/audit_log.h"
#include "server/domain/access.h"
#include "server/domain/transact.h"

// What the tables of methods share.

namespace signet::api {

template <typename Request>
const Request& As(const google::protobuf::Message& request) {
  return static_cast<const Request&>(request);
}

// What a request names by `id`.
inline Resource ResourceOf(std::string_view type, const std::string& id) {
  const std::optional<Uuid> parsed = Uuid::Parse(id);
  if (!parsed.has_value()) return {};
  return {.type = std::string(type), .id = parsed->ToString()};
}

// The method of `Request` in a service, without its `handle`.
//   `account_id`: a member function of Request, or null where `right` is
//   absent.
template <typename Request>
UnaryMethod NewMethod(const char* service, const char* name, std::string action,
                      std::optional<domain::Right> right,
                      const std::string& (Request::*account_id)() const) {
  UnaryMethod method;
  method.descriptor = Request::descriptor()
                          ->file()
                          ->FindServiceByName(service)
                          ->FindMethodByName(name);
  method.action = std::move(action);
  method.right = right;
  if (account_id != nullptr) {
    method.account_id = [account_id](const identity::Principal&,
                                     const google::protobuf::Message& request) {
      return (As<Request>(request).*account_id)();
    };
  }
  return method;
}

// Has the audit log name what `id`, a member function of Request, names.
template <typename Request>
void NameResource(UnaryMethod& method, std::string_view type,
                  const std::string& (Request::*id)() const) {
  method.resource = [type, id](const google::protobuf::Message& request) {
    return ResourceOf(type, (As<Request>(request).*id)());
  };
}

// Ends a method whose domain call answers `In` with a message `Out`.
template <typename Out, typename In>
domain::OutcomeDone<In> Answer(UnaryMethod::Done done) {
  return [done = std::move(done)](absl::StatusOr<In> in) mutable {
    if (!in.ok()) {
      std::move(done)(in.status());
      return;
    }
    auto out = std::make_unique<Out>();
    ToProto(*in, *out);
    std::move(done)(std::move(out));
  };
}

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_METHOD_SUPPORT_H_
