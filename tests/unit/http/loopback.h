// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_HTTP_LOOPBACK_H_
#define SIGNET_TESTS_UNIT_HTTP_LOOPBACK_H_

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/secret.h"
#include "http/http_message.h"

namespace signet::http {

// Answers at once, with the body of the request, but for /wait: those wait for
// Release. Wipes the fields it gets, as the contract of its seam wants.
class WaitingHandler final : public Handler {
 public:
  void Handle(Request request, Respond respond) override {
    for (Field& field : request.fields) Wipe(field.value);
    if (request.target == "/wait") {
      Wipe(request.body);
      absl::MutexLock lock(&mutex_);
      waiting_.push_back(std::move(respond));
      return;
    }
    Response response;
    response.body = std::move(request.body);
    response.sensitive = request.target == "/secret";
    std::move(respond)(std::move(response));
  }

  Response Refuse(Fault, std::string_view) override {
    Response response;
    response.status = 400;
    response.body = "refused";
    return response;
  }

  void AwaitWaiting(size_t count) {
    const auto enough = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return waiting_.size() >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }

  void Release(std::string_view body = "released", bool sensitive = false) {
    std::vector<Respond> waiting;
    {
      absl::MutexLock lock(&mutex_);
      waiting.swap(waiting_);
    }
    for (Respond& respond : waiting) {
      Response response;
      response.body = body;
      response.sensitive = sensitive;
      std::move(respond)(std::move(response));
    }
  }

 private:
  absl::Mutex mutex_;
  std::vector<Respond> waiting_ ABSL_GUARDED_BY(mutex_);
};

// A blocking client that gives up after a while rather than wait for ever.
class LoopbackClient {
 public:
  explicit LoopbackClient(uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
               sizeof patience);
  }

  void Send(std::string_view bytes) {
    socket_.send(boost::asio::buffer(bytes.data(), bytes.size()));
  }

  // Until so much has come or the server closes.
  std::string Receive(size_t size) {
    std::string got;
    got.reserve(std::min<size_t>(size, 4096));
    char buffer[4096];
    while (got.size() < size) {
      const ssize_t n =
          recv(socket_.native_handle(), buffer,
               std::min(sizeof buffer, size - got.size()), /*flags=*/0);
      if (n <= 0) break;
      got.append(buffer, n);
    }
    return got;
  }

  std::string ReceiveAll() { return Receive(std::string::npos); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
};

// The last request of a connection.
inline std::string LastPost(std::string_view path, std::string_view body) {
  return absl::StrCat("POST ", std::string(path),
                      " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                      "Content-Length: ",
                      body.size(), "\r\n\r\n", std::string(body));
}

}  // namespace signet::http

#endif  // SIGNET_TESTS_UNIT_HTTP_LOOPBACK_H_
