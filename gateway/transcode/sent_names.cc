// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/sent_names.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "google/protobuf/descriptor.h"

namespace signet::transcode {
namespace {

std::string TextOf(const FieldPath& path) {
  std::string text;
  for (const google::protobuf::FieldDescriptor* field : path) {
    absl::StrAppend(&text, text.empty() ? "" : ".", field->name());
  }
  return text;
}

}  // namespace

SentNames::SentNames(const Route& route, const http::Request& request) {
  for (const Route::Header& header : route.headers) {
    if (!request.Values(header.lower_name).empty()) {
      by_header_.emplace_back(TextOf(header.field), header.name);
    }
  }
  if (route.body == Route::Body::kField) {
    body_prefix_ = absl::StrCat(route.body_field->name(), ".");
    own_id_ = absl::StrCat(route.body_field->name(), "_id");
  }
}

void SentNames::Apply(gateway::Problem& problem) const {
  for (FieldViolation& error : problem.errors) {
    const std::string sent = Of(error.field);
    if (sent == error.field) continue;
    // The detail begins with one of them.
    if (problem.detail.starts_with(error.field + ":")) {
      problem.detail.replace(0, error.field.size(), sent);
    }
    error.field = sent;
  }
}

std::string SentNames::Of(const std::string& field) const {
  for (const auto& [path, name] : by_header_) {
    if (field == path) return name;
  }
  if (!body_prefix_.empty() && field == body_prefix_ + "id") return own_id_;
  if (!body_prefix_.empty() && field.starts_with(body_prefix_)) {
    return field.substr(body_prefix_.size());
  }
  return field;
}

}  // namespace signet::transcode
