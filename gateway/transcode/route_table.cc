// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/route_table.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/api/annotations.pb.h"

namespace signet::transcode {

using google::api::HttpRule;
using google::protobuf::MethodDescriptor;

// One walk down the tree, from the most to the least specific template.
class RouteTable::Search {
 public:
  Search(std::string_view http_method, RouteMatch& match)
      : http_method_(http_method == "HEAD" ? "GET" : http_method),
        match_(match) {}

  // Whether the route was found; if not, `allowed` has grown.
  bool Walk(const Node& node, size_t depth, std::string_view verb) {
    if (depth == match_.segments.size()) {
      return Look(node.here, verb) || Look(node.multi, verb);
    }
    const std::string_view segment = match_.segments[depth];
    if (const auto next = node.literals.find(
            absl::string_view(segment.data(), segment.size()));
        next != node.literals.end() && Walk(*next->second, depth + 1, verb)) {
      return true;
    }
    if (node.single != nullptr && Walk(*node.single, depth + 1, verb)) {
      return true;
    }
    return Look(node.multi, verb);
  }

 private:
  bool Look(const std::vector<Leaf>& leaves, std::string_view verb) {
    for (const Leaf& leaf : leaves) {
      if (leaf.verb != verb) continue;
      for (const Route* route : leaf.routes) {
        if (route->http_method == http_method_) {
          match_.route = route;
          return true;
        }
        match_.allowed.push_back(route->http_method);
      }
    }
    return false;
  }

  const std::string_view http_method_;
  RouteMatch& match_;
};

absl::StatusOr<std::unique_ptr<const RouteTable>> RouteTable::Create(
    std::span<const google::protobuf::ServiceDescriptor* const> services,
    google::protobuf::MessageFactory* factory) {
  std::unique_ptr<RouteTable> table(new RouteTable);
  for (const google::protobuf::ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (absl::Status s = table->AddMethod(method, *factory); !s.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat(method.full_name(), ": ", s.message()));
      }
    }
  }
  return table;
}

absl::Status RouteTable::AddMethod(const MethodDescriptor& method,
                                   google::protobuf::MessageFactory& factory) {
  if (!method.options().HasExtension(google::api::http)) {
    return absl::OkStatus();
  }
  const HttpRule& first = method.options().GetExtension(google::api::http);
  std::vector<const HttpRule*> rules = {&first};
  for (const HttpRule& more : first.additional_bindings()) {
    if (more.additional_bindings_size() > 0) {
      return absl::InvalidArgumentError("additional_bindings: want no nesting");
    }
    rules.push_back(&more);
  }
  for (const HttpRule* rule : rules) {
    auto route = MakeRoute(method, *rule, layouts_, factory);
    if (!route.ok()) return route.status();
    if (absl::Status s = Add(*std::move(route)); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RouteTable::Add(std::unique_ptr<const Route> route) {
  Node* node = &root_;
  std::vector<Leaf>* leaves = &node->here;
  for (const PathTemplate::Segment& segment : route->pattern.segments()) {
    if (segment.kind == PathTemplate::SegmentKind::kMulti) {
      leaves = &node->multi;
      break;  // It is the last one.
    }
    std::unique_ptr<Node>& next =
        segment.kind == PathTemplate::SegmentKind::kLiteral
            ? node->literals[segment.literal]
            : node->single;
    if (next == nullptr) next = std::make_unique<Node>();
    node = next.get();
    leaves = &node->here;
  }
  const std::string& verb = route->pattern.verb();
  auto leaf = std::find_if(leaves->begin(), leaves->end(),
                           [&](const Leaf& l) { return l.verb == verb; });
  if (leaf == leaves->end()) leaf = leaves->insert(leaf, Leaf{verb, {}});
  for (const Route* other : leaf->routes) {
    if (other->http_method == route->http_method) {
      return absl::InvalidArgumentError(
          absl::StrCat(route->path, ": cannot be told apart from ", other->path,
                       " of ", other->method->full_name()));
    }
  }
  leaf->routes.push_back(route.get());
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

RouteMatch RouteTable::Match(std::string_view http_method,
                             std::string_view path) const {
  RouteMatch match;
  std::optional<PathSegments> segments = SplitPath(path);
  if (!segments.has_value()) return match;
  match.segments = *std::move(segments);

  Search search(http_method, match);
  // A colon in the last segment may begin a verb, or be part of a value.
  const std::string_view last = match.segments.back();
  const size_t colon = last.rfind(':');
  if (colon != last.npos && colon > 0 && colon + 1 < last.size()) {
    match.segments.back() = last.substr(0, colon);
    if (!search.Walk(root_, 0, last.substr(colon + 1))) {
      match.segments.back() = last;
    }
  }
  if (match.route == nullptr) search.Walk(root_, 0, "");
  if (match.route != nullptr) {
    match.allowed.clear();
    return match;
  }
  std::vector<std::string>& allowed = match.allowed;
  if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) {
    allowed.push_back("HEAD");
  }
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  return match;
}

}  // namespace signet::transcode
