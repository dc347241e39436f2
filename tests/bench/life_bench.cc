// SPDX-License-Identifier: Apache-2.0
//
// What else there is in a token's life, per second through gRPC and REST at 16
// in flight, beside creates in the same run: a list page of 100, a rotation, a
// grant, and an authenticated `self`. Once with a thousand service accounts in
// the store and once with N, at random places; and how much slower each is with
// more (the growth).
//
//   life_bench [SIGNETD] [--accounts=N] [--rounds=N] [--seconds=S] [--dir=DIR]
//              [--enforce]
//
// N is 10000 unless given: to fill in a million takes minutes. With --enforce
// the exit status is 1 where an aim is missed.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "signet/v1/authorizations.pb.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_accounts.grpc.pb.h"
#include "tests/bench/filled_data.h"
#include "tests/bench/load.h"
#include "tests/bench/options.h"
#include "tests/bench/process.h"

namespace signet {
namespace {

constexpr int kInFlight = 16;
constexpr int kFewAccounts = 1000;
constexpr double kGrowthAim = 1.3;
constexpr int kPage = 100;

struct Options : BenchOptions {
  int accounts = 10000;
};

// One kind of call.
struct Kind {
  const char* name;
  MakeCall<GrpcCall> grpc;
  MakeCall<RestCall> rest;
};

// A number that jumps over all places of a vector.
size_t Jump(uint64_t number, size_t size) {
  return static_cast<size_t>(number * 7919 % size);
}

std::vector<Kind> Kinds(const LoadCaller& owner, const FilledData& filled,
                        const std::vector<std::string>& page_tokens) {
  const std::string accounts = absl::StrCat(
      "/v1/public/accounts/", owner.account_id, "/auth/service-accounts");
  const std::string grants = absl::StrCat(
      "/v1/public/accounts/", owner.account_id, "/auth/authorizations");
  return {
      {"create", GrpcCreates(owner), RestCreates(owner)},
      {"list page of 100",
       [=](uint64_t number) {
         v1::ListServiceAccountsRequest request;
         request.set_account_id(owner.account_id);
         request.set_page_size(kPage);
         request.set_page_token(page_tokens[Jump(number, page_tokens.size())]);
         return GrpcCall{"/signet.v1.ServiceAccounts/ListServiceAccounts",
                         request.SerializeAsString(), owner.token};
       },
       [=](uint64_t number) {
         return RestCall{
             "GET",
             absl::StrCat(accounts, "?page_size=", kPage, "&page_token=",
                          page_tokens[Jump(number, page_tokens.size())]),
             "", owner.token};
       }},
      {"rotate",
       [=, &filled](uint64_t number) {
         v1::RotateServiceAccountRequest request;
         request.set_account_id(owner.account_id);
         request.set_service_account_id(
             filled.ids[Jump(number, filled.ids.size())]);
         return GrpcCall{"/signet.v1.ServiceAccounts/RotateServiceAccount",
                         request.SerializeAsString(), owner.token};
       },
       [=, &filled](uint64_t number) {
         return RestCall{
             "POST",
             absl::StrCat(accounts, "/",
                          filled.ids[Jump(number, filled.ids.size())],
                          "/rotate"),
             "", owner.token};
       }},
      {"grant",
       [=](uint64_t number) {
         v1::CreateAuthorizationRequest request;
         request.set_account_id(owner.account_id);
         request.set_grant_kind("capability");
         request.set_subject_type("user");
         request.set_subject_id(absl::StrCat(
             "grpc-", absl::ToUnixMicros(absl::Now()), "-", number));
         request.set_capability_key("mailbox.create");
         return GrpcCall{"/signet.v1.Authorizations/CreateAuthorization",
                         request.SerializeAsString(), owner.token};
       },
       [=](uint64_t number) {
         return RestCall{
             "POST", grants,
             absl::StrCat("{\"grant_kind\":\"capability\",\"subject_type\":"
                          "\"user\",\"capability_key\":\"mailbox.create\","
                          "\"subject_id\":\"rest-",
                          absl::ToUnixMicros(absl::Now()), "-", number, "\"}"),
             owner.token};
       }},
  };
}

// Of tokens that no rotation has replaced: it comes first.
Kind Self(const FilledData& filled) {
  return {"self",
          [&filled](uint64_t number) {
            return GrpcCall{"/signet.v1.Identity/GetSelf",
                            v1::GetSelfRequest().SerializeAsString(),
                            filled.tokens[Jump(number, filled.tokens.size())]};
          },
          [&filled](uint64_t number) {
            return RestCall{"GET", "/v1/public/auth/self", "",
                            filled.tokens[Jump(number, filled.tokens.size())]};
          }};
}

// Per second, by kind, with one number of service accounts.
struct Figure {
  std::string name;
  std::vector<double> grpc;
  std::vector<double> rest;
  int64_t failures = 0;
};

class Bench {
 public:
  Bench(const Options& options, int accounts)
      : options_(options),
        directory_(std::filesystem::path(options.directory) /
                   absl::StrCat("life-", accounts)) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    Start();
    const auto first =
        nlohmann::json::parse(ReadWhole(directory_ / "bootstrap"));
    owner_ = {.account_id = first["account_id"], .token = first["token"]};
    server_.reset();
    const absl::Time start = absl::Now();
    filled_ = FillData(directory_ / "data", owner_.account_id, accounts);
    std::fprintf(stderr, "%d service accounts filled in in %.1f s\n", accounts,
                 absl::ToDoubleSeconds(absl::Now() - start));
    Start();
  }
  ~Bench() {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  // Self comes before rotations, behind which the tokens at hand are dead.
  std::vector<Kind> AllKinds() {
    std::vector<Kind> kinds = Kinds(owner_, filled_, PageTokens());
    kinds.insert(kinds.begin() + 1, Self(filled_));
    return kinds;
  }

  void Measure(const Kind& kind, Figure& figure) const {
    const absl::Duration duration = absl::Seconds(options_.seconds);
    const LoadResult grpc = GrpcLoad(grpc_, kInFlight, duration, kind.grpc);
    const LoadResult rest = RestLoad(rest_, kInFlight, duration, kind.rest);
    figure.name = kind.name;
    figure.grpc.push_back(grpc.per_second);
    figure.rest.push_back(rest.per_second);
    figure.failures += grpc.failures + rest.failures;
  }

  double PeakMemoryMib() const { return server_->PeakMemoryMib(); }

 private:
  void Start() {
    const std::string ports = directory_ / "ports";
    std::filesystem::remove(ports);
    auto server = ServerProcess::Start(
        {options_.signetd,
         absl::StrCat("--data_dir=", (directory_ / "data").string()),
         "--rest_address=127.0.0.1:0", "--grpc_address=127.0.0.1:0",
         absl::StrCat("--port_file=", ports),
         absl::StrCat("--bootstrap_file=",
                      (directory_ / "bootstrap").string())},
        ports);
    if (!server.ok()) Die(server.status());
    server_ = *std::move(server);
    const auto port = nlohmann::json::parse(ReadWhole(ports));
    grpc_ = absl::StrCat("127.0.0.1:", port["grpc"].get<int>());
    rest_ = absl::StrCat("127.0.0.1:", port["rest"].get<int>());
  }

  // To pages spread over all service accounts.
  std::vector<std::string> PageTokens() {
    const auto stub = v1::ServiceAccounts::NewStub(
        grpc::CreateChannel(grpc_, grpc::InsecureChannelCredentials()));
    v1::ListServiceAccountsRequest request;
    request.set_account_id(owner_.account_id);
    request.set_page_size(std::clamp<int>(
        static_cast<int>(filled_.ids.size()) / 10, kPage, 1000));
    std::vector<std::string> tokens;
    do {
      tokens.push_back(request.page_token());
      grpc::ClientContext context;
      context.AddMetadata("authorization", "Bearer " + owner_.token);
      v1::ListServiceAccountsResponse response;
      const grpc::Status status =
          stub->ListServiceAccounts(&context, request, &response);
      if (!status.ok()) Die(absl::InternalError(status.error_message()));
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    if (tokens.size() > 1) tokens.pop_back();  // It may be a short one.
    return tokens;
  }

  const Options options_;
  const std::filesystem::path directory_;
  std::unique_ptr<ServerProcess> server_;
  std::string grpc_, rest_;
  LoadCaller owner_;
  FilledData filled_;
};

void PrintTable(int accounts, const std::vector<Figure>& figures) {
  std::printf("\n%-24s %10s %9s %10s %9s %8s\n",
              absl::StrCat(accounts, " accounts").c_str(), "gRPC/s",
              "of create", "REST/s", "of create", "failures");
  for (const Figure& figure : figures) {
    std::printf(
        "%-24s %10.0f %9.2f %10.0f %9.2f %8lld\n", figure.name.c_str(),
        Median(figure.grpc), Median(figure.grpc) / Median(figures[0].grpc),
        Median(figure.rest), Median(figure.rest) / Median(figures[0].rest),
        static_cast<long long>(figure.failures));
  }
}

// The median over the rounds of few[i] / many[i].
double Growth(const std::vector<double>& few, const std::vector<double>& many) {
  std::vector<double> ratios;
  for (size_t i = 0; i < few.size(); ++i) ratios.push_back(few[i] / many[i]);
  return Median(ratios);
}

// Whether nothing failed and every aim is met.
bool Report(const Options& options, const std::vector<Figure>& few,
            const std::vector<Figure>& many) {
  PrintTable(kFewAccounts, few);
  PrintTable(options.accounts, many);
  std::printf("\n%-24s %10s %10s   aim <= %.1f\n", "growth in cost", "gRPC",
              "REST", kGrowthAim);
  bool all_met = true;
  for (size_t i = 0; i < few.size(); ++i) {
    const double grpc = Growth(few[i].grpc, many[i].grpc);
    const double rest = Growth(few[i].rest, many[i].rest);
    const bool met = grpc <= kGrowthAim && rest <= kGrowthAim;
    std::printf("%-24s %10.2f %10.2f   %s\n", few[i].name.c_str(), grpc, rest,
                met ? "met" : "MISSED");
    all_met &= met && few[i].failures == 0 && many[i].failures == 0;
  }
  return all_met;
}

int Main(int argc, char** argv) {
  Options options;
  static_cast<BenchOptions&>(options) =
      ReadBenchOptions(argc, argv, {}, "accounts", &options.accounts);
  if (options.accounts == kFewAccounts) {
    Die(absl::InvalidArgumentError(
        absl::StrCat("--accounts: want another number than ", kFewAccounts)));
  }
  Bench few(options, kFewAccounts);
  Bench many(options, options.accounts);
  const std::vector<Kind> few_kinds = few.AllKinds();
  const std::vector<Kind> many_kinds = many.AllKinds();
  std::vector<Figure> few_figures(few_kinds.size());
  std::vector<Figure> many_figures(many_kinds.size());
  for (size_t i = 0; i < few_kinds.size(); ++i) {
    // In turns, so that a ratio compares neighbours in time.
    for (int round = 0; round < options.rounds; ++round) {
      few.Measure(few_kinds[i], few_figures[i]);
      many.Measure(many_kinds[i], many_figures[i]);
    }
  }
  std::fprintf(stderr, "peak memory of signetd: %.0f and %.0f MiB\n",
               few.PeakMemoryMib(), many.PeakMemoryMib());
  return !Report(options, few_figures, many_figures) && options.enforce ? 1 : 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) { return signet::Main(argc, argv); }
