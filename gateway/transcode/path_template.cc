// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/path_template.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signet::transcode {
namespace {

bool IsIdentifierChar(char c) { return absl::ascii_isalnum(c) || c == '_'; }

bool IsLiteralChar(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

// A recursive-descent parser, one method per rule of the grammar.
class PathTemplateParser {
 public:
  explicit PathTemplateParser(std::string_view text) : text_(text) {}

  absl::StatusOr<PathTemplate> Parse() {
    if (!Take('/')) return Want("\"/\"");
    if (absl::Status s = ParseSegments(/*in_variable=*/false); !s.ok())
      return s;
    if (Take(':')) {
      result_.verb_ = TakeWhile(IsLiteralChar);
      if (result_.verb_.empty()) return Want("a verb");
    }
    if (!AtEnd()) return Want("\"/\", a verb or the end");
    for (size_t i = 0; i + 1 < result_.segments_.size(); ++i) {
      if (result_.segments_[i].kind == PathTemplate::SegmentKind::kMulti) {
        return absl::InvalidArgumentError(
            "want \"**\" only as the last segment");
      }
    }
    return std::move(result_);
  }

 private:
  absl::Status ParseSegments(bool in_variable) {
    do {
      if (absl::Status s = ParseSegment(in_variable); !s.ok()) return s;
    } while (Take('/'));
    return absl::OkStatus();
  }

  absl::Status ParseSegment(bool in_variable) {
    if (Take('{')) {
      if (in_variable) return Want("no variable inside a variable");
      return ParseVariable();
    }
    PathTemplate::Segment segment;
    if (Take('*')) {
      segment.kind = Take('*') ? PathTemplate::SegmentKind::kMulti
                               : PathTemplate::SegmentKind::kSingle;
    } else {
      segment.literal = TakeWhile(IsLiteralChar);
      // A path can never hold a dot segment; see SplitPath.
      if (segment.literal.empty() || segment.literal == "." ||
          segment.literal == "..") {
        return Want("a segment");
      }
    }
    result_.segments_.push_back(std::move(segment));
    return absl::OkStatus();
  }

  absl::Status ParseVariable() {
    PathTemplate::Variable variable;
    do {
      const std::string name = TakeWhile(IsIdentifierChar);
      if (name.empty() || absl::ascii_isdigit(name[0]))
        return Want("a field name");
      if (!variable.field_path.empty()) variable.field_path += '.';
      variable.field_path += name;
    } while (Take('.'));
    variable.begin = result_.segments_.size();
    if (Take('=')) {
      if (absl::Status s = ParseSegments(/*in_variable=*/true); !s.ok())
        return s;
    } else {
      result_.segments_.push_back({PathTemplate::SegmentKind::kSingle, ""});
    }
    variable.end = result_.segments_.size();
    if (!Take('}')) return Want("\"}\"");
    result_.variables_.push_back(std::move(variable));
    return absl::OkStatus();
  }

  bool AtEnd() const { return at_ == text_.size(); }

  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string TakeWhile(bool (*accept)(char)) {
    const size_t begin = at_;
    while (!AtEnd() && accept(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::Status Want(const char* what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("want ", what, " at offset ", at_));
  }

  const std::string_view text_;
  size_t at_ = 0;
  PathTemplate result_;
};

absl::StatusOr<PathTemplate> PathTemplate::Parse(std::string_view text) {
  return PathTemplateParser(text).Parse();
}

}  // namespace signet::transcode
