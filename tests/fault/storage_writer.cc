// SPDX-License-Identifier: Apache-2.0
//
// Writes service accounts through the SQLite engine and says which are
// acknowledged, so that a test can do it harm and see what is left.
//
//   storage_writer DIRECTORY FIRST COUNT [THREADS]
//
// Inserts the sample service accounts FIRST to FIRST + COUNT - 1, and prints a
// line as soon as each is answered: `stored N`, or `REASON N`; then, having
// looked the account up, `read N` if that worked. Exits with 0 at the end, with
// 4 as soon as the store has failed, and with 3 if it cannot be opened.
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/sample_records.h"

namespace signet::sqlite {
namespace {

// Many small checkpoints, so that harm is done during them too.
constexpr int kCheckpointAfterPages = 20;
constexpr absl::Duration kPauseWhenRefused = absl::Milliseconds(2);

// One write(2), so that a reader of the pipe sees all of it or nothing.
void Say(std::string_view what, uint32_t number) {
  const std::string line = absl::StrCat(std::string(what), " ", number, "\n");
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(1);
}

void Insert(storage::Store& store, const Uuid& account_id, uint32_t number) {
  const storage::ServiceAccountRecord record =
      SampleServiceAccount(account_id, number);
  const absl::Status written =
      storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
        absl::Status s = txn.EnsureAccount(account_id, SampleTime());
        return s.ok() ? txn.InsertServiceAccount(record) : s;
      });
  Say(written.ok() ? "stored" : GetErrorDetail(written).reason, number);
  const absl::Status read =
      storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
        return txn.GetServiceAccount(account_id, record.id).status();
      });
  if (read.ok() || absl::IsNotFound(read)) Say("read", number);
  if (!written.ok()) absl::SleepFor(kPauseWhenRefused);
}

int Run(const std::string& directory, uint32_t first, uint32_t count,
        int threads) {
  SqliteOptions options;
  options.directory = directory;
  options.checkpoint_after_pages = kCheckpointAfterPages;
  absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open(std::move(options));
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", std::string(store.status().message()).c_str());
    return 3;
  }
  std::atomic<uint32_t> next = first;
  std::vector<std::thread> writers;
  for (int i = 0; i < threads; ++i) {
    writers.emplace_back([&] {
      for (uint32_t number = next++; number < first + count; number = next++) {
        Insert(**store, SampleId(1), number);
        if (!(*store)->Health().failure().ok()) return;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  return (*store)->Health().failure().ok() ? 0 : 4;
}

uint32_t Number(const char* text) {
  uint32_t number = 0;
  std::from_chars(text, text + std::strlen(text), number);
  return number;
}

}  // namespace
}  // namespace signet::sqlite

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: storage_writer DIRECTORY FIRST COUNT [THREADS]\n");
    return 2;
  }
  return signet::sqlite::Run(
      argv[1], signet::sqlite::Number(argv[2]), signet::sqlite::Number(argv[3]),
      argc > 4 ? static_cast<int>(signet::sqlite::Number(argv[4])) : 1);
}
