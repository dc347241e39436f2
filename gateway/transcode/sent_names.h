// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_SENT_NAMES_H_
#define SIGNET_GATEWAY_TRANSCODE_SENT_NAMES_H_

#include <string>
#include <utility>
#include <vector>

#include "gateway/problem.h"
#include "gateway/transcode/route.h"
#include "http/http_message.h"

namespace signet::transcode {

// Fields of a request message that a client of REST knows by other names: path
// in the message -> what the client sent. A header has its own name; what
// stands in a body that is one field of the message has no such prefix, but the
// id in the path is that resource's: `service_account_id`.
class SentNames {
 public:
  SentNames() = default;
  SentNames(const Route& route, const http::Request& request);

  // Names the fields of `problem`, which the backend found, as the client does.
  void Apply(gateway::Problem& problem) const;

 private:
  std::string Of(const std::string& field) const;

  std::vector<std::pair<std::string, std::string>> by_header_;
  std::string body_prefix_;  // Such as `service_account.`; empty for none.
  std::string own_id_;       // With it: `service_account_id`.
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_SENT_NAMES_H_
