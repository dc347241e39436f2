// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_pool.h"

#include <utility>

#include "storage/sqlite/sqlite_error.h"

namespace signet {

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
  absl::Status Run(Store::ReadBody& body) {
    txn_.Begin();
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
    const ConnectionOptions& options, int size, absl::Duration wait) {
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < size; ++i) {
    absl::StatusOr<std::unique_ptr<Reader>> reader = Reader::Open(options);
    if (!reader.ok()) return reader.status();
    readers.push_back(*std::move(reader));
  }
  return std::unique_ptr<ReadPool>(new ReadPool(std::move(readers), wait));
}

ReadPool::ReadPool(std::vector<std::unique_ptr<Reader>> readers,
                   absl::Duration wait)
    : wait_(wait), idle_(std::move(readers)), size_(idle_.size()) {}

ReadPool::~ReadPool() { Close(); }

absl::Status ReadPool::Run(Store::ReadBody& body) {
  std::unique_ptr<Reader> reader;
  {
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(
            absl::Condition(this, &ReadPool::CanLendOrClosed), wait_)) {
      return StorageUnavailable("storage: too many reads at once");
    }
    if (closed_) return StorageUnavailable("storage: stopped");
    reader = std::move(idle_.back());
    idle_.pop_back();
  }
  absl::Status outcome = reader->Run(body);
  absl::MutexLock lock(&mutex_);
  idle_.push_back(std::move(reader));
  return outcome;
}

void ReadPool::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  mutex_.Await(absl::Condition(this, &ReadPool::AllReturned));
  idle_.clear();
  size_ = 0;
}

}  // namespace signet
