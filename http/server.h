// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_SERVER_H_
#define SIGNET_HTTP_SERVER_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/http_message.h"
#include "http/options.h"

namespace signet::http {

// Serves HTTP/1.1 (RFC 9112; HTTP/1.0 too) and HTTP/2 with prior knowledge (RFC
// 9113 section 3.3) on one cleartext port.
//
// Every limit of ServerOptions is kept per connection without harm to
// others. Framing faults get the handler's Refuse document; then HTTP/1.1
// connections close, HTTP/2 streams are reset. What only makes work (rapid
// reset, floods of control or CONTINUATION frames, HPACK bombs) gets GOAWAY and
// is closed.
//
// Secrets: a response marked `sensitive` is wiped from every buffer of this
// room once the kernel has it, or when it cannot be delivered. Read buffers,
// partial requests and HPACK's memory are wiped before they are used again or
// freed. The request given to the handler is the handler's.
//
// Memory of an idle connection: about 2 KiB for HTTP/1.1 and 20 KiB for HTTP/2,
// kernel's sockets aside; no buffer is kept.
//
// Thread-safe.
class Server {
 public:
  // Listens and serves. `handler`, `clock` and `logger` outlive the server; the
  // answers of calls still running when it ends are dropped. INVALID_ARGUMENT:
  // see ServerOptions::Validate. UNAVAILABLE: cannot listen there.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, Handler* handler, const Clock* clock,
      Logger* logger);

  // Drains without grace, unless drained before.
  virtual ~Server() = default;

  // Where it listens.
  virtual uint16_t port() const = 0;

  // Stops accepting, closes idle connections, lets requests under way finish
  // and says so (GOAWAY, Connection: close). Blocks until all have, at most for
  // `grace`, and ends the threads. DEADLINE_EXCEEDED: some were cut off.
  virtual absl::Status Drain(absl::Duration grace) = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_SERVER_H_
