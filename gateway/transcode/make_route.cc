// SPDX-License-Identifier: Apache-2.0
//
// The rules of google/api/http.proto, checked once at start-up.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/route.h"
#include "gateway/transcode/route_options.h"
#include "gateway/transcode/well_known.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
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

bool IsHidden(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::not_in_json);
}

// The JSON form of a singular message; nullopt for any other field.
std::optional<JsonForm> FormOf(const FieldDescriptor& field) {
  if (field.is_repeated() || field.message_type() == nullptr) {
    return std::nullopt;
  }
  return JsonFormOf(*field.message_type());
}

absl::Status BindVariables(Route& route) {
  const Descriptor& input = *route.method->input_type();
  for (const PathTemplate::Variable& variable : route.pattern.variables()) {
    absl::StatusOr<FieldPath> field = ResolveField(input, variable.field_path);
    if (!field.ok()) return field.status();
    if (field->back()->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return absl::InvalidArgumentError(absl::StrCat(
          variable.field_path, ": got a message, want a scalar in a path"));
    }
    if (field->back()->options().GetExtension(v1::secret)) {
      return absl::InvalidArgumentError(absl::StrCat(
          variable.field_path, ": got a secret, want no such in a path"));
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
  if (route.body_field == nullptr || IsHidden(*route.body_field)) {
    return absl::InvalidArgumentError("body: want * or a field of the request");
  }
  return absl::OkStatus();
}

// An update of the resource that is the body (AIP-134) may leave its mask out.
void BindUpdateMask(Route& route) {
  const FieldDescriptor* body = route.body_field;
  const FieldDescriptor* mask =
      route.method->input_type()->FindFieldByName("update_mask");
  if (route.http_method == "PATCH" && body != nullptr && mask != nullptr &&
      FormOf(*body) == JsonForm::kObject &&
      FormOf(*mask) == JsonForm::kFieldMask) {
    route.update_mask = mask;
  }
}

absl::Status BindResponse(const HttpRule& rule, JsonLayouts& layouts,
                          Route& route) {
  const Descriptor& output = *route.method->output_type();
  const absl::StatusOr<const JsonLayout*> layout = layouts.Get(output);
  if (!layout.ok()) return layout.status();
  route.response_layout = *layout;
  if (rule.response_body().empty()) return absl::OkStatus();
  route.response_field = output.FindFieldByName(rule.response_body());
  if (route.response_field == nullptr || IsHidden(*route.response_field)) {
    return absl::InvalidArgumentError(
        "response_body: want a field of the response");
  }
  return absl::OkStatus();
}

absl::Status Bind(const HttpRule& rule, JsonLayouts& layouts, Route& route) {
  const MethodDescriptor& method = *route.method;
  if (method.client_streaming() || method.server_streaming()) {
    return absl::InvalidArgumentError("want a unary method");
  }
  // It also checks that every type inside has a JSON form.
  const auto input = layouts.Get(*method.input_type());
  if (!input.ok()) return input.status();
  route.request_layout = *input;
  for (const absl::Status& s :
       {BindVariables(route), BindBody(rule.body(), route),
        BindResponse(rule, layouts, route), BindOptions(route)}) {
    if (!s.ok()) return s;
  }
  BindUpdateMask(route);
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

}  // namespace signet::transcode
