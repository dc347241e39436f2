// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_TINY_HTTP_SERVER_H_
#define SIGNET_TESTS_SUPPORT_TINY_HTTP_SERVER_H_

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace signet {

// An HTTP/1.1 server on a loopback port that says exactly what it is told to,
// well-formed or not. One connection at a time, one request each. Thread-safe.
class TinyHttpServer {
 public:
  TinyHttpServer();
  ~TinyHttpServer();

  // `http://127.0.0.1:port`.
  std::string url() const;

  // What a request of `path` is answered with, head and body, before the
  // connection closes. Other paths get a 404.
  void PutRaw(const std::string& path, std::string answer);

  // The same as a 200 with this body.
  void Put(const std::string& path, const std::string& body);

  // Requests of `path` are read and never answered, as long as their client
  // waits.
  void PutSilence(const std::string& path);

  // The heads of all requests so far.
  std::vector<std::string> requests() const;
  // Waits until so many requests have come in all.
  void AwaitRequests(size_t count) const;

 private:
  void Serve();
  void Answer(int connection);

  int listener_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::string> answers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_TINY_HTTP_SERVER_H_
