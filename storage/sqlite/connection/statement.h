// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_STATEMENT_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_STATEMENT_H_

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/records.h"
#include "storage/sqlite/connection/time_column.h"

namespace signet::sqlite {

// Finalizes a prepared statement.
struct FinalizeStatement {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using RawStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// The rows of a running statement. Resets the statement when destroyed.
//
// A column of another shape than asked for (which only damage can bring about,
// the tables being STRICT and CHECKed) reads as an empty value and turns
// status() into DATA_LOSS: look at it before using what was read.
class Rows {
 public:
  explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { sqlite3_reset(statement_); }

  // Moves to the next row; false: there is none, or an error in status().
  bool Next();
  const absl::Status& status() const { return status_; }

  int64_t Integer(int column);
  std::string Text(int column);
  std::optional<std::string> OptionalText(int column);
  Uuid Id(int column);
  std::optional<Uuid> OptionalId(int column);
  absl::Time Time(int column);
  std::optional<absl::Time> OptionalTime(int column);
  // Exactly `out.size()` bytes.
  void Blob(int column, std::span<uint8_t> out);
  std::string Bytes(int column);  // A blob of any size.
  // What BindableLabels() made; nothing from NULL.
  std::map<std::string, std::string> Labels(int column);
  // How many bytes those labels take in an answer, about, without reading them.
  int64_t LabelBytes(int column);
  // What EncodeSeal() made; none from NULL.
  storage::Seal ReadSeal(int column);

 private:
  bool IsNull(int column) const;
  std::span<const uint8_t> BytesOf(int column, int type);
  void SetDamaged(int column);

  sqlite3_stmt* const statement_;
  absl::Status status_;
};

// NULL stands for an empty text, which OptionalText() reads as none.
inline std::optional<std::string_view> Filled(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// Bytes that are no text.
inline std::span<const uint8_t> AsBlob(std::string_view bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

// One JSON object, or nothing if there are no labels. They are UTF-8.
std::optional<std::string> BindableLabels(
    const std::map<std::string, std::string>& labels);

// What BindableLabels() made; nullopt: it did not make this.
std::optional<std::map<std::string, std::string>> DecodeLabels(
    std::string_view text);

// A prepared statement with bound parameters, the only way values reach SQL.
// Not thread-safe. Made by Preparer.
class Statement {
 public:
  // Binds every parameter in order and runs to the end, ignoring rows.
  template <typename... Args>
  absl::Status Execute(const Args&... args) {
    BindAll(args...);
    return Run();
  }

  // Binds every parameter in order; the rows are read from the result. Text and
  // blob arguments must outlive it.
  template <typename... Args>
  Rows Query(const Args&... args) {
    BindAll(args...);
    return Rows(statement_.get());
  }

  // How many rows the latest Execute(), which went well, changed or found to be
  // as they should.
  int ChangedRows() const {
    return sqlite3_changes(sqlite3_db_handle(statement_.get()));
  }

 private:
  friend class Preparer;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  template <typename... Args>
  void BindAll(const Args&... args) {
    int index = 0;
    (Bind(++index, args), ...);
    CheckAllBound(index);
  }
  void Bind(int index, int64_t value);
  void Bind(int index, std::string_view text);
  void Bind(int index, std::span<const uint8_t> blob);
  void Bind(int index, const Uuid& id) { Bind(index, std::span(id.bytes())); }
  void Bind(int index, absl::Time time);
  template <typename T>
  void Bind(int index, const std::optional<T>& value) {
    value.has_value() ? Bind(index, *value) : BindNull(index);
  }
  void BindNull(int index);
  void CheckAllBound(int count) const;
  absl::Status Run();

  RawStatement statement_;
};

// Prepares statements one after another. What it returns may be used only if
// status() is OK at the end.
class Preparer {
 public:
  explicit Preparer(sqlite3* db) : db_(db) {}

  // `sql` is one statement.
  Statement operator()(std::string_view sql);

  // The first error.
  const absl::Status& status() const { return status_; }

 private:
  sqlite3* const db_;
  absl::Status status_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_STATEMENT_H_
