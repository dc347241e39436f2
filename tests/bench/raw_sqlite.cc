// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/raw_sqlite.h"

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>

#include "storage/sqlite/schema/migration.h"

namespace signet {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int kIdBytes = 16;
constexpr int kTimeBytes = 9;
constexpr int kMacBytes = 32;

class RawDatabase {
 public:
  explicit RawDatabase(const std::string& file) {
    Check(sqlite3_open(file.c_str(), &db_));
    Execute("PRAGMA journal_mode = WAL");
    Execute("PRAGMA synchronous = FULL");
    Execute("PRAGMA foreign_keys = ON");
    for (const sqlite::Migration& step : sqlite::SchemaMigrations()) {
      if (step.prepare != nullptr) Execute(step.prepare);
      Execute(step.sql);
    }
    Prepare("BEGIN", &begin_);
    Prepare("COMMIT", &commit_);
    Prepare(
        "INSERT INTO service_accounts (account_id, id, name, token_public_id,"
        " created_at, updated_at, created_by_user_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        &account_);
    Prepare(
        "INSERT INTO tokens (public_id, account_id, service_account_id, prefix,"
        " last4, key_version, mac, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &token_);
    Execute("INSERT INTO accounts VALUES (zeroblob(16), zeroblob(9))");
  }

  ~RawDatabase() {
    for (sqlite3_stmt* s : {begin_, commit_, account_, token_}) {
      sqlite3_finalize(s);
    }
    sqlite3_close(db_);
  }

  void InsertBatch(int size) {
    Run(begin_);
    for (int i = 0; i < size; ++i) InsertOne();
    Run(commit_);
  }

 private:
  void InsertOne() {
    ++count_;
    uint8_t id[kIdBytes];
    uint8_t mac[kMacBytes];
    uint8_t time[kTimeBytes] = {0, 14, 200};
    Fill(id, sizeof id);
    Fill(mac, sizeof mac);
    PutCount(id);
    PutCount(time);
    char public_id[17];
    std::snprintf(public_id, sizeof public_id, "%010llu%06u",
                  static_cast<unsigned long long>(count_),
                  static_cast<unsigned>(random_() % 1000000));
    const uint8_t account_id[kIdBytes] = {};

    BindBlob(account_, 1, account_id, kIdBytes);
    BindBlob(account_, 2, id, kIdBytes);
    BindText(account_, 3, "deploy pipeline, production");
    BindText(account_, 4, public_id);
    BindBlob(account_, 5, time, kTimeBytes);
    BindBlob(account_, 6, time, kTimeBytes);
    BindBlob(account_, 7, id, kIdBytes);
    Run(account_);

    BindText(token_, 1, public_id);
    BindBlob(token_, 2, account_id, kIdBytes);
    BindBlob(token_, 3, id, kIdBytes);
    BindText(token_, 4, "hbx_sa");
    BindText(token_, 5, "a1B2");
    sqlite3_bind_int(token_, 6, 1);
    BindBlob(token_, 7, mac, kMacBytes);
    BindBlob(token_, 8, time, kTimeBytes);
    BindBlob(token_, 9, time, kTimeBytes);
    Run(token_);
  }

  // Rising, as time-ordered ids are.
  void PutCount(uint8_t* out) const {
    for (int i = 0; i < 4; ++i) {
      out[i + 2] = static_cast<uint8_t>(count_ >> (24 - 8 * i));
    }
  }
  void Fill(uint8_t* out, size_t size) {
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
      const uint64_t word = random_();
      std::memcpy(out + i, &word, sizeof word);
    }
    out[0] = out[1] = 1;
  }

  void Check(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    std::fprintf(stderr, "raw SQLite: %s\n", sqlite3_errmsg(db_));
    std::exit(1);
  }
  void Execute(const char* sql) {
    Check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
  }
  void Prepare(const char* sql, sqlite3_stmt** statement) {
    Check(sqlite3_prepare_v2(db_, sql, -1, statement, nullptr));
  }
  void Run(sqlite3_stmt* statement) {
    Check(sqlite3_step(statement));
    Check(sqlite3_reset(statement));
  }
  void BindBlob(sqlite3_stmt* s, int index, const uint8_t* data, int size) {
    Check(sqlite3_bind_blob(s, index, data, size, SQLITE_STATIC));
  }
  void BindText(sqlite3_stmt* s, int index, const char* text) {
    Check(sqlite3_bind_text(s, index, text, -1, SQLITE_STATIC));
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* account_ = nullptr;
  sqlite3_stmt* token_ = nullptr;
  uint64_t count_ = 0;
  std::mt19937_64 random_;
};

}  // namespace

double RawInsertsPerSecond(const std::string& directory, int batch,
                           double seconds) {
  std::string scratch = directory + "/raw-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr) {
    std::perror("raw SQLite: mkdtemp");
    std::exit(1);
  }
  int64_t inserted = 0;
  std::chrono::duration<double> elapsed;
  {
    RawDatabase database(scratch + "/raw.db");
    const SteadyClock::time_point start = SteadyClock::now();
    do {
      database.InsertBatch(batch);
      inserted += batch;
      elapsed = SteadyClock::now() - start;
    } while (elapsed.count() < seconds);
  }
  std::filesystem::remove_all(scratch);
  return static_cast<double>(inserted) / elapsed.count();
}

}  // namespace signet
