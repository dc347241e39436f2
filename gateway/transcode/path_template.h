// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_PATH_TEMPLATE_H_
#define SIGNET_GATEWAY_TRANSCODE_PATH_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace signet::transcode {

// A path template as google/api/http.proto defines it ("Path template syntax"):
//
//   Template  = "/" Segments [ Verb ] ;
//   Segments  = Segment { "/" Segment } ;
//   Segment   = "*" | "**" | LITERAL | Variable ;
//   Variable  = "{" FieldPath [ "=" Segments ] "}" ;
//   FieldPath = IDENT { "." IDENT } ;
//   Verb      = ":" LITERAL ;
//
// A LITERAL is made of the unreserved characters of RFC 3986 section 2.3. `**`
// is the last segment, and variables do not nest. An immutable value.
class PathTemplate {
 public:
  enum class SegmentKind { kLiteral, kSingle, kMulti };

  struct Segment {
    SegmentKind kind = SegmentKind::kLiteral;
    std::string literal;  // kLiteral only.
  };

  // Stands for the segments [begin, end) of the template. Where the last of
  // them is kMulti, a path may have fewer or more there.
  struct Variable {
    std::string field_path;
    size_t begin = 0;
    size_t end = 0;
  };

  // INVALID_ARGUMENT: `text` is no template; the message names the offset.
  static absl::StatusOr<PathTemplate> Parse(std::string_view text);

  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<Variable>& variables() const { return variables_; }
  const std::string& verb() const { return verb_; }  // Without the colon.

 private:
  friend class PathTemplateParser;

  PathTemplate() = default;

  std::vector<Segment> segments_;
  std::vector<Variable> variables_;
  std::string verb_;
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_PATH_TEMPLATE_H_
