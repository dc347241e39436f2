// SPDX-License-Identifier: Apache-2.0
//
// What an answer costs that the client library has at hand, beside its ceiling:
// the digest of the token alone, by which it is found. And, to compare, one
// that it has not.
//
//   client_bench [SIGNETD] [--seconds=S] [--rounds=N] [--dir=DIR] [--enforce]
//
// Every round measures everything once; the medians over the rounds are
// printed. With --enforce the exit status is 1 where the aim is missed: under a
// microsecond.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "client/token_client.h"
#include "crypto/digest.h"
#include "nlohmann/json.hpp"
#include "tests/bench/options.h"
#include "tests/bench/process.h"

namespace signet {
namespace {

// Nanoseconds of one `work`.
double Measure(double seconds, absl::FunctionRef<void()> work) {
  constexpr int kAtOnce = 100;
  const absl::Time start = absl::Now();
  const absl::Time end = start + absl::Seconds(seconds);
  int64_t done = 0;
  absl::Time now = start;
  for (; now < end; now = absl::Now()) {
    for (int i = 0; i < kAtOnce; ++i) work();
    done += kAtOnce;
  }
  return absl::ToDoubleNanoseconds(now - start) / static_cast<double>(done);
}

struct Row {
  const char* name;
  std::vector<double> ns = {};

  double Median() {
    std::nth_element(ns.begin(), ns.begin() + ns.size() / 2, ns.end());
    return ns[ns.size() / 2];
  }
};

void AwaitFeed(const client::TokenClient& client) {
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (!client.FeedStatus().ok()) {
    if (absl::Now() > end) Die(client.FeedStatus());
    absl::SleepFor(absl::Milliseconds(1));
  }
}

int Run(const BenchOptions& options) {
  const std::filesystem::path directory = options.directory;
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const std::string ports = directory / "ports.json";
  const std::string bootstrap = directory / "bootstrap.json";
  auto server = ServerProcess::Start(
      {options.signetd, "--storage=memory", "--rest_address=127.0.0.1:0",
       "--grpc_address=127.0.0.1:0",
       absl::StrCat("--data_dir=", std::string(directory / "data")),
       absl::StrCat("--port_file=", ports),
       absl::StrCat("--bootstrap_file=", bootstrap)},
      ports);
  if (!server.ok()) Die(server.status());
  const std::string token =
      nlohmann::json::parse(ReadWhole(bootstrap))["token"];
  const int port = nlohmann::json::parse(ReadWhole(ports))["grpc"];
  const auto new_client = [&](size_t max_entries) {
    auto client =
        client::TokenClient::Create({.target = absl::StrCat("127.0.0.1:", port),
                                     .credential = token,
                                     .max_entries = max_entries});
    if (!client.ok()) Die(client.status());
    AwaitFeed(**client);
    return *std::move(client);
  };
  const auto keeping = new_client(1000);
  const auto forgetful = new_client(0);

  v1::Requirement wanted;
  wanted.mutable_capability()->set_capability_key("mail.send");
  const auto verify = [&](client::TokenClient& client,
                          const v1::Requirement* requirement) {
    const auto answer = client.VerifyAndWait(token, requirement);
    if (!answer.ok()) Die(answer.status());
    if (!(*answer)->active()) Die(absl::InternalError("it is not active"));
  };
  const crypto::HmacSha256Key key(std::vector<uint8_t>(32, 7));
  Row sha{"SHA-256 of the token"};
  Row hmac{"HMAC-SHA-256 of the token"};
  Row hit{"kept answer"};
  Row with_requirement{"kept answer and a requirement"};
  Row asked{"answer of the server"};
  for (int round = 0; round < options.rounds; ++round) {
    sha.ns.push_back(Measure(options.seconds, [&] {
      benchmark::DoNotOptimize(crypto::Sha256(token));
    }));
    hmac.ns.push_back(Measure(
        options.seconds, [&] { benchmark::DoNotOptimize(key.Mac(token)); }));
    hit.ns.push_back(
        Measure(options.seconds, [&] { verify(*keeping, nullptr); }));
    with_requirement.ns.push_back(
        Measure(options.seconds, [&] { verify(*keeping, &wanted); }));
    asked.ns.push_back(
        Measure(options.seconds, [&] { verify(*forgetful, nullptr); }));
  }
  std::printf("%-32s %8s %8s\n", "", "ns", "of HMAC");
  for (Row* row : {&sha, &hmac, &hit, &with_requirement, &asked}) {
    std::printf("%-32s %8.0f %8.2f\n", row->name, row->Median(),
                row->Median() / hmac.Median());
  }
  const bool met = with_requirement.Median() < 1000;
  std::printf("under a microsecond: %s\n", met ? "yes" : "NO");
  return options.enforce && !met ? 1 : 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) {
  return signet::Run(
      signet::ReadBenchOptions(argc, argv, {.rounds = 5, .seconds = 0.5}));
}
