// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_TRANSCODING_HANDLER_H_
#define SIGNET_GATEWAY_TRANSCODE_TRANSCODING_HANDLER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "call/call_observer.h"
#include "gateway/backend.h"
#include "gateway/problem.h"
#include "gateway/transcode/route_table.h"
#include "http/http_message.h"

namespace signet::transcode {

// Answers REST with the methods behind a Backend: finds the route, reads the
// request strictly, calls, and writes the response or a problem document (RFC
// 9457). Thread-safe; holds no state between requests.
//
// Refusals come in this order: 401, no such route (404, 405), 403, 415, 413,
// 400. A request in order costs one call. One with a fault costs one call too,
// which only asks the backend whether it would have refused earlier.
//
// A method with `form_body` is for OAuth clients: its credential may also be
// the password of `Basic`, every success says `Cache-Control: no-store`, and
// every problem document has the member `error`.
//
// A method with `token_in_form` takes its credential from a form as well (RFC
// 7009): whether it then succeeds or the token is not good, the answer is an
// empty 200. A form that does not give one credential is refused without a
// call.
//
// Only what BackendCall lists and the fields that the method asks for
// (`http_request_headers`) go on to the backend; every other one of the
// request, `X-Forwarded-For` and its like included, is ignored. The body is
// wiped once it is read. The observer is told of each request.
class TranscodingHandler final : public http::Handler {
 public:
  struct Options {
    // How long a call may take, from the arrival of the request.
    absl::Duration call_timeout = absl::Seconds(30);

    // Where the server's metadata is, which a challenge then names (RFC 9728
    // section 5.1). Empty: it names none.
    std::string resource_metadata = {};
  };

  // All outlive the handler, and the handler outlives every call it has made.
  struct Dependencies {
    const RouteTable* routes;
    gateway::Backend* backend;
    const Clock* clock;
    RandomSource* random;  // For request ids.
    call::CallObserver* observer;
    Logger* logger;
  };

  TranscodingHandler(Dependencies dependencies, Options options)
      : deps_(dependencies), options_(std::move(options)) {}

  void Handle(http::Request request, Respond respond) override;
  http::Response Refuse(http::Fault fault, std::string_view peer) override;

 private:
  struct Exchange;

  void Finish(Exchange& exchange, gateway::BackendReply reply);
  void Refuse(Exchange& exchange, std::string_view principal,
              const gateway::Problem& problem) const;
  absl::StatusOr<http::Response> Succeed(
      const Exchange& exchange, google::protobuf::Message* message) const;
  static absl::Status AddBody(const Route& route,
                              const google::protobuf::Message& message,
                              http::Response& response);
  static absl::Status AddFields(const Exchange& exchange,
                                const google::protobuf::Message& message,
                                http::Response& response);
  void TellEnd(const Exchange& exchange, std::string_view principal, int status,
               google::rpc::Code code, std::string_view reason) const;

  const Dependencies deps_;
  const Options options_;
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_TRANSCODING_HANDLER_H_
