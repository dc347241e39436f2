// SPDX-License-Identifier: Apache-2.0
//
// What an innocent tenant feels of another that does its worst: the 99th
// percentile of its calls, one at a time, alone and beside each of the other's
// loads, in turns. The load and the server share the processors, so a part of
// what is shown is the load's own.
//
//   fairness_bench [SIGNETD] [--accounts=N] [--rounds=N] [--seconds=S]
//                  [--dir=DIR] [--enforce]
//
// N service accounts of 8 KiB of labels each, 10000 unless given, are in the
// other's account. With --enforce the exit status is 1 where the aim is missed.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tests/bench/filled_data.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/process.h"

namespace signet {
namespace {

constexpr double kAim = 3;
constexpr char kOtherAccount[] = "0e000000-0000-4000-8000-00000000000f";
// Tokens of the innocent's that nobody has asked about before.
constexpr int kColdTokens = 40000;

struct Options : BenchOptions {
  int accounts = 10000;
};

// One kind of call.
struct Kind {
  const char* name;
  MakeCall<RestCall> make;
};

struct Attack {
  const char* name;
  int in_flight;
  std::vector<MakeCall<RestCall>> makes;
};

std::vector<Kind> Innocent(const LoadCaller& owner, const FilledData& filled,
                           std::atomic<size_t>& next_cold) {
  const auto verify = [owner](const std::string& token) {
    return RestCall{"POST", "/v1/public/auth/tokens/verify",
                    absl::StrCat("{\"token\":\"", token, "\"}"), owner.token};
  };
  return {
      {"self",
       [owner](uint64_t) {
         return RestCall{"GET", "/v1/public/auth/self", "", owner.token};
       }},
      {"verify, in memory",
       [verify, owner](uint64_t) { return verify(owner.token); }},
      {"verify, read",
       [verify, &filled, &next_cold](uint64_t) {
         return verify(filled.tokens[next_cold++ % filled.tokens.size()]);
       }},
      {"create", RestCreates(owner)},
  };
}

std::vector<Attack> Attacks(const LoadCaller& other, const FilledData& filled) {
  const std::string auth =
      absl::StrCat("/v1/public/accounts/", other.account_id, "/auth/");
  const auto get = [other](const std::string& path) -> MakeCall<RestCall> {
    return [call = RestCall{"GET", path, "", other.token}](uint64_t) {
      return call;
    };
  };
  const MakeCall<RestCall> filtered =
      get(absl::StrCat(auth, "service-accounts?state=disabled"));
  const MakeCall<RestCall> large = get(absl::StrCat(auth, "service-accounts"));
  const MakeCall<RestCall> audit =
      get(absl::StrCat(auth, "audit-events?action=none"));
  const MakeCall<RestCall> creates = RestCreates(other);
  std::string tokens;
  for (size_t i = 0; i < std::min<size_t>(500, filled.tokens.size()); ++i) {
    absl::StrAppend(&tokens, i == 0 ? "" : ",", "\"", filled.tokens[i], "\"");
  }
  const MakeCall<RestCall> rotations = [other, filled, auth](uint64_t number) {
    const std::string& id = filled.ids[number * 7919 % filled.ids.size()];
    return RestCall{"POST",
                    absl::StrCat(auth, "service-accounts/", id, "/rotate"), "",
                    other.token};
  };
  return {
      {"200 filtered listings", 200, {filtered}},
      {"40 listings of large labels", 40, {large}},
      {"100 searches of the audit log", 100, {audit}},
      {"300 creates and rotations", 300, {creates, rotations}},
      {"all of it", 300, {filtered, large, audit, creates, rotations}},
  };
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        directory_(std::filesystem::path(options.directory) / "fairness") {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    Start();
    const auto first =
        nlohmann::json::parse(ReadWhole(directory_ / "bootstrap"));
    innocent_ = {.account_id = first["account_id"], .token = first["token"]};
    server_.reset();
    cold_ = FillData(directory_ / "data", innocent_.account_id,
                     std::min(kColdTokens, 4 * options.accounts));
    filled_ = FillData(directory_ / "data", kOtherAccount, options.accounts,
                       {.label_bytes = 8000, .first_owns = true});
    other_ = {.account_id = kOtherAccount, .token = filled_.tokens[0]};
    Start();
  }
  ~Bench() {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Whether every aim is met and no call of the innocent's failed.
  bool Run() {
    const std::vector<Kind> kinds = Innocent(innocent_, cold_, next_cold_);
    bool good = true;
    for (const Attack& attack : Attacks(other_, filled_)) {
      std::printf("\n%-32s %10s %10s %7s %9s\n", attack.name, "p99 alone",
                  "p99 beside", "ratio", "failures");
      for (const Kind& kind : kinds) good &= Compare(attack, kind);
    }
    std::fprintf(stderr, "peak memory of signetd: %.0f MiB\n",
                 server_->PeakMemoryMib());
    return good;
  }

 private:
  bool Compare(const Attack& attack, const Kind& kind) {
    std::vector<double> ratios;
    std::vector<double> alone;
    std::vector<double> beside;
    int64_t failures = 0;
    for (int round = 0; round < options_.rounds; ++round) {
      const LoadResult quiet = Measure(kind);
      LoadResult loud;
      {
        const std::unique_ptr<Pressure> pressure = Press(attack);
        loud = Measure(kind);
      }
      failures += quiet.failures + loud.failures;
      alone.push_back(absl::ToDoubleMicroseconds(quiet.p99));
      beside.push_back(absl::ToDoubleMicroseconds(loud.p99));
      ratios.push_back(beside.back() / alone.back());
    }
    const double ratio = Median(ratios);
    const bool met = ratio <= kAim && failures == 0;
    std::printf("  %-30s %10.0f %10.0f %7.2f %9lld   aim <= %.0f: %s\n",
                kind.name, Median(alone), Median(beside), ratio,
                static_cast<long long>(failures), kAim, met ? "met" : "MISSED");
    std::fflush(stdout);
    return met;
  }

  LoadResult Measure(const Kind& kind) const {
    return RestLoad(rest_, /*in_flight=*/1, absl::Seconds(options_.seconds),
                    kind.make);
  }

  // The other tenant at work, until it is destroyed.
  class Pressure {
   public:
    Pressure(const std::string& address, const Attack& attack,
             absl::Duration duration) {
      const int share =
          attack.in_flight / static_cast<int>(attack.makes.size());
      for (const MakeCall<RestCall>& make : attack.makes) {
        threads_.emplace_back([address, share, duration, make] {
          RestLoad(address, share, duration, make);
        });
      }
    }
    ~Pressure() {
      for (std::thread& thread : threads_) thread.join();
    }

   private:
    std::vector<std::thread> threads_;
  };

  std::unique_ptr<Pressure> Press(const Attack& attack) const {
    const absl::Duration whole = absl::Seconds(options_.seconds);
    const absl::Duration settling =
        std::min(whole / 5, absl::Milliseconds(200));
    auto pressure =
        std::make_unique<Pressure>(rest_, attack, whole + 2 * settling);
    absl::SleepFor(settling);
    return pressure;
  }

  void Start() {
    const std::string ports = directory_ / "ports";
    std::filesystem::remove(ports);
    server_ = OrDie(ServerProcess::Start(
        {options_.signetd,
         absl::StrCat("--data_dir=", (directory_ / "data").string()),
         "--rest_address=127.0.0.1:0", "--grpc_address=127.0.0.1:0",
         absl::StrCat("--port_file=", ports),
         absl::StrCat("--bootstrap_file=",
                      (directory_ / "bootstrap").string())},
        ports));
    const auto port = nlohmann::json::parse(ReadWhole(ports));
    rest_ = absl::StrCat("127.0.0.1:", port["rest"].get<int>());
  }

  const Options options_;
  const std::filesystem::path directory_;
  std::unique_ptr<ServerProcess> server_;
  std::string rest_;
  LoadCaller innocent_;
  LoadCaller other_;
  FilledData cold_;
  FilledData filled_;
  std::atomic<size_t> next_cold_ = 0;
};

int Main(int argc, char** argv) {
  Options options;
  static_cast<BenchOptions&>(options) =
      ReadBenchOptions(argc, argv, {}, "accounts", &options.accounts);
  Bench bench(options);
  return !bench.Run() && options.enforce ? 1 : 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
