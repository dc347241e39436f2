// SPDX-License-Identifier: Apache-2.0
//
// The rules of google/api/http.proto, checked once at start-up.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/transcode/route.h"
#include "gateway/transcode/text_value.h"
#include "signet/v1/annotations.pb.h"

namespace signet {
namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

struct MethodAndPath {
  std::string http_method;
  std::string path;
};

absl::StatusOr<MethodAndPath> PatternOf(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return MethodAndPath{"GET", rule.get()};
    case HttpRule::kPut:
      return MethodAndPath{"PUT", rule.put()};
    case HttpRule::kPost:
      return MethodAndPath{"POST", rule.post()};
    case HttpRule::kDelete:
      return MethodAndPath{"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return MethodAndPath{"PATCH", rule.patch()};
    case HttpRule::kCustom:
      break;
    case HttpRule::PATTERN_NOT_SET:
      return absl::InvalidArgumentError("rule: got no pattern");
  }
  const std::string& kind = rule.custom().kind();
  // HEAD is what GET answers, and a wildcard method would make 405 impossible.
  if (kind.empty() || kind == "HEAD" ||
      !std::all_of(kind.begin(), kind.end(), absl::ascii_isupper)) {
    return absl::InvalidArgumentError(
        "custom.kind: want a method in upper case other than HEAD");
  }
  return MethodAndPath{kind, rule.custom().path()};
}

// The fields that a dotted path names, each inside the one before.
absl::StatusOr<FieldPath> Resolve(const Descriptor& type,
                                  const std::string& dotted) {
  FieldPath path;
  const Descriptor* at = &type;
  const std::vector<std::string> names = absl::StrSplit(dotted, '.');
  for (const std::string& name : names) {
    const FieldDescriptor* field =
        at == nullptr ? nullptr : at->FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) {
      return absl::InvalidArgumentError(absl::StrCat(
          dotted, ": want the name of a singular field in ", type.full_name()));
    }
    path.push_back(field);
    at = field->message_type();
  }
  return path;
}

absl::Status BindVariables(Route& route) {
  const Descriptor& input = *route.method->input_type();
  for (const PathTemplate::Variable& variable : route.pattern.variables()) {
    absl::StatusOr<FieldPath> field = Resolve(input, variable.field_path);
    if (!field.ok()) return field.status();
    if (field->back()->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError(absl::StrCat(
          variable.field_path, ": got a message, want a scalar in a path"));
    }
    if (std::find(route.bound.begin(), route.bound.end(), *field) !=
        route.bound.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(variable.field_path, ": got it twice in one path"));
    }
    route.bound.push_back(*field);
    route.variables.push_back(
        {*std::move(field), variable.field_path, variable.begin, variable.end});
  }
  return absl::OkStatus();
}

absl::Status BindBody(const std::string& body, Route& route) {
  if (body.empty()) return absl::OkStatus();
  if (route.http_method == "GET" || route.http_method == "DELETE") {
    return absl::InvalidArgumentError(
        absl::StrCat("body: want none for ", route.http_method));
  }
  if (body == "*") {
    route.body = Route::Body::kWhole;
    return absl::OkStatus();
  }
  route.body = Route::Body::kField;
  route.body_field = route.method->input_type()->FindFieldByName(body);
  if (route.body_field == nullptr) {
    return absl::InvalidArgumentError("body: want * or a field of the request");
  }
  return absl::OkStatus();
}

absl::Status BindResponse(const HttpRule& rule, JsonLayouts& layouts,
                          Route& route) {
  const Descriptor& output = *route.method->output_type();
  const absl::StatusOr<const JsonLayout*> layout = layouts.Get(output);
  if (!layout.ok()) return layout.status();
  route.response_layout = *layout;
  if (rule.response_body().empty()) return absl::OkStatus();
  route.response_field = output.FindFieldByName(rule.response_body());
  if (route.response_field == nullptr) {
    return absl::InvalidArgumentError(
        "response_body: want a field of the response");
  }
  return absl::OkStatus();
}

absl::Status BindLocation(std::string_view text, Route& route) {
  while (!text.empty()) {
    const size_t open = text.find('{');
    route.location.push_back({std::string(text.substr(0, open)), nullptr});
    if (open == text.npos) break;
    const size_t close = text.find('}', open);
    if (close != text.npos) {
      route.location.back().field =
          route.method->output_type()->FindFieldByName(
              std::string(text.substr(open + 1, close - open - 1)));
    }
    const FieldDescriptor* field = route.location.back().field;
    if (field == nullptr || field->is_repeated() ||
        field->type() != FieldDescriptor::TYPE_STRING) {
      return absl::InvalidArgumentError(
          "http_answer.location: want {field}, a string of the response");
    }
    text.remove_prefix(close + 1);
  }
  return absl::OkStatus();
}

absl::Status BindAnswer(Route& route) {
  const v1::HttpAnswer& answer =
      route.method->options().GetExtension(v1::http_answer);
  if (answer.status() != 0) route.success_status = answer.status();
  // 204 and 205 have no content (RFC 9110 sections 15.3.5 and 15.3.6).
  if (route.success_status < 200 || route.success_status > 203) {
    return absl::InvalidArgumentError("http_answer.status: want 200 to 203");
  }
  return BindLocation(answer.location(), route);
}

absl::Status Bind(const HttpRule& rule, JsonLayouts& layouts, Route& route) {
  const MethodDescriptor& method = *route.method;
  if (method.client_streaming() || method.server_streaming()) {
    return absl::InvalidArgumentError("want a unary method");
  }
  // Only for its check that every type inside has a JSON form.
  if (const auto input = layouts.Get(*method.input_type()); !input.ok()) {
    return input.status();
  }
  for (const absl::Status& s :
       {BindVariables(route), BindBody(rule.body(), route),
        BindResponse(rule, layouts, route), BindAnswer(route)}) {
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Route>> MakeRoute(
    const MethodDescriptor& method, const HttpRule& rule, JsonLayouts& layouts,
    google::protobuf::MessageFactory& factory) {
  absl::StatusOr<MethodAndPath> pattern = PatternOf(rule);
  if (!pattern.ok()) return pattern.status();
  absl::StatusOr<PathTemplate> parsed = PathTemplate::Parse(pattern->path);
  if (!parsed.ok()) return parsed.status();

  auto route = std::make_unique<Route>(
      Route{.http_method = std::move(pattern->http_method),
            .path = std::move(pattern->path),
            .pattern = *std::move(parsed),
            .method = &method,
            .request_prototype = factory.GetPrototype(method.input_type())});
  if (absl::Status s = Bind(rule, layouts, *route); !s.ok()) return s;
  return route;
}

}  // namespace signet
