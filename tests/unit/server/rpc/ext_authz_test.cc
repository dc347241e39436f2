// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <string>
#include <string_view>
#include <utility>

#include "envoy/service/auth/v3/external_auth.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

constexpr std::string_view kProxied = "Bearer askedaboutaskedaboutaskedabout";

// A message with the credential in both places that a proxy may put it.
std::string CheckOf(const std::string& account_id) {
  envoy::service::auth::v3::CheckRequest check;
  auto& attributes = *check.mutable_attributes();
  auto& http = *attributes.mutable_request()->mutable_http();
  (*http.mutable_headers())["authorization"] = std::string(kProxied);
  auto& header = *http.mutable_header_map()->add_headers();
  header.set_key("Authorization");
  header.set_raw_value(std::string(kProxied));
  (*attributes.mutable_context_extensions())["account_id"] = account_id;
  return check.SerializeAsString();
}

TEST(ExtAuthzTest, ACredentialIsWipedHoweverTheCheckEnds) {
  TokensWorld world;
  grpc::GenericStub stub(world.channel);
  std::string cut = CheckOf(world.world.account_id);
  cut.pop_back();
  for (const std::string& bytes :
       {CheckOf(world.world.account_id), CheckOf("no id"), cut}) {
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::ClientContext context;
    const FreedMemoryWatch watch(kProxied);
    std::promise<void> done;
    stub.UnaryCall(&context, "/envoy.service.auth.v3.Authorization/Check", {},
                   &request, &response,
                   [&done](const grpc::Status&) { done.set_value(); });
    done.get_future().wait();
    EXPECT_EQ(watch.count(), 0);
  }
}

}  // namespace
}  // namespace signet::rpc
