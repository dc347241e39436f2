// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_CONNECTION_H_
#define SIGNET_HTTP_CONNECTION_H_

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/http_message.h"
#include "http/quota.h"
#include "http/session.h"

namespace signet::http {

class Loop;

// A client's connection: the socket, the session spoken on it, and the bytes
// between them. Idle, it holds no buffer. Lives on its loop's thread; shared
// between the loop's list, pending socket waits and running calls.
//
// TLS has its place between socket and session: Read and Write are the only
// functions that move bytes, and ALPN would choose the session instead of the
// first bytes.
class Connection final : public SessionHost,
                         public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  // `ticket` is the connection's place; `turn_away` that there was none and the
  // client is only to be told. `loop` outlives the connection.
  Connection(Loop* loop, Socket socket, Quota::Ticket ticket, bool turn_away);
  ~Connection() override;

  void Start();

  // Gives the session an answer, unless the connection is gone.
  void Deliver(uint32_t stream, HttpResponse response);

  // Sends what the session has to say, then closes or reads on as it wishes.
  void Settle();

  void Sweep();
  void Drain();
  // Waits no longer for the client to close, if nothing was under way when the
  // drain began.
  void CutShort();
  void Close();

  bool closed() const { return !socket_.is_open(); }
  size_t list_index = 0;      // For the loop: its place in the list.
  bool needs_settle = false;  // For the loop: Settle is due.
  size_t counted_bytes = 0;   // For the loop: of unsent_bytes, those counted.

  // What answers hold in memory that the client has not taken yet.
  size_t unsent_bytes() const;

  // SessionHost:
  bool Call(uint32_t stream, HttpRequest& request) override;
  HttpResponse Refuse(HttpFault fault) override;
  std::string_view Date() override;
  Budget& budget() override;

 private:
  enum class State { kOpen, kLingering };

  void AwaitReadable();
  void AwaitWritable();
  void OnReadable();
  void OnWritable();
  void Receive(std::string_view bytes);
  // False: the connection is no more.
  bool Flush();
  void DropPending();
  void Linger();

  // The number of bytes moved, 0 if none can be at present, or -1 when the
  // connection is no more.
  ptrdiff_t Read(char* buffer, size_t size);
  ptrdiff_t Write(std::string_view bytes);

  Loop* const loop_;
  Socket socket_;
  const Quota::Ticket ticket_;
  const bool turn_away_;
  std::string peer_;
  State state_ = State::kOpen;
  bool reading_ = false;  // A wait for input is pending.
  int running_calls_ = 0;

  std::string opening_;  // Less than it takes to choose the session.
  std::unique_ptr<Session> session_;
  bool idle_when_drained_ = false;
  MonotonicTime deadline_;  // Of the opening, or of lingering.

  std::string pending_;  // Produced, not yet taken by the kernel.
  size_t pending_sent_ = 0;
  bool pending_sensitive_ = false;
  MonotonicTime pending_since_;
  size_t discarded_bytes_ = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_CONNECTION_H_
