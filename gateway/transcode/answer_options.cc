// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/answer_options.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/page_link.h"
#include "gateway/transcode/route_options.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
namespace {

using google::protobuf::FieldDescriptor;

absl::Status BindLocation(std::string_view text, Route& route) {
  while (!text.empty()) {
    const size_t open = text.find('{');
    route.location.push_back({std::string(text.substr(0, open)), nullptr});
    if (open == text.npos) break;
    const size_t close = text.find('}', open);
    if (close != text.npos) {
      route.location.back().field =
          StringField(*route.method->output_type(),
                      std::string(text.substr(open + 1, close - open - 1)));
    }
    if (route.location.back().field == nullptr) {
      return absl::InvalidArgumentError(
          "http_answer.location: want {field}, a string of the response");
    }
    text.remove_prefix(close + 1);
  }
  return absl::OkStatus();
}

// A string of the response that goes out as the field that `option` names.
absl::Status BindOutput(const std::string& name, std::string_view option,
                        const Route& route, const FieldDescriptor*& field) {
  if (name.empty()) return absl::OkStatus();
  field = StringField(*route.method->output_type(), name);
  if (field != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("http_answer.", std::string(option),
                   ": want the name of a string of the response"));
}

// The link must lead to a request that is read.
absl::Status CheckPaging(const Route& route) {
  if (route.next_page_token_field == nullptr) return absl::OkStatus();
  const FieldDescriptor* field =
      StringField(*route.method->input_type(), kPageToken);
  const bool in_path = std::find(route.bound.begin(), route.bound.end(),
                                 FieldPath{field}) != route.bound.end();
  if (field == nullptr || in_path || field == route.body_field ||
      route.body == Route::Body::kWhole) {
    return absl::InvalidArgumentError(
        "http_answer.next_page_token: want a request whose query may give the "
        "string page_token");
  }
  return absl::OkStatus();
}

// Whether the gateway sends the field itself, or it frames the message.
bool IsOwnField(std::string_view lower_name) {
  constexpr std::string_view kOwn[] = {
      "cache-control", "connection",   "content-length",
      "content-type",  "date",         "etag",
      "keep-alive",    "link",         "location",
      "trailer",       "te",           "transfer-encoding",
      "upgrade",       "x-request-id", "www-authenticate"};
  return std::find(std::begin(kOwn), std::end(kOwn), lower_name) !=
         std::end(kOwn);
}

absl::Status BindAnswerFields(const v1::HttpAnswer& answer, Route& route) {
  std::vector<std::string> names;
  for (const v1::HttpResponseHeader& option : answer.headers()) {
    std::string name = absl::AsciiStrToLower(option.header());
    if (!IsFieldName(name) || IsOwnField(name)) {
      return absl::InvalidArgumentError(
          "http_answer.headers: header: want the name of a field that no "
          "answer has anyway");
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "http_answer.headers: ", option.header(), ": want each header once"));
    }
    names.push_back(std::move(name));
    const FieldDescriptor* field =
        StringField(*route.method->output_type(), option.field());
    if (field == nullptr || field->options().GetExtension(v1::secret)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "http_answer.headers: ", option.header(),
          ": want the name of a string of the response that is no secret"));
    }
    route.answer_fields.push_back({option.header(), field});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BindAnswer(Route& route) {
  const v1::HttpAnswer& answer =
      route.method->options().GetExtension(v1::http_answer);
  if (answer.status() != 0) route.success_status = answer.status();
  if (route.success_status < 200 || route.success_status > 204) {
    return absl::InvalidArgumentError("http_answer.status: want 200 to 204");
  }
  if (route.success_status == 204 && route.response_field != nullptr) {
    return absl::InvalidArgumentError(
        "http_answer.status: want no response_body with 204");
  }
  route.no_store = answer.no_store();
  route.token_in_form = answer.token_in_form();
  if (route.token_in_form &&
      (route.http_method != "POST" || route.success_status != 200)) {
    return absl::InvalidArgumentError(
        "http_answer.token_in_form: want POST and status 200");
  }
  route.form_body = answer.form_body();
  for (const absl::Status& s :
       {BindLocation(answer.location(), route),
        BindOutput(answer.etag(), "etag", route, route.etag_field),
        BindOutput(answer.next_page_token(), "next_page_token", route,
                   route.next_page_token_field),
        CheckPaging(route), BindAnswerFields(answer, route)}) {
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace signet::transcode
