// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/transcoding_handler.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/entity_tag.h"
#include "base/secret.h"
#include "call/call_context.h"
#include "gateway/problem_response.h"
#include "gateway/transcode/client_credential.h"
#include "gateway/transcode/form_credential.h"
#include "gateway/transcode/header_reader.h"
#include "gateway/transcode/media_type.h"
#include "gateway/transcode/page_link.h"
#include "gateway/transcode/request_reader.h"
#include "gateway/transcode/sent_names.h"
#include "gateway/transcode/url.h"
#include "http/request_id.h"

namespace signet::transcode {
namespace {

// OAuth clients have more than one way to present a credential (RFC 6749
// section 2.3.1), of which these are taken.
constexpr char kWantClientCredential[] =
    "authorization: want Bearer TOKEN, or Basic with the token as password; "
    "client_secret in the body is not read";

// Methods as the log shows them: others are any text that a client likes.
std::string_view LoggedMethod(std::string_view http_method) {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (http_method == known) return known;
  }
  return "other";
}

// Whether a field may have the value `value` (RFC 9110 section 5.5): without
// obs-text, which every reader takes for another text, and without tabs.
bool IsAnswerValue(std::string_view value) {
  return !value.starts_with(' ') && !value.ends_with(' ') &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7E; });
}

// Moved out, so that the credential is in one place only.
std::vector<std::string> TakeAuthorization(http::Request& request) {
  std::vector<std::string> values;
  for (http::Field& field : request.fields) {
    if (field.name == "authorization") values.push_back(std::move(field.value));
  }
  return values;
}

// The answer to a form, whatever the method has to say (RFC 7009 section 2.2).
http::Response FormAnswer(const std::string& request_id) {
  return {
      .status = 200,
      .fields = {{"Cache-Control", "no-store"}, {"X-Request-Id", request_id}},
      .body = ""};
}

}  // namespace

// One request on its way to its answer.
struct TranscodingHandler::Exchange {
  call::CallContextPtr context;
  std::string_view http_method;  // As the log shows it.
  const Route* route = nullptr;  // Null: none, or a fault before there was one.
  SentNames names = {};
  // Of GET and HEAD; empty: no condition.
  std::string if_match = {};
  std::string if_none_match = {};
  std::string target = {};     // Of a listing, for the link to its next page.
  bool token_in_form = false;  // The credential came in a form.
  std::optional<gateway::Problem>
      fault;            // To answer unless the backend refuses first.
  Uuid tenant_id = {};  // Once the backend has said.
  Respond respond;

  void Answer(http::Response response) {
    response.tenant_id = tenant_id;
    std::move(respond)(std::move(response));
  }
};

void TranscodingHandler::Handle(http::Request request, Respond respond) {
  const absl::Time now = deps_.clock->Now();
  const std::vector<std::string_view> agents = request.Values("user-agent");
  auto context = std::make_shared<const call::CallContext>(call::CallContext{
      .request_id = http::ChooseRequestId(request.Values("x-request-id"), now,
                                          *deps_.random),
      .peer = std::move(request.peer),
      .user_agent = std::string(agents.empty() ? "" : agents.front()),
      .listener = call::Listener::kRest,
      .start = now,
      .deadline = now + options_.call_timeout,
      .clock = deps_.clock});
  auto exchange = std::make_unique<Exchange>(
      Exchange{.context = context,
               .http_method = LoggedMethod(request.method),
               .fault = std::nullopt,
               .respond = std::move(respond)});
  gateway::BackendCall call = {.context = std::move(context),
                               .request = nullptr,
                               .authorization = TakeAuthorization(request)};

  const SplitTarget target = SplitAtQuery(request.target);
  const RouteMatch match = deps_.routes->Match(request.method, target.path);
  exchange->route = match.route;
  if (match.route == nullptr) {
    exchange->fault = match.allowed.empty()
                          ? gateway::RouteNotFound()
                          : gateway::MethodNotAllowed(match.allowed);
    call.scope = gateway::CallScope::kIdentify;
  } else {
    exchange->names = SentNames(*match.route, request);
    if (IsConditionalRead(request, *match.route)) {
      exchange->if_match = request.JoinedValues("if-match");
      exchange->if_none_match = request.JoinedValues("if-none-match");
    }
    if (match.route->token_in_form && IsForm(request)) {
      exchange->token_in_form = true;
      if (const std::optional<gateway::Problem> fault =
              TakeFormCredential(request, call.authorization)) {
        // There is no credential that the backend could judge first.
        return Refuse(*exchange, "", *fault);
      }
    }
    if (match.route->form_body) {
      call.client_id = TakeClientCredential(call.authorization);
    }
    if (match.route->next_page_token_field != nullptr) {
      exchange->target = request.target;
    }
    RequestReading reading =
        ReadRequest(*match.route, match.segments, target.query, request);
    exchange->fault = std::move(reading.fault);
    call.scope = exchange->fault.has_value() ? gateway::CallScope::kAdmit
                                             : gateway::CallScope::kFull;
    call.method = match.route->method;
    call.request = std::move(reading.message);
  }
  // Of any request, since clients paste tokens anywhere.
  Wipe(request.body);
  deps_.backend->Call(std::move(call),
                      [this, exchange = std::move(exchange)](
                          gateway::BackendReply reply) mutable {
                        Finish(*exchange, std::move(reply));
                      });
}

void TranscodingHandler::Finish(Exchange& exchange,
                                gateway::BackendReply reply) {
  exchange.tenant_id = reply.tenant_id;
  if (reply.status.code() != google::rpc::OK) {
    gateway::Problem problem = gateway::BackendProblem(reply.status);
    exchange.names.Apply(problem);
    if (exchange.route != nullptr && exchange.route->form_body &&
        problem.reason == "CREDENTIAL_MISSING") {
      problem.detail = kWantClientCredential;
    }
    if (!exchange.token_in_form ||
        problem.code != google::rpc::UNAUTHENTICATED ||
        problem.reason != "TOKEN_INVALID") {
      return Refuse(exchange, reply.principal, problem);
    }
    // Nobody needs to do anything about a token that is not good anyway (RFC
    // 7009 section 2.2). The log knows better.
    if (!exchange.fault.has_value()) {
      TellEnd(exchange, "", 200, problem.code, problem.reason);
      return exchange.Answer(FormAnswer(exchange.context->request_id));
    }
  }
  if (exchange.fault.has_value()) {
    return Refuse(exchange, reply.principal, *exchange.fault);
  }
  absl::StatusOr<http::Response> response =
      Succeed(exchange, reply.response.get());
  if (!response.ok()) {
    deps_.logger->Error("the response cannot be written",
                        {{"request_id", exchange.context->request_id},
                         {"cause", std::string(response.status().message())}});
    return Refuse(exchange, reply.principal, gateway::InternalProblem());
  }
  if (response->status == 412) {
    return Refuse(exchange, reply.principal, gateway::PreconditionFailed());
  }
  TellEnd(exchange, reply.principal, response->status, google::rpc::OK, "");
  exchange.Answer(*std::move(response));
}

void TranscodingHandler::Refuse(Exchange& exchange, std::string_view principal,
                                const gateway::Problem& problem) const {
  TellEnd(exchange, principal, problem.status, problem.code, problem.reason);
  const bool is_oauth = exchange.route != nullptr && exchange.route->form_body;
  exchange.Answer(gateway::ProblemResponse(
      problem, exchange.context->request_id,
      is_oauth ? gateway::ProblemReader::kOAuth : gateway::ProblemReader::kApi,
      options_.resource_metadata));
}

absl::StatusOr<http::Response> TranscodingHandler::Succeed(
    const Exchange& exchange, google::protobuf::Message* message) const {
  const Route& route = *exchange.route;
  if (message == nullptr ||
      message->GetDescriptor() != route.method->output_type()) {
    return absl::InternalError(
        "the backend gave no response of the method's type");
  }
  const JsonLayout& layout = *route.response_layout;
  if (exchange.token_in_form) {
    layout.WipeSecrets(*message);
    return FormAnswer(exchange.context->request_id);
  }
  http::Response response{
      .status = route.success_status, .fields = {}, .body = ""};
  absl::Status written = AddFields(exchange, *message, response);
  if (written.ok() && response.status != 204 && response.status != 304 &&
      response.status != 412) {
    written = AddBody(route, *message, response);
  }
  layout.WipeSecrets(*message);
  if (!written.ok()) {
    Wipe(response.body);
    return written;
  }
  return response;
}

absl::Status TranscodingHandler::AddBody(
    const Route& route, const google::protobuf::Message& message,
    http::Response& response) {
  const JsonLayout& layout = *route.response_layout;
  response.sensitive = layout.holds_secret();
  // Escaping may need six bytes for one. A body that holds a secret must not
  // grow, or it would leave a copy behind in freed memory.
  response.body.reserve(1024 +
                        message.ByteSizeLong() * (response.sensitive ? 6 : 2));
  return route.response_field == nullptr
             ? layout.Append(message, response.body)
             : layout.AppendField(message, *route.response_field,
                                  response.body);
}

absl::Status TranscodingHandler::AddFields(
    const Exchange& exchange, const google::protobuf::Message& message,
    http::Response& response) {
  const Route& route = *exchange.route;
  const auto& reflection = *message.GetReflection();
  response.fields.reserve(8 + route.answer_fields.size());
  if (response.status != 204) {
    response.fields.push_back({"Content-Type", kJsonMediaType});
  }
  response.fields.push_back({"X-Request-Id", exchange.context->request_id});
  if (route.no_store || route.response_layout->holds_secret() ||
      route.form_body || !route.answer_fields.empty()) {
    response.fields.push_back({"Cache-Control", "no-store"});
  }
  for (const Route::AnswerField& answer : route.answer_fields) {
    std::string value = reflection.GetString(message, answer.field);
    if (!IsAnswerValue(value)) {
      return absl::InternalError(absl::StrCat(
          answer.name, " has a value that no HTTP field may have"));
    }
    response.fields.push_back({answer.name, std::move(value)});
  }
  if (!route.location.empty()) {
    response.fields.push_back({"Location", route.LocationOf(message)});
  }
  if (route.etag_field != nullptr) {
    const std::string tag = reflection.GetString(message, route.etag_field);
    if (!std::all_of(tag.begin(), tag.end(), IsEntityTagChar)) {
      return absl::InternalError("an entity tag has a byte that none may have");
    }
    if (!tag.empty()) {
      response.fields.push_back({"ETag", absl::StrCat("\"", tag, "\"")});
      if (!exchange.if_match.empty() &&
          !NamesTag(exchange.if_match, tag, TagComparison::kStrong)) {
        response.status = 412;
      } else if (NamesTag(exchange.if_none_match, tag, TagComparison::kWeak)) {
        response.status = 304;
      }
    }
  }
  if (route.next_page_token_field != nullptr) {
    const std::string token =
        reflection.GetString(message, route.next_page_token_field);
    if (!token.empty()) {
      response.fields.push_back({"Link", NextPageLink(exchange.target, token)});
    }
  }
  return absl::OkStatus();
}

http::Response TranscodingHandler::Refuse(http::Fault fault,
                                          std::string_view peer) {
  const absl::Time now = deps_.clock->Now();
  const Exchange exchange{
      .context = std::make_shared<const call::CallContext>(call::CallContext{
          .request_id = http::ChooseRequestId({}, now, *deps_.random),
          .peer = std::string(peer),
          .listener = call::Listener::kRest,
          .start = now}),
      .http_method = "other",
      .fault = std::nullopt,
      .respond = nullptr};
  const gateway::Problem problem = gateway::FramingProblem(fault);
  TellEnd(exchange, "", problem.status, problem.code, problem.reason);
  return gateway::ProblemResponse(problem, exchange.context->request_id);
}

void TranscodingHandler::TellEnd(const Exchange& exchange,
                                 std::string_view principal, int status,
                                 google::rpc::Code code,
                                 std::string_view reason) const {
  const Route* const route = exchange.route;
  const bool succeeded = code == google::rpc::OK;
  deps_.observer->OnEnd(
      *exchange.context,
      {.kind = call::CallKind::kRest,
       .method = route == nullptr
                     ? std::string_view()
                     : std::string_view(route->method->full_name()),
       .principal = principal,
       .code = static_cast<absl::StatusCode>(code),
       .reason = reason,
       .latency = deps_.clock->Now() - exchange.context->start,
       .refused = !succeeded && status != 500,
       .unlogged = succeeded && route->unlogged_success,
       .http = call::CallEnd::Http{.method = exchange.http_method,
                                   .route = route == nullptr
                                                ? std::string_view()
                                                : std::string_view(route->path),
                                   .status = status}});
}

}  // namespace signet::transcode
