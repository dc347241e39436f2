// SPDX-License-Identifier: Apache-2.0
//
// The listeners of http over a handler that tells what it was given,
// for tests and benchmarks of HTTP alone:
//
//   http_echo_server [name=value]...   e.g. port=8080 request_timeout_ms=500
//
// prints "port N" once it listens and drains on SIGTERM. Routes:
//   /echo         the request as JSON; 413 if its body was too large
//   /slow?ms=N    answers after N ms, on another thread
//   /big?bytes=N  N bytes of x
//   others        {"active":true}
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/http_message.h"
#include "http/server.h"

namespace signet {
namespace {

int64_t ToNumber(std::string_view text) {
  int64_t number = -1;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end || number < 0) {
    std::cerr << text << ": want a number\n";
    std::exit(2);
  }
  return number;
}

http::Response Json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.fields = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

int StatusOf(http::Fault fault) {
  switch (fault) {
    case http::Fault::kMalformed:
      return 400;
    case http::Fault::kTimeout:
      return 408;
    case http::Fault::kTargetTooLong:
      return 414;
    case http::Fault::kFieldsTooLarge:
      return 431;
    case http::Fault::kVersion:
      return 505;
    case http::Fault::kExpectation:
      return 417;
    case http::Fault::kOverloaded:
      return 503;
  }
  return 500;
}

// Answers later, on a thread of its own.
class LateAnswers {
 public:
  using Respond = http::Handler::Respond;

  LateAnswers() : thread_([this] { Run(); }) {}
  ~LateAnswers() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    thread_.join();
  }

  void Add(absl::Duration delay, Respond respond) {
    absl::MutexLock lock(&mutex_);
    due_.emplace(absl::Now() + delay, std::move(respond));
  }

 private:
  void Run() {
    absl::MutexLock lock(&mutex_);
    while (!stopping_) {
      const absl::Time next =
          due_.empty() ? absl::InfiniteFuture() : due_.begin()->first;
      const auto changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || (!due_.empty() && due_.begin()->first < next);
      };
      if (mutex_.AwaitWithDeadline(absl::Condition(&changed), next)) continue;
      Respond respond = std::move(due_.extract(due_.begin()).mapped());
      mutex_.Unlock();
      std::move(respond)(Json(200, R"({"slow":true})"));
      mutex_.Lock();
    }
  }

  absl::Mutex mutex_;
  std::multimap<absl::Time, Respond> due_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class EchoHandler final : public http::Handler {
 public:
  void Handle(http::Request request, Respond respond) override {
    const std::string_view target = request.target;
    if (request.body_too_large) {
      std::move(respond)(Json(413, R"({"status":413})"));
    } else if (target == "/echo") {
      std::move(respond)(Echo(request));
    } else if (target.starts_with("/slow?ms=")) {
      late_answers_.Add(absl::Milliseconds(ToNumber(target.substr(9))),
                        std::move(respond));
    } else if (target.starts_with("/big?bytes=")) {
      std::move(respond)(
          Json(200, std::string(ToNumber(target.substr(11)), 'x')));
    } else {
      std::move(respond)(Json(200, R"({"active":true})"));
    }
  }

  http::Response Refuse(http::Fault fault, std::string_view) override {
    http::Response response =
        Json(StatusOf(fault),
             R"({"status":)" + std::to_string(StatusOf(fault)) + "}");
    response.fields = {{"Content-Type", "application/problem+json"}};
    return response;
  }

 private:
  static http::Response Echo(const http::Request& request) {
    nlohmann::json fields = nlohmann::json::array();
    for (const http::Field& field : request.fields) {
      fields.push_back({field.name, field.value});
    }
    const nlohmann::json told = {{"method", request.method},
                                 {"target", request.target},
                                 {"fields", fields},
                                 {"body", request.body},
                                 {"peer", request.peer}};
    http::Response response = Json(
        200,
        told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    response.sensitive = true;
    return response;
  }

  LateAnswers late_answers_;
};

http::ServerOptions ParseOptions(int argc, char** argv) {
  http::ServerOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const int64_t value =
        ToNumber(argument.substr(std::min(equals, argument.size() - 1) + 1));
    if (name == "port") {
      options.port = value;
    } else if (name == "threads") {
      options.threads = value;
    } else if (name == "max_connections") {
      options.max_connections = value;
    } else if (name == "max_running_calls") {
      options.max_running_calls = value;
    } else if (name == "request_timeout_ms") {
      options.request_timeout = absl::Milliseconds(value);
    } else if (name == "write_timeout_ms") {
      options.write_timeout = absl::Milliseconds(value);
    } else if (name == "idle_timeout_ms") {
      options.idle_timeout = absl::Milliseconds(value);
    } else {
      std::cerr << name << ": no such option\n";
      std::exit(2);
    }
  }
  return options;
}

int Run(int argc, char** argv) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  SystemClock clock;
  JsonLogger logger(STDERR_FILENO, &clock,
                    [](std::string_view text) { return std::string(text); });
  EchoHandler handler;
  auto server =
      http::Server::Start(ParseOptions(argc, argv), &handler, &clock, &logger);
  if (!server.ok()) {
    std::cerr << server.status() << '\n';
    return 1;
  }
  std::cout << "port " << (*server)->port() << std::endl;
  int signal = 0;
  sigwait(&stop, &signal);
  return (*server)->Drain(absl::Seconds(10)).ok() ? 0 : 1;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Run(argc, argv); }
