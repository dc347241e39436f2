// SPDX-License-Identifier: Apache-2.0
//
// The options of signet/v1/annotations.proto, checked once at start-up.
#include "gateway/transcode/route_options.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/transcode/page_link.h"
#include "signet/v1/annotations.pb.h"

namespace signet {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The singular string field called `name`, or null.
const FieldDescriptor* StringField(const Descriptor& type,
                                   const std::string& name) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr && !field->is_repeated() &&
                 field->type() == FieldDescriptor::TYPE_STRING
             ? field
             : nullptr;
}

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

// token = 1*tchar (RFC 9110 section 5.6.2).
bool IsFieldName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return absl::ascii_isalnum(c) || kMarks.find(c) != kMarks.npos;
  });
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

absl::StatusOr<Route::Header> MakeHeader(const v1::HttpRequestHeader& option,
                                         const Route& route) {
  Route::Header header{.name = option.header(),
                       .lower_name = absl::AsciiStrToLower(option.header()),
                       .field = {},
                       .entity_tag = option.entity_tag()};
  // A credential is for the backend to judge, before any message.
  if (!IsFieldName(header.name) || header.lower_name == "authorization") {
    return absl::InvalidArgumentError(
        "header: want the name of a field other than Authorization");
  }
  absl::StatusOr<FieldPath> field =
      ResolveField(*route.method->input_type(), option.field());
  if (!field.ok()) return field.status();
  if (field->back()->type() != FieldDescriptor::TYPE_STRING) {
    return absl::InvalidArgumentError(
        absl::StrCat(option.field(), ": want a string"));
  }
  if (std::find(route.bound.begin(), route.bound.end(), *field) !=
      route.bound.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option.field(), ": comes from the path already"));
  }
  header.field = *std::move(field);
  return header;
}

bool ComesFromElsewhere(const FieldDescriptor* field, const Route& route) {
  const auto begins_with = [field](const FieldPath& path) {
    return path.front() == field;
  };
  return std::any_of(route.bound.begin(), route.bound.end(), begins_with) ||
         std::any_of(route.headers.begin(), route.headers.end(),
                     [&](const Route::Header& header) {
                       return begins_with(header.field);
                     });
}

absl::Status BindForm(Route& route) {
  if (!route.form_body) return absl::OkStatus();
  if (route.http_method != "POST" || route.body != Route::Body::kWhole ||
      route.token_in_form) {
    return absl::InvalidArgumentError(
        "http_answer.form_body: want POST, the body * and no token_in_form");
  }
  const Descriptor& input = *route.method->input_type();
  for (int i = 0; i < input.field_count(); ++i) {
    const FieldDescriptor* field = input.field(i);
    if (ComesFromElsewhere(field, route)) continue;
    if (StringField(input, field->name()) == nullptr ||
        field->real_containing_oneof() != nullptr ||
        field->options().GetExtension(v1::not_in_json)) {
      return absl::InvalidArgumentError(
          absl::StrCat("http_answer.form_body: ", field->name(),
                       ": want a singular string in no oneof, and in JSON"));
    }
    route.form_fields.push_back(field);
  }
  return absl::OkStatus();
}

absl::Status BindHeaders(Route& route) {
  const google::protobuf::MethodOptions& options = route.method->options();
  for (int i = 0; i < options.ExtensionSize(v1::http_request_headers); ++i) {
    absl::StatusOr<Route::Header> header =
        MakeHeader(options.GetExtension(v1::http_request_headers, i), route);
    if (!header.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("http_request_headers: ", header.status().message()));
    }
    for (const Route::Header& other : route.headers) {
      if (other.lower_name == header->lower_name ||
          other.field == header->field) {
        return absl::InvalidArgumentError(
            absl::StrCat("http_request_headers: ", header->name,
                         ": want each header and each field once"));
      }
    }
    route.headers.push_back(*std::move(header));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FieldPath> ResolveField(const Descriptor& type,
                                       const std::string& dotted) {
  FieldPath path;
  const Descriptor* at = &type;
  const std::vector<std::string> names = absl::StrSplit(dotted, '.');
  for (const std::string& name : names) {
    const FieldDescriptor* field =
        at == nullptr ? nullptr : at->FindFieldByName(name);
    if (field == nullptr || field->is_repeated() ||
        field->real_containing_oneof() != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          dotted, ": want the name of a singular field in ", type.full_name()));
    }
    path.push_back(field);
    at = field->message_type();
  }
  return path;
}

absl::Status BindOptions(Route& route) {
  route.unlogged_success =
      route.method->options().GetExtension(v1::unlogged_success);
  for (const auto bind : {BindAnswer, BindHeaders, BindForm}) {
    if (absl::Status s = bind(route); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace signet
