// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/request_reader.h"

#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/json.h"
#include "gateway/transcode/field_target.h"
#include "gateway/transcode/form_reader.h"
#include "gateway/transcode/header_reader.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/media_type.h"
#include "gateway/transcode/query_reader.h"

namespace signet::transcode {
namespace {

using google::protobuf::Message;

// The media type of a body, where it may be repeated to the client.
std::string_view NameOf(std::span<const std::string_view> types) {
  if (types.empty()) return "none";
  if (types.size() > 1) return "";
  if (IsJsonMediaType(types[0])) return kJsonMediaType;
  return IsFormMediaType(types[0]) ? kFormMediaType : "";
}

// 415: the body is of a kind that is not read.
std::optional<gateway::Problem> CheckBodyKind(const http::Request& request,
                                              const Route& route) {
  // No content has no type, whatever a client says of all its requests.
  if (request.body.empty() && !request.body_too_large) return std::nullopt;
  const std::vector<std::string_view> types = request.Values("content-type");
  const auto is_wanted = route.form_body ? IsFormMediaType : IsJsonMediaType;
  if (types.size() != 1 || !is_wanted(types[0])) {
    return gateway::MediaTypeUnsupported(
        route.form_body ? kFormMediaType : kJsonMediaType, NameOf(types));
  }
  if (HasContentCoding(request)) return gateway::ContentCodingUnsupported();
  return std::nullopt;
}

void Append(std::vector<FieldViolation> more, std::vector<FieldViolation>& to) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

// Makes the names of a JSON object the paths of a mask. Names that the body may
// not have are faults of the body already.
void MaskNames(const Json& json,
               const google::protobuf::FieldDescriptor& mask_field,
               Message& message) {
  if (!json.is_object()) return;
  Message& mask = FieldTarget(message, mask_field).Message();
  const auto& paths = *mask.GetDescriptor()->FindFieldByNumber(1);
  for (const auto& [name, value] : json.items()) {
    FieldTarget(mask, paths).SetString(name);
  }
}

// 400: what the JSON body does wrong.
std::optional<gateway::Problem> ReadJson(const Route& route,
                                         std::string_view body,
                                         std::span<const FieldPath> by_header,
                                         bool names_are_mask,
                                         std::vector<FieldViolation>& faults,
                                         Message& message) {
  absl::StatusOr<Json> json = ParseJson(body);
  if (!json.ok()) return gateway::BodyMalformed(json.status());
  const TakenFields taken{.by_path = route.bound, .by_header = by_header};
  if (route.body == Route::Body::kWhole) {
    Append(JsonToMessage(*json, taken, message), faults);
  } else {
    // The client knows nothing of the field that its body is.
    const std::string prefix = absl::StrCat(route.body_field->name(), ".");
    std::vector<FieldViolation> found =
        JsonToField(*json, taken, *route.body_field, message);
    for (FieldViolation& fault : found) {
      if (fault.field.starts_with(prefix)) {
        fault.field.erase(0, prefix.size());
      } else if (fault.field == route.body_field->name()) {
        fault.field = kWholeBody;
      }
    }
    Append(std::move(found), faults);
  }
  if (names_are_mask) MaskNames(*json, *route.update_mask, message);
  if (route.request_layout->holds_secret()) WipeStrings(*json);
  return std::nullopt;
}

std::vector<FieldViolation> FormToMessage(std::string_view form,
                                          const Route& route,
                                          Message& message) {
  std::vector<std::string_view> names;
  names.reserve(route.form_fields.size());
  for (const auto* field : route.form_fields) names.push_back(field->name());
  FormReading reading = ReadForm(form, names);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string_view value = reading.values[i].Expose();
    if (value.empty()) continue;
    FieldTarget(message, *route.form_fields[i]).SetString(std::string(value));
  }
  return std::move(reading.faults);
}

// 400: everything that the text of the request does wrong. `faults` has those
// of the path.
std::optional<gateway::Problem> ReadFields(const Route& route,
                                           std::string_view query,
                                           const http::Request& request,
                                           std::vector<FieldViolation> faults,
                                           Message& message) {
  HeaderReading headers = HeadersToMessage(request, route, message);
  Append(std::move(headers.faults), faults);
  Append(QueryToMessage(query, route, headers.given, message), faults);
  const bool names_are_mask =
      route.update_mask != nullptr &&
      !message.GetReflection()->HasField(message, route.update_mask);
  if (names_are_mask) FieldTarget(message, *route.update_mask).Message();
  std::optional<gateway::Problem> problem;
  if (route.body == Route::Body::kNone) {
    if (!request.body.empty()) problem = gateway::BodyUnexpected();
  } else if (route.form_body) {
    Append(FormToMessage(request.body, route, message), faults);
  } else if (!request.body.empty()) {  // None sets no field.
    problem = ReadJson(route, request.body, headers.given, names_are_mask,
                       faults, message);
  }
  if (problem.has_value()) {
    problem->errors = std::move(faults);
    return problem;
  }
  if (!faults.empty()) return gateway::FieldsInvalid(std::move(faults));
  return std::nullopt;
}

std::optional<gateway::Problem> Read(const Route& route, std::string_view query,
                                     const http::Request& request,
                                     std::vector<FieldViolation> path_faults,
                                     Message& message) {
  if (route.body != Route::Body::kNone) {
    if (std::optional<gateway::Problem> fault = CheckBodyKind(request, route)) {
      return fault;
    }
  }
  if (request.body_too_large) return gateway::BodyTooLarge();
  return ReadFields(route, query, request, std::move(path_faults), message);
}

}  // namespace

RequestReading ReadRequest(const Route& route,
                           std::span<const std::string_view> segments,
                           std::string_view query,
                           const http::Request& request) {
  RequestReading reading{.message = route.NewRequest(), .fault = std::nullopt};
  std::vector<FieldViolation> path_faults =
      route.BindPath(segments, *reading.message);
  reading.fault =
      Read(route, query, request, std::move(path_faults), *reading.message);
  if (reading.fault.has_value()) {
    route.request_layout->WipeSecrets(*reading.message);
    reading.message = route.NewRequest();
    // Its faults are known already.
    static_cast<void>(route.BindPath(segments, *reading.message));
  }
  return reading;
}

}  // namespace signet::transcode
