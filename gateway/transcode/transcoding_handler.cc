// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/transcoding_handler.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/request_id.h"
#include "gateway/transcode/problem_response.h"
#include "gateway/transcode/request_reader.h"
#include "gateway/transcode/url.h"

namespace signet {
namespace {

// Methods as the log shows them: others are any text that a client likes.
std::string_view LoggedMethod(std::string_view http_method) {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (http_method == known) return known;
  }
  return "other";
}

}  // namespace

// One request on its way to its answer.
struct TranscodingHandler::Exchange {
  absl::Time start;
  std::string request_id;
  std::string peer;
  std::string_view http_method;  // As the log shows it.
  const Route* route = nullptr;  // Null: none, or a fault before there was one.
  std::optional<Problem> fault;  // To answer unless the backend refuses first.
  Respond respond;
};

void TranscodingHandler::Handle(HttpRequest request, Respond respond) {
  const absl::Time now = deps_.clock->Now();
  auto exchange = std::make_unique<Exchange>(Exchange{
      .start = now,
      .request_id =
          ChooseRequestId(request.Values("x-request-id"), now, *deps_.random),
      .peer = request.peer,
      .http_method = LoggedMethod(request.method),
      .fault = std::nullopt,
      .respond = std::move(respond)});
  BackendCall call = NewCall(request, *exchange);

  const SplitTarget target = SplitAtQuery(request.target);
  const RouteMatch match = deps_.routes->Match(request.method, target.path);
  exchange->route = match.route;
  if (match.route == nullptr) {
    exchange->fault = match.allowed.empty() ? RouteNotFound()
                                            : MethodNotAllowed(match.allowed);
    call.scope = CallScope::kIdentify;
  } else {
    RequestReading reading =
        ReadRequest(*match.route, match.segments, target.query, request);
    exchange->fault = std::move(reading.fault);
    call.scope =
        exchange->fault.has_value() ? CallScope::kAdmit : CallScope::kFull;
    call.method = match.route->method;
    call.request = std::move(reading.message);
  }
  deps_.backend->Call(std::move(call), [this, exchange = std::move(exchange)](
                                           BackendReply reply) mutable {
    Finish(*exchange, std::move(reply));
  });
}

BackendCall TranscodingHandler::NewCall(HttpRequest& request,
                                        const Exchange& exchange) const {
  BackendCall call{.request = nullptr,
                   .authorization = {},
                   .request_id = exchange.request_id,
                   .peer = exchange.peer,
                   .user_agent = "",
                   .deadline = exchange.start + options_.call_timeout};
  for (HttpField& field : request.fields) {
    // Moved, so that the credential is in one place only.
    if (field.name == "authorization") {
      call.authorization.push_back(std::move(field.value));
    }
  }
  const std::vector<std::string_view> agents = request.Values("user-agent");
  if (!agents.empty()) call.user_agent = std::string(agents[0]);
  return call;
}

void TranscodingHandler::Finish(Exchange& exchange, BackendReply reply) {
  std::optional<Problem> problem;
  if (reply.status.code() != google::rpc::OK) {
    problem = BackendProblem(reply.status);
  } else if (exchange.fault.has_value()) {
    problem = std::move(exchange.fault);
  } else {
    absl::StatusOr<HttpResponse> response =
        Succeed(exchange, reply.response.get());
    if (response.ok()) {
      Log(exchange, reply.principal, response->status, "OK", "");
      return std::move(exchange.respond)(*std::move(response));
    }
    deps_.logger->Error("the response cannot be written as JSON",
                        {{"request_id", exchange.request_id},
                         {"cause", std::string(response.status().message())}});
    problem = InternalProblem();
  }
  Log(exchange, reply.principal, problem->status,
      google::rpc::Code_Name(problem->code), problem->reason);
  std::move(exchange.respond)(ProblemResponse(*problem, exchange.request_id));
}

absl::StatusOr<HttpResponse> TranscodingHandler::Succeed(
    const Exchange& exchange, google::protobuf::Message* message) const {
  const Route& route = *exchange.route;
  if (message == nullptr ||
      message->GetDescriptor() != route.method->output_type()) {
    return absl::InternalError(
        "the backend gave no response of the method's type");
  }
  const JsonLayout& layout = *route.response_layout;
  HttpResponse response{.status = route.success_status,
                        .fields = {{"Content-Type", "application/json"},
                                   {"X-Request-Id", exchange.request_id}},
                        .body = "",
                        .sensitive = layout.holds_secret()};
  // Escaping may need six bytes for one. A body that holds a secret must not
  // grow, or it would leave a copy behind in freed memory.
  response.body.reserve(1024 +
                        message->ByteSizeLong() * (response.sensitive ? 6 : 2));
  const absl::Status written =
      route.response_field == nullptr
          ? layout.Append(*message, response.body)
          : layout.AppendField(*message, *route.response_field, response.body);
  if (response.sensitive) {
    response.fields.push_back({"Cache-Control", "no-store"});
  }
  if (!route.location.empty()) {
    response.fields.push_back({"Location", route.LocationOf(*message)});
  }
  layout.WipeSecrets(*message);
  if (!written.ok()) return written;
  return response;
}

HttpResponse TranscodingHandler::Refuse(HttpFault fault,
                                        std::string_view peer) {
  const absl::Time now = deps_.clock->Now();
  const Exchange exchange{.start = now,
                          .request_id = ChooseRequestId({}, now, *deps_.random),
                          .peer = std::string(peer),
                          .http_method = "other",
                          .fault = std::nullopt,
                          .respond = nullptr};
  const Problem problem = FramingProblem(fault);
  Log(exchange, "", problem.status, google::rpc::Code_Name(problem.code),
      problem.reason);
  return ProblemResponse(problem, exchange.request_id);
}

void TranscodingHandler::Log(const Exchange& exchange,
                             std::string_view principal, int status,
                             std::string_view code,
                             std::string_view reason) const {
  std::string_view method;
  std::string_view route;
  if (exchange.route != nullptr) {
    method = exchange.route->method->full_name();
    route = exchange.route->path;
  }
  const absl::Duration latency = deps_.clock->Now() - exchange.start;
  deps_.logger->Log(status >= 500 ? LogLevel::kError : LogLevel::kInfo,
                    "rest request",
                    {{"request_id", exchange.request_id},
                     {"method", method},
                     {"http_method", exchange.http_method},
                     {"route", route},
                     {"principal", principal},
                     {"code", code},
                     {"reason", reason},
                     {"status", int64_t{status}},
                     {"latency_us", absl::ToInt64Microseconds(latency)},
                     {"peer", exchange.peer}});
}

}  // namespace signet
