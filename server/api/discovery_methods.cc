// SPDX-License-Identifier: Apache-2.0
#include "server/api/discovery_methods.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "server/api/method_support.h"
#include "signet/v1/discovery.pb.h"

namespace signet::api {

std::vector<UnaryMethod> DiscoveryMethods(ResourceMetadata metadata) {
  using Request = v1::GetProtectedResourceRequest;
  UnaryMethod method =
      NewMethod<Request>("Discovery", "GetProtectedResource", "discovery.get",
                         std::nullopt, nullptr);
  method.open = true;
  method.handle = [metadata = std::move(metadata)](const MethodCall&,
                                                   UnaryMethod::Done done) {
    if (metadata.public_url.empty()) {
      std::move(done)(MakeError(absl::StatusCode::kNotFound,
                                "the server has no public URL; start it with "
                                "--public_url",
                                {.reason = "METADATA_NOT_CONFIGURED"}));
      return;
    }
    auto out = std::make_unique<v1::ProtectedResource>();
    out->set_resource(metadata.public_url);
    if (!metadata.issuer.empty()) {
      out->add_authorization_servers(metadata.issuer);
    }
    out->add_bearer_methods_supported("header");
    if (!metadata.required_scope.empty()) {
      out->add_scopes_supported(metadata.required_scope);
    }
    std::move(done)(std::move(out));
  };
  std::vector<UnaryMethod> methods;
  methods.push_back(std::move(method));
  return methods;
}

}  // namespace signet::api
