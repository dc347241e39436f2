// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/query_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "gateway/transcode/field_target.h"
#include "gateway/transcode/text_value.h"
#include "gateway/transcode/url.h"
#include "gateway/transcode/well_known.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// As deep as a body may nest: a type that contains itself sets no end.
constexpr size_t kDeepest = JsonLimits{}.max_depth;

class QueryReader {
 public:
  QueryReader(const Route& route, std::span<const FieldPath> by_header,
              Message& request)
      : route_(route), by_header_(by_header), request_(request) {}

  void ReadPair(const EscapedPair& pair) {
    const std::optional<std::string> name = FormDecode(pair.name);
    const std::optional<std::string> value = FormDecode(pair.value);
    if (!name.has_value() || !value.has_value()) {
      faults_.push_back(
          {DisplayName(name.value_or("")),
           "want UTF-8 in percent-encoding (RFC 3986 section 2.1)"});
    } else if (absl::Status s = Set(*name, *value); !s.ok()) {
      std::string detail(s.message());
      if (pair.value.find('+') != pair.value.npos) {
        detail += "; a + in a query is a space, write %2B for a plus sign";
      }
      faults_.push_back({DisplayName(*name), std::move(detail)});
    }
  }

  std::vector<FieldViolation> TakeFaults() { return std::move(faults_); }

 private:
  absl::Status Set(std::string_view name, std::string_view value) {
    const std::optional<FieldPath> path = Find(name);
    if (!path.has_value()) {
      return absl::InvalidArgumentError("unknown query parameter");
    }
    const FieldDescriptor& field = *path->back();
    if (Has(by_header_, *path)) {
      return absl::InvalidArgumentError(
          "comes from a header, want it absent from the query");
    }
    // Without a path it would say the same as no mask at all.
    if (value.empty() && IsFieldMask(field)) {
      return absl::InvalidArgumentError("want at least one field path");
    }
    const bool repeats = Has(seen_, *path);
    if (repeats && !field.is_repeated()) {
      return absl::InvalidArgumentError("got it more than once, want it once");
    }
    seen_.push_back(*path);

    Message* parent = &request_;
    for (size_t i = 0; i + 1 < path->size(); ++i) {
      parent = &FieldTarget(*parent, *(*path)[i]).Message();
    }
    const auto* oneof = field.real_containing_oneof();
    if (oneof != nullptr && parent->GetReflection()->HasOneof(*parent, oneof)) {
      return absl::InvalidArgumentError("want at most one member of " +
                                        oneof->name());
    }
    return SetFromText(value, FieldTarget(*parent, field));
  }

  // The field called `name`, if a query may set it.
  std::optional<FieldPath> Find(std::string_view name) const {
    if (route_.body == Route::Body::kWhole) return std::nullopt;
    FieldPath path;
    const Descriptor* type = request_.GetDescriptor();
    while (true) {
      const size_t dot = name.find('.');
      const FieldDescriptor* field =
          type->FindFieldByName(std::string(name.substr(0, dot)));
      if (field == nullptr || (path.empty() && field == route_.body_field) ||
          path.size() == kDeepest || !IsForQueries(*field)) {
        return std::nullopt;
      }
      path.push_back(field);
      if (dot == name.npos) break;
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
          field->is_repeated() ||
          JsonFormOf(*field->message_type()) != JsonForm::kObject) {
        return std::nullopt;
      }
      type = field->message_type();
      name.remove_prefix(dot + 1);
    }
    if (Has(route_.bound, path) || !HasTextValue(*path.back())) {
      return std::nullopt;
    }
    return path;
  }

  static bool Has(std::span<const FieldPath> paths, const FieldPath& path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
  }

  static bool IsForQueries(const FieldDescriptor& field) {
    return !field.options().GetExtension(v1::not_in_json) &&
           !field.options().GetExtension(v1::secret);
  }

  static bool IsFieldMask(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
           JsonFormOf(*field.message_type()) == JsonForm::kFieldMask;
  }

  const Route& route_;
  const std::span<const FieldPath> by_header_;
  Message& request_;
  std::vector<FieldPath> seen_;
  std::vector<FieldViolation> faults_;
};

}  // namespace

std::vector<FieldViolation> QueryToMessage(std::string_view query,
                                           const Route& route,
                                           std::span<const FieldPath> by_header,
                                           Message& request) {
  QueryReader reader(route, by_header, request);
  while (const std::optional<EscapedPair> pair = TakePair(query)) {
    reader.ReadPair(*pair);
  }
  return reader.TakeFaults();
}

}  // namespace signet::transcode
