// SPDX-License-Identifier: Apache-2.0
//
// Verifications per second beside their ceilings, measured in the same round:
// over gRPC an empty callback handler that answers as much, over HTTP/2 nghttpd
// and over HTTP/1.1 nginx, which answer the same from a constant.
//
//   verify_bench [SIGNETD] [--tokens=N] [--rounds=N] [--seconds=S] [--dir=DIR]
//                [--enforce]
//
// With N tokens in the store (10000 unless given; ten million take many minutes
// to fill in) it also shows what is asked of at random, evenly and after Zipf,
// with the cache that a server has unless told otherwise, beside a thousand
// tokens; and the memory and the start. With --enforce the exit status is 1
// where an aim is missed.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "server/config/config.h"
#include "signet/v1/tokens.pb.h"
#include "tests/bench/empty_server.h"
#include "tests/bench/filled_data.h"
#include "tests/bench/http_tools.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/process.h"

namespace signet {
namespace {

constexpr size_t kBatch = 100;
constexpr int kFewTokens = 1000;
constexpr char kVerify[] = "/signet.v1.Tokens/VerifyToken";

struct Options : BenchOptions {
  int tokens = 10000;
};

// A server on loopback, with what it printed on its first start.
struct Signetd {
  std::unique_ptr<ServerProcess> process;
  std::string grpc, trusted, rest;
  absl::Duration start;  // Until it answers.
};

Signetd StartSignetd(const Options& options, const std::string& directory,
                     const std::vector<std::string>& flags) {
  std::filesystem::create_directories(directory);
  const std::string ports = directory + "/ports.json";
  std::filesystem::remove(ports);
  std::vector<std::string> argv = {
      options.signetd,
      absl::StrCat("--data_dir=", directory, "/data"),
      "--rest_address=127.0.0.1:0",
      "--grpc_address=127.0.0.1:0",
      "--trusted_grpc_address=127.0.0.1:0",
      absl::StrCat("--port_file=", ports)};
  if (!std::filesystem::exists(directory + "/bootstrap.json")) {
    argv.push_back(
        absl::StrCat("--bootstrap_file=", directory, "/bootstrap.json"));
  }
  argv.insert(argv.end(), flags.begin(), flags.end());
  const absl::Time before = absl::Now();
  Signetd server;
  server.process = OrDie(ServerProcess::Start(argv, ports));
  server.start = absl::Now() - before;
  const auto json = nlohmann::json::parse(ReadWhole(ports));
  const auto at = [&json](const char* which) {
    return absl::StrCat("127.0.0.1:", json[which].get<int>());
  };
  server.grpc = at("grpc");
  server.trusted = at("trusted_grpc");
  server.rest = at("rest");
  return server;
}

LoadCaller Owner(const std::string& directory) {
  const auto json =
      nlohmann::json::parse(ReadWhole(directory + "/bootstrap.json"));
  return {.account_id = json["account_id"], .token = json["token"]};
}

// Which of `size` the call of that number is about.
using Pick = std::function<size_t(uint64_t number)>;

Pick Evenly(size_t size) {
  return [size](uint64_t number) {
    // SplitMix64: the same for every run.
    uint64_t z = (number + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return static_cast<size_t>((z ^ (z >> 27)) % size);
  };
}

// Zipf with exponent 1, by inversion of its distribution function.
Pick Zipf(size_t size) {
  std::vector<double> sums;
  double sum = 0;
  for (size_t i = 1; i <= size; ++i) sums.push_back(sum += 1.0 / i);
  return [sums = std::move(sums),
          evenly = Evenly(size_t{1} << 52)](uint64_t number) {
    const double at = static_cast<double>(evenly(number)) / 0x1p52;
    return static_cast<size_t>(
        std::lower_bound(sums.begin(), sums.end(), at * sums.back()) -
        sums.begin());
  };
}

MakeCall<GrpcCall> Verifies(const std::vector<std::string>& tokens, Pick pick,
                            const std::string& asker) {
  return [&tokens, pick = std::move(pick), asker](uint64_t number) {
    v1::VerifyTokenRequest request;
    request.set_token(tokens[pick(number)]);
    return GrpcCall{kVerify, request.SerializeAsString(), asker};
  };
}

// A batch about the tokens at `first` and behind it, going on at the start
// where they end.
GrpcCall Batch(const std::vector<std::string>& tokens, size_t first,
               const std::string& asker) {
  v1::BatchVerifyTokensRequest request;
  for (size_t i = 0; i < kBatch; ++i) {
    request.add_tokens(tokens[(first + i) % tokens.size()]);
  }
  return {"/signet.v1.Tokens/BatchVerifyTokens", request.SerializeAsString(),
          asker};
}

const char* HttpName(bool http1) { return http1 ? "HTTP/1.1" : "HTTP/2"; }

void DieOnFailures(const std::string& name, const LoadResult& result) {
  if (result.failures == 0) return;
  Die(absl::InternalError(
      absl::StrCat(name, ": ", result.failures, " calls failed")));
}

// Asks at least once about each, up to as many as the cache may hold; about the
// first ones, Zipf's most popular, at the end.
void WarmUp(const Signetd& server, const std::vector<std::string>& tokens,
            absl::Duration step) {
  const size_t count = std::min<size_t>(
      tokens.size(), config::ServerConfig().token_cache_entries);
  std::atomic<size_t> asked = 0;
  while (asked < count) {
    DieOnFailures("warming up",
                  GrpcLoad(server.trusted, 4, step, [&](uint64_t) {
                    const size_t done = asked += kBatch;
                    return Batch(tokens, done < count ? count - done : 0, "");
                  }));
  }
}

// Figures by name, in the order of their first appearance.
class Table {
 public:
  void Add(const std::string& name, double value) {
    if (!values_.contains(name)) names_.push_back(name);
    values_[name].push_back(value);
  }
  void Add(const std::string& name, const LoadResult& result) {
    DieOnFailures(name, result);
    Add(name, result.per_second);
    p99_us_[name].push_back(absl::ToDoubleMicroseconds(result.p99));
  }
  void Print() const {
    std::printf("\n%-44s %12s %12s\n", "", "per sec", "p99 us");
    for (const std::string& name : names_) {
      std::printf("%-44s %12.0f", name.c_str(), Median(values_.at(name)));
      const auto p99 = p99_us_.find(name);
      if (p99 != p99_us_.end()) std::printf(" %12.0f", Median(p99->second));
      std::printf("\n");
    }
    std::printf("\n");
  }
  // Prints the median over the rounds of a / b; whether the aim is met.
  bool Aim(const std::string& a, const std::string& b, double want) const {
    return Print(absl::StrCat(a, " / ", b), MedianRatio(a, b), want, true);
  }
  void Ratio(const std::string& a, const std::string& b) const {
    std::printf("%-78s %10.2f\n", absl::StrCat(a, " / ", b).c_str(),
                MedianRatio(a, b));
  }
  bool AimRate(const std::string& name, double want) const {
    return Print(name, Median(values_.at(name)), want, true);
  }
  static bool Print(const std::string& what, double got, double want,
                    bool at_least) {
    const bool met = at_least ? got >= want : got <= want;
    std::printf("%-78s %10.2f  aim %s %.2f  %s\n", what.c_str(), got,
                at_least ? ">=" : "<=", want, met ? "met" : "MISSED");
    return met;
  }

 private:
  double MedianRatio(const std::string& a, const std::string& b) const {
    std::vector<double> ratios;
    for (size_t i = 0; i < values_.at(a).size(); ++i) {
      ratios.push_back(values_.at(a)[i] / values_.at(b)[i]);
    }
    return Median(ratios);
  }

  std::vector<std::string> names_;
  std::map<std::string, std::vector<double>> values_;
  std::map<std::string, std::vector<double>> p99_us_;
};

std::vector<std::string> FillFresh(const Options& options,
                                   const std::string& directory, int count) {
  std::filesystem::remove_all(directory);
  StartSignetd(options, directory, {});  // Makes the keys and the account.
  return FillData(directory + "/data", Owner(directory).account_id, count)
      .tokens;
}

void RunRound(const Options& options, const std::vector<std::string>& tokens,
              Table& table) {
  const absl::Duration duration = absl::Seconds(options.seconds);
  const std::string few = options.directory + "/few";
  const std::string empty_port = options.directory + "/empty_port";
  std::filesystem::remove(empty_port);
  const auto empty = OrDie(ServerProcess::Start(
      {"/proc/self/exe", "--empty_server", empty_port}, empty_port));
  const std::string empty_address =
      absl::StrCat("127.0.0.1:", ReadWhole(empty_port));
  const std::string owner = Owner(few).token;
  const Pick first = [](uint64_t) { return size_t{0}; };
  {
    const Signetd server = StartSignetd(options, few, {});
    WarmUp(server, tokens, duration);
    for (const int in_flight : {1, 256}) {
      const std::string at = absl::StrCat(", ", in_flight, " in flight");
      table.Add("empty handler" + at,
                GrpcLoad(empty_address, in_flight, duration,
                         Verifies(tokens, first, owner)));
      table.Add("VerifyToken, hit" + at,
                GrpcLoad(server.grpc, in_flight, duration,
                         Verifies(tokens, Evenly(tokens.size()), owner)));
    }
    const GrpcCall batch = Batch(tokens, 0, owner);
    DieOnFailures("BatchVerifyTokens",
                  GrpcLoad(server.grpc, 8, absl::Milliseconds(100),
                           [&batch](uint64_t) { return batch; }));
    table.Add("empty handler, batches of 100, tokens",
              kBatch * OrDie(H2loadGrpc(empty_address, batch, 4, 32,
                                        options.directory, duration)));
    table.Add("batches of 100, tokens",
              kBatch * OrDie(H2loadGrpc(server.grpc, batch, 4, 32,
                                        options.directory, duration)));
    const GrpcCall one = Verifies(tokens, first, owner)(0);
    const GrpcCall stream = {"/signet.v1.Tokens/VerifyTokens", one.message,
                             owner};
    table.Add("empty stream, messages",
              StreamLoad(empty_address, stream, 2, 128, duration));
    table.Add("VerifyTokens stream, tokens",
              StreamLoad(server.grpc, stream, 2, 128, duration));
    table.Add("empty handler, 2560 in flight",
              GrpcLoad(empty_address, 2560, duration,
                       Verifies(tokens, first, owner)));
    table.Add("VerifyToken, hit, 2560 in flight",
              GrpcLoad(server.grpc, 2560, duration,
                       Verifies(tokens, Evenly(tokens.size()), owner)));
    // gRPC's client is slower itself the more calls it has; h2load is not.
    for (const int in_flight : {256, 2560}) {
      table.Add(absl::StrCat("VerifyToken, hit, h2load, ", in_flight),
                OrDie(H2loadGrpc(server.grpc, one, in_flight / 64, in_flight,
                                 options.directory, duration)));
    }

    const std::string check =
        absl::StrCat("http://", server.rest, "/v1/public/auth/check");
    const std::string bearer = absl::StrCat("Bearer ", tokens[0]);
    const HttpServerUnderLoad nghttpd = OrDie(StartNghttpd(options.directory));
    const HttpServerUnderLoad nginx = OrDie(StartNginx(options.directory));
    table.Add("nghttpd, HTTP/2",
              OrDie(H2load(nghttpd.url, bearer, false, duration)));
    table.Add("REST check, HTTP/2",
              OrDie(H2load(check, bearer, false, duration)));
    table.Add("nginx return 204, HTTP/1.1",
              OrDie(H2load(nginx.url, bearer, true, duration)));
    table.Add("REST check, HTTP/1.1",
              OrDie(H2load(check, bearer, true, duration)));
    for (const bool http1 : {false, true}) {
      table.Add(
          absl::StrCat("REST check, ", HttpName(http1), ", 10 times the load"),
          OrDie(H2load(check, bearer, http1, duration, 10)));
    }
  }
  const Signetd uncached =
      StartSignetd(options, few, {"--token_cache_entries=0"});
  for (const int in_flight : {1, 256}) {
    table.Add(absl::StrCat("VerifyToken, miss, ", in_flight, " in flight"),
              GrpcLoad(uncached.trusted, in_flight, duration,
                       Verifies(tokens, Evenly(tokens.size()), "")));
  }
}

// The same questions of a small and of a large store, in turns.
void RunScale(const Options& options, const std::vector<std::string>& few,
              const std::vector<std::string>& many, Table& table,
              double& memory_mib, absl::Duration& start) {
  const absl::Duration duration = absl::Seconds(options.seconds);
  const Signetd small = StartSignetd(options, options.directory + "/few", {});
  const Signetd large = StartSignetd(options, options.directory + "/many", {});
  start = std::max(start, large.start);
  WarmUp(small, few, duration);
  WarmUp(large, many, duration);
  // Longer than last uses wait to be written, or some runs would see none.
  const absl::Duration longer = 5 * duration;
  // The popular ones are in memory now: first those after Zipf.
  for (const bool even : {false, true}) {
    const char* name = even ? "evenly" : "Zipf";
    const auto picks = [even](size_t size) {
      return even ? Evenly(size) : Zipf(size);
    };
    table.Add(absl::StrCat(kFewTokens, " tokens, ", name),
              GrpcLoad(small.trusted, 64, longer,
                       Verifies(few, picks(few.size()), "")));
    table.Add(absl::StrCat(options.tokens, " tokens, ", name),
              GrpcLoad(large.trusted, 64, longer,
                       Verifies(many, picks(many.size()), "")));
  }
  memory_mib = std::max(memory_mib, large.process->PeakMemoryMib());
}

bool Report(const Options& options, const Table& table, double memory_mib,
            absl::Duration start) {
  table.Print();
  bool all = true;
  for (const char* at : {", 1 in flight", ", 256 in flight"}) {
    const std::string empty = absl::StrCat("empty handler", at);
    all &= table.Aim(absl::StrCat("VerifyToken, hit", at), empty, 0.90);
    all &= table.Aim(absl::StrCat("VerifyToken, miss", at), empty, 0.50);
  }
  all &= table.AimRate("batches of 100, tokens", 1e6);
  table.Ratio("batches of 100, tokens",
              "empty handler, batches of 100, tokens");
  all &= table.Aim("VerifyTokens stream, tokens",
                   "VerifyToken, hit, 256 in flight", 4);
  table.Ratio("VerifyTokens stream, tokens", "empty stream, messages");
  all &= table.Aim("VerifyToken, hit, h2load, 2560",
                   "VerifyToken, hit, h2load, 256", 0.8);
  table.Ratio("VerifyToken, hit, 2560 in flight",
              "empty handler, 2560 in flight");
  all &= table.Aim("REST check, HTTP/2", "nghttpd, HTTP/2", 0.5);
  all &= table.Aim("REST check, HTTP/1.1", "nginx return 204, HTTP/1.1", 0.6);
  for (const bool http1 : {false, true}) {
    const std::string check = absl::StrCat("REST check, ", HttpName(http1));
    all &= table.Aim(check + ", 10 times the load", check, 0.8);
  }
  for (const char* name : {"evenly", "Zipf"}) {
    all &= table.Aim(absl::StrCat(options.tokens, " tokens, ", name),
                     absl::StrCat(kFewTokens, " tokens, ", name), 0.85);
  }
  all &= Table::Print("peak memory beyond the cache's limit, MiB",
                      memory_mib - config::ServerConfig().token_cache_mib, 128,
                      false);
  all &=
      Table::Print("start to ready, s", absl::ToDoubleSeconds(start), 1, false);
  return all;
}

int Main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--empty_server") {
    return RunEmptyServer(argv[2]);
  }
  Options options;
  static_cast<BenchOptions&>(options) =
      ReadBenchOptions(argc, argv, {}, "tokens", &options.tokens);
  const std::vector<std::string> few =
      FillFresh(options, options.directory + "/few", kFewTokens);
  std::fprintf(stderr, "filling in %d tokens\n", options.tokens);
  const std::vector<std::string> many =
      FillFresh(options, options.directory + "/many", options.tokens);
  Table table;
  double memory_mib = 0;
  absl::Duration start;
  for (int round = 1; round <= options.rounds; ++round) {
    std::fprintf(stderr, "round %d of %d\n", round, options.rounds);
    RunRound(options, few, table);
    RunScale(options, few, many, table, memory_mib, start);
  }
  const bool all_met = Report(options, table, memory_mib, start);
  return options.enforce && !all_met ? 1 : 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
