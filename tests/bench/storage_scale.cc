// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/storage_scale.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/options.h"
#include "tests/support/seeded_random.h"

namespace signet {
namespace {

constexpr int kRowsPerWrite = 10000;
constexpr int kPageRows = 100;
constexpr int kInFlight = 64;
constexpr int kTouchedAtOnce = 100;

void Check(const absl::Status& status) {
  if (!status.ok()) Die(status);
}

std::string PublicId(uint32_t number) {
  return absl::StrFormat("%010d%06d", number, number % 1000000);
}

class FilledStore {
 public:
  FilledStore(const std::string& directory, int rows) {
    auto store = sqlite::SqliteStore::Open({.directory = directory});
    Check(store.status());
    store_ = *std::move(store);
    Check(storage::WriteAndWait(*store_, [this](storage::WriteTxn& txn) {
      return txn.EnsureAccount(account_id_, start_);
    }));
    for (int done = 0; done < rows; done += kRowsPerWrite) {
      Insert(std::min(kRowsPerWrite, rows - done));
    }
  }

  double ListPages(absl::Duration duration) {
    return PerSecond(duration, 1, [this] {
      storage::ServiceAccountQuery query{
          .account_id = account_id_,
          .filter = {.now = start_},
          .after = storage::ServiceAccountPosition{.id = AnId()},
          .limit = kPageRows,
          .scan_limit = kPageRows};
      Check(storage::ReadAndWait(*store_, [&](storage::ReadTxn& txn) {
        return txn.ListServiceAccounts(query).status();
      }));
    });
  }

  double FindTokens(absl::Duration duration) {
    return PerSecond(duration, 1, [this] {
      const std::string public_id = PublicId(Random(ids_.size()));
      Check(storage::ReadAndWait(*store_, [&](storage::ReadTxn& txn) {
        return txn.FindToken(public_id).status();
      }));
    });
  }

  double ReplaceTokens(absl::Duration duration) {
    return PerSecond(duration, kInFlight, [this] {
      absl::BlockingCounter pending(kInFlight);
      for (int i = 0; i < kInFlight; ++i) {
        auto record =
            std::make_unique<storage::ServiceAccountRecord>(Record(AnId()));
        store_->Write(
            [this, record = std::move(record)](storage::WriteTxn& txn) {
              return Replace(txn, *record, start_ + absl::Hours(1));
            },
            [&](absl::Status status) {
              Check(status);
              pending.DecrementCount();
            });
      }
      pending.Wait();
    });
  }

  double Touch(absl::Duration duration) {
    return PerSecond(duration, 1, [this] {
      std::vector<storage::LastUse> uses;
      now_ += absl::Seconds(1);
      for (int i = 0; i < kTouchedAtOnce; ++i) {
        uses.push_back({account_id_, AnId(), now_});
      }
      Check(storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
        return txn.TouchLastUsed(uses);
      }));
    });
  }

 private:
  template <typename Work>
  static double PerSecond(absl::Duration duration, int count, Work work) {
    const absl::Time start = absl::Now();
    int64_t done = 0;
    absl::Duration elapsed;
    do {
      work();
      done += count;
      elapsed = absl::Now() - start;
    } while (elapsed < duration);
    return static_cast<double>(done) / absl::ToDoubleSeconds(elapsed);
  }

  // As a rotation does it.
  static absl::Status Replace(storage::WriteTxn& txn,
                              const storage::ServiceAccountRecord& record,
                              absl::Time retires_at) {
    absl::StatusOr<std::vector<storage::TokenRecord>> in_use =
        txn.ListTokensInUse(record.account_id, record.id);
    if (!in_use.ok()) return in_use.status();
    absl::Status status = txn.ReplaceToken(record);
    for (storage::TokenRecord& token : *in_use) {
      token.ended = token.retires_at.has_value();
      if (!token.ended) token.retires_at = retires_at;
      status.Update(txn.UpdateToken(record.account_id, record.id, token));
    }
    return status;
  }

  storage::ServiceAccountRecord Record(const Uuid& id) {
    storage::ServiceAccountRecord record;
    record.account_id = account_id_;
    record.id = id;
    record.name = absl::StrFormat("pipeline %08d", Random(100000000));
    record.created_at = start_;
    record.updated_at = start_;
    record.token.public_id = PublicId(count_++);
    record.token.prefix = "hbx_sa";
    record.token.last4 = "a1B2";
    record.token.key_version = 1;
    random_.Fill(record.token.mac);
    record.token.created_at = start_;
    record.token.expires_at = start_ + absl::Seconds(Random(86400 * 90));
    return record;
  }

  void Insert(int rows) {
    const size_t first = ids_.size();
    for (int i = 0; i < rows; ++i) {
      now_ += absl::Milliseconds(1);
      ids_.push_back(Uuid::V7(now_, random_));
    }
    Check(storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
      for (int i = 0; i < rows; ++i) {
        absl::Status s = txn.InsertServiceAccount(Record(ids_[first + i]));
        if (!s.ok()) return s;
      }
      return absl::OkStatus();
    }));
  }

  uint32_t Random(size_t end) { return static_cast<uint32_t>(dice_() % end); }
  Uuid AnId() { return ids_[Random(ids_.size())]; }

  SeededRandom random_;
  std::mt19937_64 dice_;
  const absl::Time start_ = absl::Now();
  absl::Time now_ = start_;
  const Uuid account_id_ = Uuid::V7(start_, random_);
  std::vector<Uuid> ids_;
  uint32_t count_ = 0;
  std::unique_ptr<sqlite::SqliteStore> store_;
};

}  // namespace

ScaleFigures MeasureScale(const std::string& directory, int rows,
                          absl::Duration duration) {
  std::filesystem::remove_all(directory);
  ScaleFigures figures;
  {
    const absl::Time start = absl::Now();
    FilledStore store(directory, rows);
    figures.fill = absl::Now() - start;
    figures.list_pages = store.ListPages(duration);
    figures.find_tokens = store.FindTokens(duration);
    figures.replacements = store.ReplaceTokens(duration);
    figures.touches = store.Touch(duration);
  }
  std::filesystem::remove_all(directory);
  return figures;
}

}  // namespace signet
