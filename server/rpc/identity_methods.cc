// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/identity_methods.h"

#include <memory>
#include <utility>

#include "server/rpc/convert.h"
#include "signet/v1/identity.pb.h"

namespace signet {
namespace {

// A good credential is all it takes.
UnaryMethod GetSelf() {
  UnaryMethod method;
  method.descriptor = v1::GetSelfRequest::descriptor()
                          ->file()
                          ->FindServiceByName("Identity")
                          ->FindMethodByName("GetSelf");
  method.admit = [](const MethodCall&, UnaryMethod::AdmitDone done) {
    std::move(done)(absl::OkStatus());
  };
  method.handle = [](const MethodCall& call, UnaryMethod::HandleDone done) {
    auto self = std::make_unique<v1::Self>();
    ToProto(call.principal, *self);
    std::move(done)(std::move(self));
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> IdentityMethods() {
  std::vector<UnaryMethod> methods;
  methods.push_back(GetSelf());
  return methods;
}

}  // namespace signet
