// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/http_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace signet {
namespace {

// A port that nobody has just now.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool accepted =
      connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return accepted;
}

absl::StatusOr<HttpServerUnderLoad> StartOn(
    int port, const std::string& path, const std::vector<std::string>& argv) {
  auto process = ServerProcess::Start(argv, "/proc/self/exe");
  if (!process.ok()) return process.status();
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!Accepts(port)) {
    if (absl::Now() > end) {
      return absl::DeadlineExceededError(
          absl::StrCat(argv[0], " does not listen"));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return HttpServerUnderLoad{
      .process = *std::move(process),
      .url = absl::StrCat("http://127.0.0.1:", port, path)};
}

// Requests per second.
absl::StatusOr<double> RunH2load(const std::string& arguments,
                                 const std::string& url,
                                 const std::string& authorization,
                                 absl::Duration duration) {
  const std::string command = absl::StrCat(
      "h2load -t 1 ", arguments, " -D ", absl::ToDoubleSeconds(duration),
      " -H 'authorization: ", authorization, "' ", url, " 2>&1");
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return absl::InternalError("cannot start h2load");
  std::string output;
  char buffer[4096];
  size_t got = 0;
  while ((got = fread(buffer, 1, sizeof(buffer), pipe)) > 0) {
    output.append(buffer, got);
  }
  const int status = pclose(pipe);
  constexpr char kRate[] = "finished in ";
  const size_t line = output.find(kRate);
  const size_t rate = output.find(", ", line);
  double per_second = 0;
  if (status != 0 || line == output.npos || rate == output.npos ||
      !absl::SimpleAtod(absl::string_view(output).substr(
                            rate + 2, output.find(" req/s", rate) - rate - 2),
                        &per_second) ||
      !absl::StrContains(output, " 0 3xx, 0 4xx, 0 5xx") || per_second <= 0) {
    return absl::InternalError(absl::StrCat("h2load: ", output));
  }
  return per_second;
}

}  // namespace

absl::StatusOr<HttpServerUnderLoad> StartNginx(const std::string& directory) {
  const int port = FreePort();
  const std::string root =
      std::filesystem::absolute(absl::StrCat(directory, "/nginx")).string();
  std::filesystem::create_directories(root);
  std::ofstream(root + "/nginx.conf") << absl::StrCat(
      "daemon off; worker_processes 2; pid ", root, "/pid; error_log ", root,
      "/error.log;\nevents { worker_connections 1024; }\n"
      "http { access_log off; keepalive_requests 100000000;\n"
      "  client_body_temp_path ",
      root, "; proxy_temp_path ", root, "; fastcgi_temp_path ", root,
      "; uwsgi_temp_path ", root, "; scgi_temp_path ", root,
      ";\n"
      "  server { listen 127.0.0.1:",
      port,
      "; location / {\n"
      "    add_header X-Request-Id 01a20e04-a9cf-7950-969a-546883ebf41e;\n"
      "    add_header X-Signet-Subject-Type service_account;\n"
      "    add_header X-Signet-Subject-Id "
      "01a20e04-a84a-704d-b6a1-3503c61fc23f;\n"
      "    add_header X-Signet-Account-Id "
      "01a20e04-24f1-7cc9-92af-3311be9d181b;\n"
      "    add_header X-Signet-Token-Public-Id 0VbtzG1aHsJe7ocA;\n"
      "    return 204; } } }\n");
  return StartOn(port, "/v1/public/auth/check",
                 {"/usr/sbin/nginx", "-p", root, "-c", root + "/nginx.conf"});
}

absl::StatusOr<HttpServerUnderLoad> StartNghttpd(const std::string& directory) {
  const int port = FreePort();
  const std::string root = absl::StrCat(directory, "/nghttpd");
  std::filesystem::create_directories(root);
  // As long as the fields of the answer it stands for.
  std::ofstream(root + "/check") << std::string(200, 'x');
  return StartOn(port, "/check",
                 {"/usr/sbin/nghttpd", "--no-tls", "-n", "2", "-d", root,
                  absl::StrCat(port)});
}

absl::StatusOr<double> H2load(const std::string& url,
                              const std::string& authorization, bool http1,
                              absl::Duration duration, int times) {
  return RunH2load(http1 ? absl::StrCat("--h1 -m 1 -c ", 64 * times)
                         : absl::StrCat("-m 32 -c ", 4 * times),
                   url, authorization, duration);
}

absl::StatusOr<double> H2loadGrpc(const std::string& address,
                                  const GrpcCall& call, int connections,
                                  int in_flight, const std::string& directory,
                                  absl::Duration duration) {
  const std::string file = directory + "/h2load-body";
  {
    // A message of gRPC over HTTP/2: not compressed, its length, itself.
    const uint32_t length = htonl(static_cast<uint32_t>(call.message.size()));
    std::ofstream body(file, std::ios::binary);
    body.put('\0');
    body.write(reinterpret_cast<const char*>(&length), sizeof(length));
    body << call.message;
  }
  return RunH2load(
      absl::StrCat("-c ", connections, " -m ", in_flight / connections,
                   " -H 'content-type: application/grpc'"
                   " -H 'te: trailers' -d ",
                   file),
      absl::StrCat("http://", address, call.method),
      absl::StrCat("Bearer ", call.token), duration);
}

}  // namespace signet
