// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_ROUTE_H_
#define SIGNET_GATEWAY_TRANSCODE_ROUTE_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/error.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/path_template.h"
#include "google/api/http.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// One way to reach a method over HTTP: a google.api.http rule, bound to the
// descriptors that it names. Immutable, thread-safe.
struct Route {
  enum class Body { kNone, kWhole, kField };

  // A variable of the template, and the field it sets.
  struct PathVariable {
    FieldPath field;
    std::string field_name;  // `a.b`
    size_t begin = 0;        // Segments [begin, end) of the template.
    size_t end = 0;
  };

  // A piece of the Location to answer with: text, or a field of the response.
  struct LocationPart {
    std::string text;
    const google::protobuf::FieldDescriptor* field = nullptr;
  };

  // An HTTP field that sets a field of the request message.
  struct Header {
    std::string name;        // As the option spells it.
    std::string lower_name;  // As http::Request has it.
    FieldPath field;         // A string.
    bool entity_tag = false;
  };

  // A string of the response that goes out as an HTTP field.
  struct AnswerField {
    std::string name;
    const google::protobuf::FieldDescriptor* field = nullptr;
  };

  std::string http_method;
  std::string path;  // The template's text.
  PathTemplate pattern;
  const google::protobuf::MethodDescriptor* method = nullptr;
  const google::protobuf::Message* request_prototype = nullptr;
  std::vector<PathVariable> variables = {};
  std::vector<FieldPath> bound = {};  // The fields of `variables`.
  Body body = Body::kNone;
  const google::protobuf::FieldDescriptor* body_field = nullptr;  // kField
  const JsonLayout* request_layout = nullptr;
  const google::protobuf::FieldDescriptor* response_field =
      nullptr;  // Or whole.
  const JsonLayout* response_layout = nullptr;
  int success_status = 200;
  bool unlogged_success = false;
  bool no_store = false;
  std::vector<LocationPart> location = {};

  // Strings of the response that become an ETag and a Link to the next page.
  const google::protobuf::FieldDescriptor* etag_field = nullptr;
  const google::protobuf::FieldDescriptor* next_page_token_field = nullptr;
  std::vector<AnswerField> answer_fields = {};
  std::vector<Header> headers = {};
  bool token_in_form = false;  // The credential may be in a form.

  // The body (kWhole) is a form instead of JSON, and these strings are what it
  // may give: those that neither the path nor a header does.
  bool form_body = false;
  std::vector<const google::protobuf::FieldDescriptor*> form_fields = {};

  // The mask of a partial update: unless the query gives it, it holds the names
  // that the body has. Null: the request has none.
  const google::protobuf::FieldDescriptor* update_mask = nullptr;

  // An empty request message of the method.
  std::unique_ptr<google::protobuf::Message> NewRequest() const {
    return std::unique_ptr<google::protobuf::Message>(request_prototype->New());
  }

  // Sets the fields that the path names. `segments` match `pattern`. Returns
  // the variables that cannot be decoded or read; their fields stay unset.
  std::vector<FieldViolation> BindPath(
      std::span<const std::string_view> segments,
      google::protobuf::Message& request) const;

  // The Location of a created resource; empty where the method has none.
  std::string LocationOf(const google::protobuf::Message& response) const;
};

// Makes the route of one rule; its additional_bindings are the caller's.
// Layouts come from `layouts` and prototypes from `factory`, which outlive the
// route. INVALID_ARGUMENT: the rule contradicts the method; the message says
// how.
absl::StatusOr<std::unique_ptr<const Route>> MakeRoute(
    const google::protobuf::MethodDescriptor& method,
    const google::api::HttpRule& rule, JsonLayouts& layouts,
    google::protobuf::MessageFactory& factory);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_ROUTE_H_
