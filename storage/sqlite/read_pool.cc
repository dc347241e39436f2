// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "base/error.h"
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/read_txn.h"

namespace signet::sqlite {
namespace {

constexpr absl::Duration kReadRetryAfter = absl::Seconds(1);

// How much nicer than the others a thread is that does nothing but scans.
constexpr int kScansNicer = 10;

absl::Status Stopped() { return StorageUnavailable("storage: stopped"); }

absl::Status QueueFull() {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "too many reads are waiting; try again",
      {.reason = "READ_QUEUE_FULL", .retry_after = kReadRetryAfter});
}

// Lets others have the processor first, where there are not enough. On Linux a
// thread has a priority of its own.
void YieldToOthers() {
  const auto self = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, self,
              getpriority(PRIO_PROCESS, self) + kScansNicer);
}

}  // namespace

// A read-only connection with its statements.
class ReadPool::Reader {
 public:
  static absl::StatusOr<std::unique_ptr<Reader>> Open(
      const ConnectionOptions& options) {
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open(options, SqliteConnection::Access::kReadOnly);
    if (!connection.ok()) return connection.status();
    Preparer prepare(connection->handle());
    Statement begin = prepare("BEGIN");
    Statement end = prepare("COMMIT");
    if (!prepare.status().ok()) return prepare.status();
    absl::StatusOr<ReadStatements> statements =
        ReadStatements::Prepare(*connection);
    if (!statements.ok()) return statements.status();
    return std::unique_ptr<Reader>(
        new Reader(*std::move(connection), *std::move(statements),
                   std::move(begin), std::move(end)));
  }

  // The snapshot is taken by the first look-up and kept until the end.
  absl::Status Run(storage::Store::ReadBody& body) {
    txn_.ForgetFailure();
    if (absl::Status s = begin_.Execute(); !s.ok()) return s;
    absl::Status outcome = body(txn_);
    const absl::Status ended = end_.Execute();
    if (!txn_.engine_failure().ok()) return txn_.engine_failure();
    return ended.ok() ? outcome : ended;
  }

 private:
  Reader(SqliteConnection connection, ReadStatements statements,
         Statement begin, Statement end)
      : connection_(std::move(connection)),
        txn_(std::move(statements)),
        begin_(std::move(begin)),
        end_(std::move(end)) {}

  SqliteConnection connection_;  // First: the statements below go before it.
  SqliteReadTxn txn_;
  Statement begin_;
  Statement end_;
};

absl::StatusOr<std::unique_ptr<ReadPool>> ReadPool::Open(
    const ConnectionOptions& options, int size, const ReadLimits& limits) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < size; ++i) {
    absl::StatusOr<std::unique_ptr<Reader>> reader = Reader::Open(options);
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  return std::unique_ptr<ReadPool>(new ReadPool(std::move(readers), limits));
}

ReadPool::ReadPool(std::vector<std::unique_ptr<Reader>> readers,
                   const ReadLimits& limits)
    : queue_(limits), readers_(std::move(readers)) {}

ReadPool::~ReadPool() { Close(); }

void ReadPool::Start(Hooks hooks) {
  hooks_ = std::move(hooks);
  absl::MutexLock lock(&close_mutex_);
  const size_t scanners =
      readers_.size() == 1 ? 0 : std::max<size_t>(1, readers_.size() / 4);
  for (size_t i = 0; i < readers_.size(); ++i) {
    const ReadQueue::Takes takes = readers_.size() == 1 ? ReadQueue::Takes::kAll
                                   : i < scanners ? ReadQueue::Takes::kScans
                                                  : ReadQueue::Takes::kLookups;
    threads_.emplace_back(
        [this, reader = readers_[i].get(), takes] { Serve(*reader, takes); });
  }
}

void ReadPool::Submit(storage::Store::ReadBody body, storage::Store::Done done,
                      storage::ReadOptions options) {
  PendingRead read = {.body = std::move(body),
                      .done = std::move(done),
                      .expired = std::move(options.expired)};
  std::optional<PendingRead> pushed_out;
  switch (queue_.Push(options.work_for, options.kind, read, pushed_out)) {
    case ReadQueue::PushResult::kAccepted:
      if (pushed_out.has_value()) std::move(pushed_out->done)(QueueFull());
      return;
    case ReadQueue::PushResult::kFull:
      return std::move(read.done)(QueueFull());
    case ReadQueue::PushResult::kClosed:
      return std::move(read.done)(Stopped());
  }
}

void ReadPool::Serve(Reader& reader, ReadQueue::Takes takes) {
  if (takes == ReadQueue::Takes::kScans) YieldToOthers();
  while (std::optional<PendingRead> read = queue_.Take(takes)) {
    absl::Status outcome = Run(reader, *read);
    if (absl::IsDataLoss(outcome)) hooks_.on_damage(outcome);
    read->body = nullptr;
    std::move(read->done)(std::move(outcome));
  }
}

absl::Status ReadPool::Run(Reader& reader, PendingRead& read) {
  if (absl::Status s = hooks_.health(); !s.ok()) return s;
  if (read.expired != nullptr && read.expired())
    return storage::CallerGoneError();
  return reader.Run(read.body);
}

void ReadPool::Close() {
  absl::MutexLock lock(&close_mutex_);
  for (PendingRead& read : queue_.Close()) std::move(read.done)(Stopped());
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  readers_.clear();
}

}  // namespace signet::sqlite
