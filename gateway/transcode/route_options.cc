// SPDX-License-Identifier: Apache-2.0
//
// The options of signet/v1/annotations.proto, checked once at start-up.
#include "gateway/transcode/route_options.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/transcode/answer_options.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

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
          dotted, ": want the name of a singular field in no oneof of ",
          type.full_name()));
    }
    path.push_back(field);
    at = field->message_type();
  }
  return path;
}

const FieldDescriptor* StringField(const Descriptor& type,
                                   const std::string& name) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr && !field->is_repeated() &&
                 field->type() == FieldDescriptor::TYPE_STRING
             ? field
             : nullptr;
}

bool IsFieldName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return absl::ascii_isalnum(c) || kMarks.find(c) != kMarks.npos;
  });
}

absl::Status BindOptions(Route& route) {
  route.unlogged_success =
      route.method->options().GetExtension(v1::unlogged_success);
  for (const auto bind : {BindAnswer, BindHeaders, BindForm}) {
    if (absl::Status s = bind(route); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace signet::transcode
