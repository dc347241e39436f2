// SPDX-License-Identifier: Apache-2.0
//
// Any request gets exactly one answer, which is whole: a success, or a problem
// document that agrees with its status. Only a value that no field of an answer
// may have is a fault of the server. The input is the method and target,
// then the Content-Type and, behind tabs, other fields as `name:value`, then
// the body, a line each.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "base/utf8.h"
#include "call/access_log.h"
#include "gateway/backend.h"
#include "gateway/transcode/route_table.h"
#include "gateway/transcode/transcoding_handler.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "signet/v1/tokens.pb.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

bool IsSendable(std::string_view value) {
  for (const char c : value) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return !value.starts_with(' ') && !value.ends_with(' ');
}

// Answers every method with what the request said, so that whatever was read is
// written again.
class EchoBackend final : public signet::gateway::Backend {
 public:
  void Call(signet::gateway::BackendCall call, Done done) override {
    ++calls;
    signet::gateway::BackendReply reply;
    if (call.scope == signet::gateway::CallScope::kFull) {
      reply.response.reset(google::protobuf::MessageFactory::generated_factory()
                               ->GetPrototype(call.method->output_type())
                               ->New());
      const auto* create =
          dynamic_cast<const signet::v1::CreateServiceAccountRequest*>(
              call.request.get());
      if (create != nullptr) {
        auto& issued =
            static_cast<signet::v1::IssuedServiceAccount&>(*reply.response);
        issued.set_account_id(create->account_id());
        issued.set_name(create->name());
        if (create->has_expires_at()) {
          *issued.mutable_expires_at() = create->expires_at();
        }
      }
      const auto* check = dynamic_cast<const signet::v1::CheckAccessRequest*>(
          call.request.get());
      if (check != nullptr) {
        auto& access =
            static_cast<signet::v1::CheckAccessResponse&>(*reply.response);
        access.set_account_id(check->account_id());
        unsendable = !IsSendable(check->account_id());
      }
      const auto* introspect =
          dynamic_cast<const signet::v1::IntrospectTokenRequest*>(
              call.request.get());
      if (introspect != nullptr) {
        static_cast<signet::v1::IntrospectTokenResponse&>(*reply.response)
            .set_sub(introspect->token());
      }
    }
    std::move(done)(std::move(reply));
  }

  int calls = 0;
  bool unsendable = false;
};

class NoRandom final : public signet::RandomSource {
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0;
  }
};

class NoLogger final : public signet::Logger {
  void Log(signet::LogLevel, std::string_view,
           std::initializer_list<signet::LogField>) override {}
};

struct Fixture {
  Fixture() {
    const google::protobuf::ServiceDescriptor* const services[] = {
        signet::v1::CreateServiceAccountRequest::descriptor()->file()->service(
            0),
        signet::v1::GetSelfRequest::descriptor()->file()->service(0),
        signet::v1::VerifyTokenRequest::descriptor()->file()->service(0)};
    routes = *signet::transcode::RouteTable::Create(services);
    handler = std::make_unique<signet::transcode::TranscodingHandler>(
        signet::transcode::TranscodingHandler::Dependencies{
            .routes = routes.get(),
            .backend = &backend,
            .clock = &clock,
            .random = &random,
            .observer = &access_log,
            .logger = &logger},
        signet::transcode::TranscodingHandler::Options{});
  }

  EchoBackend backend;
  signet::SystemClock clock;
  NoRandom random;
  NoLogger logger;
  signet::call::AccessLog access_log{&logger};
  std::unique_ptr<const signet::transcode::RouteTable> routes;
  std::unique_ptr<signet::transcode::TranscodingHandler> handler;
};

// What stands before `end` in `text`, and no longer does; all if there is none.
std::string Take(char end, std::string_view& text) {
  const size_t size = text.find(end);
  std::string piece(text.substr(0, size));
  text.remove_prefix(size == text.npos ? text.size() : size + 1);
  return piece;
}

void CheckFields(const signet::http::Response& response) {
  for (const signet::http::Field& field : response.fields) {
    for (const char c : field.value) Check(c >= 0x20 && c != 0x7F);
  }
}

void CheckAnswer(const signet::http::Response& response, bool unsendable) {
  CheckFields(response);
  if (response.status == 204) return Check(response.body.empty());
  // The answer to a token in a form.
  if (response.status == 200 && response.body.empty()) return;
  const auto json = signet::ParseJson(response.body);
  Check(json.ok() && signet::IsUtf8(response.body));
  if (response.status < 400) {
    Check(response.status == 200 || response.status == 201);
    Check(response.sensitive == json->contains("token"));
    return;
  }
  Check((response.status >= 500) == unsendable);
  Check((*json)["status"] == response.status);
  for (const char* member :
       {"type", "title", "detail", "code", "reason", "request_id", "errors"}) {
    Check(json->contains(member));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Fixture* const fixture = new Fixture;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string start = Take('\n', text);
  const size_t space = start.find(' ');
  signet::http::Request request;
  request.method = start.substr(0, space);
  if (space != start.npos) request.target = start.substr(space + 1);
  const std::string line = Take('\n', text);
  std::string_view fields = line;
  const std::string type = Take('\t', fields);
  if (!type.empty()) request.fields.push_back({"content-type", type});
  while (!fields.empty()) {
    const std::string field = Take('\t', fields);
    std::string_view value = field;
    std::string name = Take(':', value);
    request.fields.push_back({std::move(name), std::string(value)});
  }
  request.body = text;
  request.peer = "peer";

  fixture->backend.calls = 0;
  fixture->backend.unsendable = false;
  std::optional<signet::http::Response> answer;
  fixture->handler->Handle(std::move(request),
                           [&](signet::http::Response response) {
                             Check(!answer.has_value());
                             answer = std::move(response);
                           });
  Check(answer.has_value());
  // A form without a credential that could be judged makes no call.
  Check(fixture->backend.calls == 1 ||
        (fixture->backend.calls == 0 && answer->status >= 400));
  CheckAnswer(*answer, fixture->backend.unsendable);
  return 0;
}
