// SPDX-License-Identifier: Apache-2.0
//
// Durable creates per second of the SQLite engine alone, at 1, 8, 64 and 256 in
// flight, beside raw SQLite inserting the same rows at one and at 64 a commit.
// A create is what the service does: look up what the caller holds, ensure the
// account, insert a service account with its token.
//
// Then what else the engine does per second with a thousand service accounts
// and with N, and how much slower it is with more (the growth).
//
//   storage_bench [--rounds=N] [--seconds=S] [--dir=DIR] [--rows=N]
//
// N is 100000 unless given: to fill in a million takes minutes on a slow disk.
// DIR lies on the disk to be measured. Every round measures everything once;
// the medians over the rounds are printed.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/latency.h"
#include "tests/bench/raw_sqlite.h"
#include "tests/bench/storage_scale.h"
#include "tests/support/seeded_random.h"

namespace signet {
namespace {

constexpr int kInFlight[] = {1, 8, 64, 256};
constexpr int kFewRows = 1000;
constexpr int kManyRows = 100000;

struct Options {
  std::string directory = "build/bench-data";
  int rounds = 3;
  double seconds = 2;
  int rows = kManyRows;  // 0: leaves the second part out.
};

[[noreturn]] void Die(const absl::Status& status) {
  std::fprintf(stderr, "storage_bench: %s\n", status.ToString().c_str());
  std::exit(1);
}

// Answers on their way from the store's thread to the client's.
class Answers {
 public:
  struct Answer {
    absl::Time started;
    absl::Status status;
  };

  void Put(Answer answer) {
    absl::MutexLock lock(&mutex_);
    answers_.push_back(std::move(answer));
  }
  Answer Take() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Answers::Any));
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

 private:
  bool Any() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return !answers_.empty();
  }

  absl::Mutex mutex_;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
};

// One thread that keeps a number of creates under way in a store.
class Client {
 public:
  explicit Client(storage::Store* store) : store_(store) {
    absl::Status status =
        storage::WriteAndWait(*store_, [this](storage::WriteTxn& txn) {
          if (absl::Status s = txn.EnsureAccount(account_id_, start_);
              !s.ok()) {
            return s;
          }
          storage::AuthorizationRecord ownership;
          ownership.id = Uuid::V7(start_, random_);
          ownership.account_id = account_id_;
          ownership.grant_kind = storage::GrantKind::kAccountOwner;
          ownership.subject = caller_;
          ownership.created_at = start_;
          return txn.InsertAuthorization(ownership);
        });
    if (!status.ok()) Die(status);
  }

  LoadResult Run(int in_flight, absl::Duration duration) {
    LatencyRecorder latencies;
    const absl::Time start = absl::Now();
    for (int i = 0; i < in_flight; ++i) Create();
    for (int under_way = in_flight; under_way > 0; --under_way) {
      const Answers::Answer answer = answers_.Take();
      const absl::Time now = absl::Now();
      if (!answer.status.ok()) Die(answer.status);
      latencies.Success(now - answer.started);
      if (now - start < duration) {
        Create();
        ++under_way;
      }
    }
    return latencies.Summarize(absl::Now() - start);
  }

 private:
  void Create() {
    const absl::Time now = absl::Now();
    auto record = std::make_unique<storage::ServiceAccountRecord>();
    record->account_id = account_id_;
    record->id = Uuid::V7(now, random_);
    record->name = "deploy pipeline, production";
    record->created_at = now;
    record->updated_at = now;
    record->created_by_user_id = record->id;
    record->token.public_id = absl::StrFormat("%010d%06d", ++count_, 123456);
    record->token.prefix = "hbx_sa";
    record->token.last4 = "a1B2";
    record->token.key_version = 1;
    random_.Fill(record->token.mac);
    record->token.created_at = now;
    record->token.expires_at = now + absl::Hours(24);
    store_->Write(
        [this,
         record = std::move(record)](storage::WriteTxn& txn) -> absl::Status {
          const auto held =
              txn.ListHeldAuthorizations({&caller_, 1}, record->account_id);
          if (!held.ok()) return held.status();
          if (held->empty()) return absl::PermissionDeniedError("no grant");
          if (absl::Status s =
                  txn.EnsureAccount(record->account_id, record->created_at);
              !s.ok()) {
            return s;
          }
          return txn.InsertServiceAccount(*record);
        },
        [this, now](absl::Status status) {
          answers_.Put({now, std::move(status)});
        });
  }

  storage::Store* const store_;
  Answers answers_;
  SeededRandom random_;
  const absl::Time start_ = absl::Now();
  const Uuid account_id_ = Uuid::V7(start_, random_);
  const storage::Subject caller_ = {.type = storage::SubjectType::kUser,
                                    .id = "someone"};
  int64_t count_ = 0;
};

LoadResult StoreLoad(const Options& options, int in_flight) {
  const std::string directory = options.directory + "/store";
  std::filesystem::remove_all(directory);
  LoadResult result;
  {
    auto store = sqlite::SqliteStore::Open({.directory = directory});
    if (!store.ok()) Die(store.status());
    result =
        Client(store->get()).Run(in_flight, absl::Seconds(options.seconds));
  }
  std::filesystem::remove_all(directory);
  return result;
}

void Run(const Options& options) {
  std::vector<double> raw_1;
  std::vector<double> raw_64;
  std::map<int, std::vector<double>> rate, p50, p99;
  for (int round = 0; round < options.rounds; ++round) {
    raw_1.push_back(RawInsertsPerSecond(options.directory, 1, options.seconds));
    raw_64.push_back(
        RawInsertsPerSecond(options.directory, 64, options.seconds));
    for (int in_flight : kInFlight) {
      const LoadResult result = StoreLoad(options, in_flight);
      rate[in_flight].push_back(result.per_second);
      p50[in_flight].push_back(absl::ToDoubleMicroseconds(result.p50));
      p99[in_flight].push_back(absl::ToDoubleMicroseconds(result.p99));
    }
  }
  absl::PrintF("raw SQLite, 1 a commit   %9.0f/s\n", Median(raw_1));
  absl::PrintF("raw SQLite, 64 a commit  %9.0f/s\n", Median(raw_64));
  for (int in_flight : kInFlight) {
    absl::PrintF(
        "store, %3d in flight      %9.0f/s  p50 %6.0f us  p99 %6.0f us"
        "  %.2f of raw 64, %.1f x raw 1\n",
        in_flight, Median(rate[in_flight]), Median(p50[in_flight]),
        Median(p99[in_flight]), Median(rate[in_flight]) / Median(raw_64),
        Median(rate[in_flight]) / Median(raw_1));
  }
}

void RunScale(const Options& options) {
  const auto measure = [&](int rows) {
    return MeasureScale(options.directory + "/scale", rows,
                        absl::Seconds(options.seconds));
  };
  const ScaleFigures few = measure(kFewRows);
  const ScaleFigures many = measure(options.rows);
  absl::PrintF("%d service accounts, filled in %.1f s, beside %d:\n",
               options.rows, absl::ToDoubleSeconds(many.fill), kFewRows);
  const auto print = [](const char* what, double with_few, double with_many) {
    absl::PrintF("%-24s %9.0f/s, was %9.0f/s: growth %.2f\n", what, with_many,
                 with_few, with_few / with_many);
  };
  print("list page of 100", few.list_pages, many.list_pages);
  print("find token", few.find_tokens, many.find_tokens);
  print("replace token, 64", few.replacements, many.replacements);
  print("touch last used of 100", few.touches, many.touches);
}

// False: `arguments` hold something else.
bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto value = [&](std::string_view flag) -> const char* {
      return argument.starts_with(flag) ? argv[i] + flag.size() : nullptr;
    };
    if (const char* rounds = value("--rounds=")) {
      options.rounds = std::atoi(rounds);
    } else if (const char* seconds = value("--seconds=")) {
      options.seconds = std::atof(seconds);
    } else if (const char* directory = value("--dir=")) {
      options.directory = directory;
    } else if (const char* rows = value("--rows=")) {
      options.rows = std::atoi(rows);
    } else {
      return false;
    }
  }
  return options.rounds > 0 && options.seconds > 0 && options.rows >= 0;
}

}  // namespace
}  // namespace signet

int main(int argc, char** argv) {
  signet::Options options;
  if (!signet::Parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: storage_bench [--rounds=N] [--seconds=S] [--dir=DIR]"
                 " [--rows=N]\n");
    return 2;
  }
  std::filesystem::create_directories(options.directory);
  signet::Run(options);
  if (options.rows > 0) signet::RunScale(options);
}
