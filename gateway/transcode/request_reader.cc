// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/request_reader.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/media_type.h"
#include "gateway/transcode/query_reader.h"
#include "server/base/error.h"
#include "server/base/json.h"

namespace signet {
namespace {

using google::protobuf::Message;

// 415: the body is of a kind that is not read.
std::optional<Problem> CheckBodyKind(const HttpRequest& request) {
  const std::vector<std::string_view> types = request.Values("content-type");
  const bool has_body = !request.body.empty() || request.body_too_large;
  if (types.size() > 1 || (types.size() == 1 && !IsJsonMediaType(types[0])) ||
      (types.empty() && has_body)) {
    return MediaTypeUnsupported();
  }
  for (const std::string_view coding : request.Values("content-encoding")) {
    if (!absl::EqualsIgnoreCase(absl::string_view(coding.data(), coding.size()),
                                "identity")) {
      return ContentCodingUnsupported();
    }
  }
  return std::nullopt;
}

// Whether there is a body to read; none at all sets no field.
bool HasBody(const HttpRequest& request) {
  return !request.body.empty() || !request.Values("content-type").empty();
}

void Append(std::vector<FieldViolation> more, std::vector<FieldViolation>& to) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

// 400: everything that the text of the request does wrong. `faults` has those
// of the path.
std::optional<Problem> ReadFields(const Route& route, std::string_view query,
                                  const HttpRequest& request,
                                  std::vector<FieldViolation> faults,
                                  Message& message) {
  Append(QueryToMessage(query, route, message), faults);
  if (route.body == Route::Body::kNone) {
    if (!request.body.empty()) {
      Problem problem = BodyUnexpected();
      problem.errors = std::move(faults);
      return problem;
    }
  } else if (HasBody(request)) {
    const absl::StatusOr<Json> json = ParseJson(request.body);
    if (!json.ok()) {
      Problem problem = BodyMalformed(json.status());
      problem.errors = std::move(faults);
      return problem;
    }
    Append(route.body == Route::Body::kWhole
               ? JsonToMessage(*json, route.bound, message)
               : JsonToField(*json, route.bound, *route.body_field, message),
           faults);
  }
  if (!faults.empty()) return FieldsInvalid(std::move(faults));
  return std::nullopt;
}

std::optional<Problem> Read(const Route& route, std::string_view query,
                            const HttpRequest& request,
                            std::vector<FieldViolation> path_faults,
                            Message& message) {
  if (route.body != Route::Body::kNone) {
    if (std::optional<Problem> fault = CheckBodyKind(request)) return fault;
  }
  if (request.body_too_large) return BodyTooLarge();
  return ReadFields(route, query, request, std::move(path_faults), message);
}

}  // namespace

RequestReading ReadRequest(const Route& route,
                           std::span<const std::string_view> segments,
                           std::string_view query, const HttpRequest& request) {
  RequestReading reading{.message = route.NewRequest(), .fault = std::nullopt};
  std::vector<FieldViolation> path_faults =
      route.BindPath(segments, *reading.message);
  reading.fault =
      Read(route, query, request, std::move(path_faults), *reading.message);
  if (reading.fault.has_value()) {
    reading.message = route.NewRequest();
    // Its faults are known already.
    static_cast<void>(route.BindPath(segments, *reading.message));
  }
  return reading;
}

}  // namespace signet
