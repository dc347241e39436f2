// SPDX-License-Identifier: Apache-2.0
//
// What transcoding costs a request, beside protobuf's own JSON for the same
// messages and beside nothing at all: a create, and the check of a proxy,
// through the whole handler with a backend that answers at once.
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "benchmark/benchmark.h"
#include "call/access_log.h"
#include "gateway/backend.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/route_table.h"
#include "gateway/transcode/transcoding_handler.h"
#include "google/protobuf/util/json_util.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "signet/v1/tokens.pb.h"

namespace signet {
namespace {

constexpr char kBody[] =
    R"({"name": "deploy-bot", "expires_at": "2030-11-07T05:31:56Z"})";

v1::IssuedServiceAccount Issued() {
  v1::IssuedServiceAccount issued;
  issued.set_account_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
  issued.set_id("0197b1c0-0000-7000-8000-000000000001");
  issued.set_name("deploy-bot");
  issued.set_token("hbx_sa_0123456789abcdef_" + std::string(49, 'x'));
  issued.set_token_prefix("hbx_sa");
  issued.set_token_public_id("0123456789abcdef");
  issued.set_token_last4("xxxx");
  for (auto* time : {issued.mutable_created_at(), issued.mutable_updated_at(),
                     issued.mutable_expires_at()}) {
    time->set_seconds(1893553445);
    time->set_nanos(678901000);
  }
  return issued;
}

void ReadRequest(benchmark::State& state) {
  for (auto _ : state) {
    v1::CreateServiceAccountRequest request;
    const auto json = ParseJson(kBody);
    benchmark::DoNotOptimize(transcode::JsonToMessage(*json, {}, request));
  }
}
BENCHMARK(ReadRequest);

void ReadRequestWithProtobuf(benchmark::State& state) {
  for (auto _ : state) {
    v1::CreateServiceAccountRequest request;
    benchmark::DoNotOptimize(
        google::protobuf::util::JsonStringToMessage(kBody, &request));
  }
}
BENCHMARK(ReadRequestWithProtobuf);

void WriteResponse(benchmark::State& state) {
  transcode::JsonLayouts layouts;
  const transcode::JsonLayout& layout =
      **layouts.Get(*v1::IssuedServiceAccount::descriptor());
  const v1::IssuedServiceAccount issued = Issued();
  for (auto _ : state) {
    std::string out;
    out.reserve(4096);
    benchmark::DoNotOptimize(layout.Append(issued, out));
  }
}
BENCHMARK(WriteResponse);

void WriteResponseWithProtobuf(benchmark::State& state) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  const v1::IssuedServiceAccount issued = Issued();
  for (auto _ : state) {
    std::string out;
    benchmark::DoNotOptimize(
        google::protobuf::util::MessageToJsonString(issued, &out, options));
  }
}
BENCHMARK(WriteResponseWithProtobuf);

// Answers every call with a copy of the same message.
class ReadyBackend final : public gateway::Backend {
 public:
  explicit ReadyBackend(const google::protobuf::Message& response)
      : response_(response) {}

  void Call(gateway::BackendCall, Done done) override {
    gateway::BackendReply reply;
    reply.response.reset(response_.New());
    reply.response->CopyFrom(response_);
    std::move(done)(std::move(reply));
  }

 private:
  const google::protobuf::Message& response_;
};

class NoLogger final : public Logger {
  void Log(LogLevel, std::string_view,
           std::initializer_list<LogField>) override {}
};

class CountingRandom final : public RandomSource {
  void Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = next_++;
  }
  uint8_t next_ = 0;
};

// `request` through the whole handler, with a backend that answers at once.
void Whole(benchmark::State& state, const http::Request& request,
           const google::protobuf::Message& response) {
  const google::protobuf::ServiceDescriptor* const services[] = {
      v1::CreateServiceAccountRequest::descriptor()->file()->service(0),
      v1::GetSelfRequest::descriptor()->file()->service(0),
      v1::VerifyTokenRequest::descriptor()->file()->service(0)};
  const auto routes = *transcode::RouteTable::Create(services);
  ReadyBackend backend(response);
  const SystemClock clock;
  CountingRandom random;
  NoLogger logger;
  call::AccessLog access_log(&logger);
  transcode::TranscodingHandler handler({.routes = routes.get(),
                                         .backend = &backend,
                                         .clock = &clock,
                                         .random = &random,
                                         .observer = &access_log,
                                         .logger = &logger},
                                        {});
  for (auto _ : state) {
    handler.Handle(request, [](http::Response answer) {
      benchmark::DoNotOptimize(answer);
    });
  }
}

void WholeCreate(benchmark::State& state) {
  Whole(state,
        {.method = "POST",
         .target =
             "/v1/public/accounts/3c90c3cc-0d44-4b50-8888-8dd25736052a/auth/"
             "service-accounts",
         .fields = {{"authorization", "Bearer " + std::string(80, 'x')},
                    {"content-type", "application/json"},
                    {"user-agent", "curl/8"}},
         .body = kBody,
         .peer = "192.0.2.1:5555"},
        Issued());
}
BENCHMARK(WholeCreate);

// What a proxy asks with each request of its own (nginx's auth_request).
void WholeCheck(benchmark::State& state) {
  v1::CheckAccessResponse response;
  response.set_subject_type("service_account");
  response.set_subject_id("0197b1c0-0000-7000-8000-000000000001");
  response.set_account_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
  response.set_token_public_id("0123456789abcdef");
  response.set_capabilities("files.read,files.write");
  Whole(state,
        {.method = "GET",
         .target = "/v1/public/auth/check?capability=files.read",
         .fields = {{"authorization", "Bearer " + std::string(80, 'x')},
                    {"host", "signet.internal:8080"},
                    {"user-agent", "nginx/1.22"},
                    {"x-request-id", "0197b1c000007000"}},
         .body = "",
         .peer = "192.0.2.1:5555"},
        response);
}
BENCHMARK(WholeCheck);

}  // namespace
}  // namespace signet

BENCHMARK_MAIN();
