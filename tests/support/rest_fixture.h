// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_REST_FIXTURE_H_
#define SIGNET_TESTS_SUPPORT_REST_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "call/access_log.h"
#include "gateway/transcode/route_table.h"
#include "gateway/transcode/transcoding_handler.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "http/http_message.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "tests/support/fake_backend.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/seeded_random.h"

namespace signet {

inline google::rpc::Status Unauthenticated() {
  return RpcError(google::rpc::UNAUTHENTICATED, "the credential is not good",
                  "TOKEN_INVALID");
}
inline google::rpc::Status Denied() {
  return RpcError(google::rpc::PERMISSION_DENIED, "not allowed",
                  "ACCESS_DENIED");
}

// The services of the API that have http options.
inline std::vector<const google::protobuf::ServiceDescriptor*> ApiServices() {
  return {v1::CreateServiceAccountRequest::descriptor()->file()->service(0),
          v1::GetSelfRequest::descriptor()->file()->service(0)};
}

// A TranscodingHandler between a test and a FakeBackend.
class RestFixture : public testing::Test {
 protected:
  using Services = std::vector<const google::protobuf::ServiceDescriptor*>;

  explicit RestFixture(
      Services services,
      google::protobuf::MessageFactory* factory =
          google::protobuf::MessageFactory::generated_factory()) {
    auto table = transcode::RouteTable::Create(services, factory);
    if (!table.ok()) {
      ADD_FAILURE() << table.status();
      return;
    }
    table_ = *std::move(table);
    handler_ = std::make_unique<transcode::TranscodingHandler>(
        transcode::TranscodingHandler::Dependencies{.routes = table_.get(),
                                                    .backend = &backend_,
                                                    .clock = &clock_,
                                                    .random = &random_,
                                                    .observer = &access_log_,
                                                    .logger = &logger_},
        transcode::TranscodingHandler::Options{});
  }

  http::Response Send(http::Request request) {
    std::optional<http::Response> answer;
    request.peer = "192.0.2.1:5555";
    handler_->Handle(std::move(request), [&](http::Response response) {
      answer = std::move(response);
    });
    if (!answer.has_value()) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    return *std::move(answer);
  }

  // The value of a field of an answer; empty if it is not there.
  static std::string Field(const http::Response& response,
                           const std::string& name) {
    for (const http::Field& field : response.fields) {
      if (field.name == name) return field.value;
    }
    return "";
  }

  // A member of a problem document.
  static std::string Member(const http::Response& response,
                            const std::string& name) {
    const absl::StatusOr<Json> json = ParseJson(response.body);
    if (!json.ok() || !json->contains(name)) return "no " + name;
    const Json& value = (*json)[name];
    return value.is_string() ? value.get<std::string>() : value.dump();
  }

  FakeBackend backend_;
  FakeClock clock_;
  SeededRandom random_;
  RecordingLogger logger_;
  call::AccessLog access_log_{&logger_};
  std::unique_ptr<const transcode::RouteTable> table_;
  std::unique_ptr<transcode::TranscodingHandler> handler_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_REST_FIXTURE_H_
