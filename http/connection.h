// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_CONNECTION_H_
#define SIGNET_HTTP_CONNECTION_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "base/work_for.h"
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
  // `number` is another for each connection of the loop.
  Connection(Loop* loop, uint64_t number, Socket socket, Quota::Ticket ticket,
             bool turn_away);
  ~Connection() override;

  void Start();

  // A small piece of work, for which the connection waits its turn.
  enum class Turn {
    kRead,     // The socket has something.
    kWrite,    // The socket takes something.
    kAnswers,  // There are answers that the session has not got yet.
    kSettle,   // There is more to send, or to begin, than belongs in one turn.
  };
  void Take(Turn turn);

  // The tenant that called last, or while none is known the client's address;
  // and this connection.
  WorkFor work_for() const {
    return {.tenant_id = tenant_id_, .principal_id = id_};
  }

  static constexpr int kAnswersInATurn = 32;

  // Gives the session an answer, unless the connection is gone.
  void Deliver(uint32_t stream, Response response);

  struct Answer {
    uint32_t stream = 0;
    Response response;
    Quota::Ticket ticket;  // Of the call.
  };
  // The same when it is this connection's turn.
  void Keep(Answer answer);

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
  bool Call(uint32_t stream, Request& request) override;
  Response Refuse(Fault fault) override;
  std::string_view Date() override;
  Budget& budget() override;

 private:
  enum class State { kOpen, kLingering };

  void AwaitReadable();
  void AwaitWritable();
  void OnReady(const boost::system::error_code& error, Turn turn);
  void DeliverKept();
  void OnReadable();
  void OnWritable();
  void Receive(std::string_view bytes);
  // False: the connection is no more.
  bool Flush();
  void SettleInTurn();
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
  const Uuid id_;  // Among the connections of its loop.
  std::string peer_;
  Uuid tenant_id_;
  State state_ = State::kOpen;
  bool reading_ = false;  // A wait for input, or a turn to read, is pending.
  std::deque<Answer> kept_;
  bool settling_ = false;  // A turn to settle is pending.
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
