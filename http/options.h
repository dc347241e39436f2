// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_OPTIONS_H_
#define SIGNET_HTTP_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/http_message.h"

namespace signet::http {

// Where an Server listens and what it grants its clients. The defaults are
// those of the public contract.
struct ServerOptions {
  std::string host = "127.0.0.1";  // A name or a numeric address, no brackets.
  uint16_t port = 0;               // 0: the system picks.
  int threads = 0;                 // Loops, a thread each; 0: one per core.

  // Connections at once. Further ones are told 503 and closed; beyond 64 such
  // rejections at a time they wait in the kernel's backlog.
  int max_connections = 10000;
  // Requests inside the handler at once, over all connections. Further ones are
  // told 503 (HTTP/1.1) or REFUSED_STREAM (HTTP/2).
  int max_running_calls = 8192;
  // Streams of one HTTP/2 connection at once, and the calls that one connection
  // may keep running, those of streams it has reset included.
  int max_concurrent_streams = 100;
  // Requests that have arrived in part, over all connections. A request that
  // would exceed it is told 503 or REFUSED_STREAM.
  size_t max_buffered_bytes = 256 << 20;

  // Answers that clients have not taken yet, with what they hold in memory. One
  // HTTP/2 connection: further requests wait until some has been taken, and of
  // answers that come beyond 16 times as much the large ones are 503.
  size_t max_unsent_bytes_per_connection = 1 << 20;
  // Over all connections: the one that holds most is closed.
  size_t max_unsent_bytes = 256 << 20;

  size_t max_target_bytes = 8 * 1024;     // Longer: 414.
  size_t max_field_bytes = 32 * 1024;     // Field section, longer: 431.
  size_t max_body_bytes = kMaxBodyBytes;  // Longer: body_too_large.

  // From a request's first byte to its last: 408 after that. A new connection
  // must send something within it.
  absl::Duration request_timeout = absl::Seconds(15);
  // From an answer's first byte to when the kernel has taken its last.
  absl::Duration write_timeout = absl::Seconds(30);
  // Between requests.
  absl::Duration idle_timeout = absl::Seconds(60);

  // INVALID_ARGUMENT: a limit is out of its range; the message names it.
  absl::Status Validate() const;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_OPTIONS_H_
