// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP_MESSAGE_H_
#define SIGNET_HTTP_HTTP_MESSAGE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/uuid.h"

namespace signet::http {

// A request or response field (RFC 9110 section 5). Request names are in lower
// case; values have no surrounding white space.
struct Field {
  std::string name;
  std::string value;
};

// The longest body of a request, unless a listener is told otherwise.
inline constexpr size_t kMaxBodyBytes = 64 * 1024;

// One request whose framing was sound (RFC 9112, RFC 9113). A plain value.
struct Request {
  std::string method;  // As sent; case-sensitive.
  std::string target;  // Origin form, raw: path and query, still escaped.
  std::vector<Field> fields;  // In order; trailers are not merged in.
  std::string body;
  // The body exceeded the limit. It was not read whole and `body` is empty;
  // the handler answers 413, unless an earlier refusal
  // stands.
  bool body_too_large = false;
  std::string peer;  // The client's address and port, as seen by the listener.

  // The values of every field called `name` (lower case), in order.
  std::vector<std::string_view> Values(std::string_view name) const;

  // The same as one list, apart by commas (RFC 9110 section 5.3).
  std::string JoinedValues(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<Field> fields;  // Without Content-Length, Date, Connection.
  std::string body;
  bool sensitive = false;  // The body holds a token: wiped once written.
  // Whose call it was (see WorkFor); nil where that is not known. A listener
  // serves the connections of tenants in turn.
  Uuid tenant_id = {};
};

// Faults found before there is a sound request to handle.
enum class Fault {
  kMalformed,       // 400: breaks RFC 9112 or RFC 9113 framing.
  kTimeout,         // 408: not whole within the time limit.
  kTargetTooLong,   // 414
  kFieldsTooLarge,  // 431
  kVersion,         // 505: neither HTTP/1.0, HTTP/1.1 nor HTTP/2.
  kExpectation,     // 417: expects something else than 100-continue.
  kOverloaded,      // 503: too many connections.
};

// What a listener serves. Thread-safe; outlives the listener.
class Handler {
 public:
  using Respond = absl::AnyInvocable<void(Response) &&>;

  virtual ~Handler() = default;

  // Answers by calling `respond` once, on any thread, perhaps before returning.
  // The connection may be gone by then; the listener copes. Answers to HEAD
  // carry the fields and body of GET; the listener withholds the body.
  virtual void Handle(Request request, Respond respond) = 0;

  // The problem document (RFC 9457) for a fault; the listener then closes. Logs
  // it.
  virtual Response Refuse(Fault fault, std::string_view peer) = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP_MESSAGE_H_
