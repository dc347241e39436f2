// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_ROUTE_TABLE_H_
#define SIGNET_GATEWAY_TRANSCODE_ROUTE_TABLE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/route.h"
#include "gateway/transcode/url.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// What a path and a method lead to.
struct RouteMatch {
  // Null: no route. The path is then unknown if `allowed` is empty, otherwise
  // only the method is wrong.
  const Route* route = nullptr;

  // The path's segments without the verb; views into the path.
  PathSegments segments;

  // The methods that the path has, sorted; HEAD where there is GET. Only filled
  // where `route` is null.
  std::vector<std::string> allowed;
};

// Finds the route of a request among all google.api.http rules of some services
// (google/api/http.proto). Immutable, thread-safe.
//
// Literal text matches only in its plain spelling: an escaped letter makes
// another path. Where several templates match, one with a verb wins over one
// without, then a literal wins over `*`, and that over `**`, at the first
// segment where they differ.
class RouteTable {
 public:
  // Reads the http options of all methods of `services`; methods without one
  // are not reachable. `factory` makes request messages and outlives the table.
  // INVALID_ARGUMENT: a rule is wrong, or two cannot be told apart; the message
  // names the method.
  static absl::StatusOr<std::unique_ptr<const RouteTable>> Create(
      std::span<const google::protobuf::ServiceDescriptor* const> services,
      google::protobuf::MessageFactory* factory =
          google::protobuf::MessageFactory::generated_factory());

  // `path` is escaped, without its query. HEAD finds the route of GET.
  RouteMatch Match(std::string_view http_method, std::string_view path) const;

 private:
  // Routes that differ in method only, all ending at one place of the tree.
  struct Leaf {
    std::string verb;
    std::vector<const Route*> routes;
  };

  // The paths that share a beginning.
  struct Node {
    absl::flat_hash_map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> single;  // `*`
    std::vector<Leaf> here;        // Paths that end here.
    std::vector<Leaf> multi;       // Paths whose rest is `**`.
  };

  class Search;

  RouteTable() = default;
  absl::Status AddMethod(const google::protobuf::MethodDescriptor& method,
                         google::protobuf::MessageFactory& factory);
  absl::Status Add(std::unique_ptr<const Route> route);

  JsonLayouts layouts_;
  std::vector<std::unique_ptr<const Route>> routes_;
  Node root_;
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_ROUTE_TABLE_H_
