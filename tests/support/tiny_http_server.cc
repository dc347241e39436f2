// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tiny_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/loopback_listener.h"

namespace signet {
namespace {

// Stands for no answer at all.
constexpr char kSilence[] = "";

}  // namespace

TinyHttpServer::TinyHttpServer() {
  const LoopbackListener listening = ListenOnLoopback();
  listener_ = listening.fd;
  port_ = listening.port;
  thread_ = std::thread([this] { Serve(); });
}

TinyHttpServer::~TinyHttpServer() {
  shutdown(listener_, SHUT_RDWR);  // Ends the accept.
  thread_.join();
  close(listener_);
}

std::string TinyHttpServer::url() const {
  return absl::StrCat("http://127.0.0.1:", port_);
}

void TinyHttpServer::PutRaw(const std::string& path, std::string answer) {
  absl::MutexLock lock(&mutex_);
  answers_[path] = std::move(answer);
}

void TinyHttpServer::Put(const std::string& path, const std::string& body) {
  PutRaw(path, absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: application/json",
                            "\r\nContent-Length: ", body.size(),
                            "\r\nConnection: close\r\n\r\n", body));
}

void TinyHttpServer::PutSilence(const std::string& path) {
  PutRaw(path, kSilence);
}

std::vector<std::string> TinyHttpServer::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

void TinyHttpServer::AwaitRequests(size_t count) const {
  const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return requests_.size() >= count;
  };
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&enough));
}

void TinyHttpServer::Serve() {
  while (true) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    Answer(connection);
    close(connection);
  }
}

void TinyHttpServer::Answer(int connection) {
  std::string head;
  std::array<char, 4096> buffer;
  while (head.find("\r\n\r\n") == head.npos) {
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count <= 0) return;
    head.append(buffer.data(), static_cast<size_t>(count));
    if (head.front() < 'A' || head.front() > 'Z') return;  // TLS, for example.
  }
  const size_t path = head.find(' ') + 1;
  std::string answer =
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: "
      "close\r\n\r\n";
  {
    absl::MutexLock lock(&mutex_);
    const auto found =
        answers_.find(head.substr(path, head.find(' ', path) - path));
    if (found != answers_.end()) answer = found->second;
    requests_.push_back(std::move(head));
  }
  if (answer == kSilence) {
    recv(connection, buffer.data(), buffer.size(), 0);  // Until it hangs up.
    return;
  }
  // A client may hang up before it has heard everything.
  for (size_t sent = 0; sent < answer.size();) {
    const ssize_t count = send(connection, answer.data() + sent,
                               answer.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<size_t>(count);
  }
}

}  // namespace signet
