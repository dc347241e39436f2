// SPDX-License-Identifier: Apache-2.0
//
// Durable creates per second through gRPC and REST at 1, 8, 64 and 256 in
// flight, beside their ceilings measured in the same run: raw SQLite inserting
// the same rows at one and at 64 a commit, and an empty gRPC handler.
//
//   create_bench [SIGNETD] [--rounds=N] [--seconds=S] [--dir=DIR] [--enforce]
//
// Every round measures everything once, so that a ratio compares neighbours in
// time; the medians over the rounds are printed. With --enforce the exit status
// is 1 where an aim is missed.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tests/bench/empty_server.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/process.h"
#include "tests/bench/raw_sqlite.h"

namespace signet {
namespace {

constexpr int kInFlight[] = {1, 8, 64, 256};

// Every round's figure of one row.
struct Row {
  std::vector<double> per_second;
  std::vector<double> p50_us;
  std::vector<double> p99_us;
  int64_t failures = 0;

  void Add(const LoadResult& result) {
    per_second.push_back(result.per_second);
    p50_us.push_back(absl::ToDoubleMicroseconds(result.p50));
    p99_us.push_back(absl::ToDoubleMicroseconds(result.p99));
    failures += result.failures;
  }
};

struct Figures {
  std::vector<double> raw_1;
  std::vector<double> raw_64;
  std::map<int, Row> empty;
  std::map<int, Row> grpc;
  std::map<int, Row> rest;
  double peak_memory_mib = 0;
};

// One round on a store that starts empty.
void RunRound(const BenchOptions& options, const std::string& self,
              Figures& figures) {
  const std::filesystem::path directory = options.directory;
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const std::string ports = directory / "ports.json";
  const std::string bootstrap = directory / "bootstrap.json";
  const std::string empty_port = directory / "empty_port";
  auto server = ServerProcess::Start(
      {options.signetd,
       absl::StrCat("--data_dir=", (directory / "data").string()),
       "--rest_address=127.0.0.1:0", "--grpc_address=127.0.0.1:0",
       absl::StrCat("--port_file=", ports),
       absl::StrCat("--bootstrap_file=", bootstrap)},
      ports);
  if (!server.ok()) Die(server.status());
  auto empty =
      ServerProcess::Start({self, "--empty_server", empty_port}, empty_port);
  if (!empty.ok()) Die(empty.status());

  const auto port = nlohmann::json::parse(ReadWhole(ports));
  const auto first = nlohmann::json::parse(ReadWhole(bootstrap));
  const LoadCaller owner{.account_id = first["account_id"],
                         .token = first["token"]};
  const auto at = [](const std::string& where) {
    return absl::StrCat("127.0.0.1:", where);
  };
  const absl::Duration duration = absl::Seconds(options.seconds);
  figures.raw_1.push_back(
      RawInsertsPerSecond(options.directory, 1, options.seconds));
  figures.raw_64.push_back(
      RawInsertsPerSecond(options.directory, 64, options.seconds));
  for (const int in_flight : kInFlight) {
    figures.empty[in_flight].Add(GrpcLoad(at(ReadWhole(empty_port)), in_flight,
                                          duration, GrpcCreates(owner)));
    figures.grpc[in_flight].Add(
        GrpcLoad(at(std::to_string(port["grpc"].get<int>())), in_flight,
                 duration, GrpcCreates(owner)));
    figures.rest[in_flight].Add(
        RestLoad(at(std::to_string(port["rest"].get<int>())), in_flight,
                 duration, RestCreates(owner)));
  }
  figures.peak_memory_mib =
      std::max(figures.peak_memory_mib, (*server)->PeakMemoryMib());
}

void PrintRows(const char* name, const std::map<int, Row>& rows) {
  for (const auto& [in_flight, row] : rows) {
    std::printf("%-22s %9d %10.0f %10.0f %10.0f %8lld\n", name, in_flight,
                Median(row.per_second), Median(row.p50_us), Median(row.p99_us),
                static_cast<long long>(row.failures));
  }
}

// The median over the rounds of a[i] / b[i].
double Ratio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return Median(ratios);
}

// Prints one aim; whether it is met.
bool Aim(const std::string& what, double got, double want, bool at_least) {
  const bool met = at_least ? got >= want : got <= want;
  std::printf("%-62s %6.2f  aim %s %.2f  %s\n", what.c_str(), got,
              at_least ? ">=" : "<=", want, met ? "met" : "MISSED");
  return met;
}

bool Report(const Figures& figures) {
  std::printf("\n%-22s %9s %10s %10s %10s %8s\n", "", "in flight", "per sec",
              "p50 us", "p99 us", "failures");
  std::printf("%-22s %9s %10.0f\n", "raw SQLite, 1/commit", "-",
              Median(figures.raw_1));
  std::printf("%-22s %9s %10.0f\n", "raw SQLite, 64/commit", "-",
              Median(figures.raw_64));
  PrintRows("empty gRPC handler", figures.empty);
  PrintRows("create, gRPC", figures.grpc);
  PrintRows("create, REST", figures.rest);
  std::printf("peak memory of signetd: %.0f MiB\n\n", figures.peak_memory_mib);

  bool all_met = true;
  for (const auto& [surface, rows] :
       {std::pair{"gRPC", &figures.grpc}, std::pair{"REST", &figures.rest}}) {
    for (const int in_flight : {64, 256}) {
      const std::vector<double>& rate = rows->at(in_flight).per_second;
      const std::string what =
          absl::StrCat(surface, " at ", in_flight, " in flight / raw SQLite, ");
      all_met &=
          Aim(what + "64 a commit", Ratio(rate, figures.raw_64), 0.6, true);
      all_met &= Aim(what + "1 a commit", Ratio(rate, figures.raw_1), 4, true);
      // What the same CPUs reach that answer an empty call and then insert a
      // row at 64 a commit: the ceiling where CPUs, not the disk, are short.
      std::vector<double> both;
      for (size_t i = 0; i < figures.raw_64.size(); ++i) {
        both.push_back(1 / (1 / figures.raw_64[i] +
                            1 / figures.empty.at(in_flight).per_second[i]));
      }
      std::printf("%-62s %6.2f\n",
                  absl::StrCat(surface, " at ", in_flight,
                               " in flight / an empty call and a raw insert")
                      .c_str(),
                  Ratio(rate, both));
    }
    // One durable insert alone takes the inverse of raw SQLite's rate.
    std::vector<double> floor_us;
    for (size_t i = 0; i < figures.raw_1.size(); ++i) {
      floor_us.push_back(1e6 / figures.raw_1[i] +
                         figures.empty.at(1).p50_us[i]);
    }
    all_met &=
        Aim(absl::StrCat(surface,
                         " p50 at 1 in flight / (one commit + one empty call)"),
            Ratio(rows->at(1).p50_us, floor_us), 1.3, false);
    for (const auto& [in_flight, row] : *rows) {
      if (row.failures > 0) {
        std::printf("%s at %d in flight: %lld calls failed\n", surface,
                    in_flight, static_cast<long long>(row.failures));
        all_met = false;
      }
    }
  }
  return all_met;
}

int Main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--empty_server") {
    return RunEmptyServer(argv[2]);
  }
  const BenchOptions options = ReadBenchOptions(argc, argv, {.seconds = 3});
  Figures figures;
  for (int round = 1; round <= options.rounds; ++round) {
    std::fprintf(stderr, "round %d of %d\n", round, options.rounds);
    RunRound(options, "/proc/self/exe", figures);
  }
  const bool all_met = Report(figures);
  return options.enforce && !all_met ? 1 : 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
