// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/statement.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "storage/sqlite/connection/seal_column.h"
#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {

bool Rows::Next() {
  if (!status_.ok()) return false;
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      status_ = SqliteError(sqlite3_db_handle(statement_));
      return false;
  }
}

bool Rows::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::span<const uint8_t> Rows::BytesOf(int column, int type) {
  if (sqlite3_column_type(statement_, column) != type) {
    SetDamaged(column);
    return {};
  }
  const auto* data =
      static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return {data, static_cast<size_t>(size)};
}

void Rows::SetDamaged(int column) {
  status_ = absl::DataLossError(absl::StrCat(
      "column ", sqlite3_column_name(statement_, column), " is malformed"));
}

int64_t Rows::Integer(int column) {
  if (sqlite3_column_type(statement_, column) != SQLITE_INTEGER) {
    SetDamaged(column);
  }
  return sqlite3_column_int64(statement_, column);
}

std::string Rows::Text(int column) {
  const std::span<const uint8_t> bytes = BytesOf(column, SQLITE_TEXT);
  return std::string(bytes.begin(), bytes.end());
}

std::optional<std::string> Rows::OptionalText(int column) {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

void Rows::Blob(int column, std::span<uint8_t> out) {
  const std::span<const uint8_t> bytes = BytesOf(column, SQLITE_BLOB);
  if (bytes.size() != out.size()) return SetDamaged(column);
  std::copy(bytes.begin(), bytes.end(), out.begin());
}

std::string Rows::Bytes(int column) {
  const std::span<const uint8_t> bytes = BytesOf(column, SQLITE_BLOB);
  return std::string(bytes.begin(), bytes.end());
}

std::map<std::string, std::string> Rows::Labels(int column) {
  if (IsNull(column)) return {};
  std::optional<std::map<std::string, std::string>> labels =
      DecodeLabels(Text(column));
  if (labels.has_value()) return *std::move(labels);
  SetDamaged(column);
  return {};
}

int64_t Rows::LabelBytes(int column) {
  if (IsNull(column)) return 0;
  return static_cast<int64_t>(BytesOf(column, SQLITE_TEXT).size());
}

storage::Seal Rows::ReadSeal(int column) {
  if (IsNull(column)) return {};
  const std::optional<storage::Seal> seal =
      DecodeSeal(BytesOf(column, SQLITE_BLOB));
  if (!seal.has_value()) SetDamaged(column);
  return seal.value_or(storage::Seal());
}

Uuid Rows::Id(int column) {
  Uuid::Bytes bytes = {};
  Blob(column, bytes);
  return Uuid(bytes);
}

std::optional<Uuid> Rows::OptionalId(int column) {
  if (IsNull(column)) return std::nullopt;
  return Id(column);
}

absl::Time Rows::Time(int column) {
  const std::optional<absl::Time> time =
      DecodeTime(BytesOf(column, SQLITE_BLOB));
  if (!time.has_value()) SetDamaged(column);
  return time.value_or(absl::Time());
}

std::optional<absl::Time> Rows::OptionalTime(int column) {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

std::optional<std::string> BindableLabels(
    const std::map<std::string, std::string>& labels) {
  if (labels.empty()) return std::nullopt;
  std::string json;
  for (const auto& [name, value] : labels) {
    json += json.empty() ? '{' : ',';
    AppendJsonString(name, json);
    json += ':';
    AppendJsonString(value, json);
  }
  json += '}';
  return json;
}

std::optional<std::map<std::string, std::string>> DecodeLabels(
    std::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text, {.max_depth = 1});
  if (!json.ok() || !json->is_object()) return std::nullopt;
  std::map<std::string, std::string> labels;
  for (const auto& [name, value] : json->items()) {
    if (!value.is_string()) return std::nullopt;
    labels.emplace(name, value.get_ref<const std::string&>());
  }
  return labels;
}

void Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

// SQLITE_STATIC: the argument outlives the run, and each run binds anew.
void Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.empty() ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

void Statement::Bind(int index, std::span<const uint8_t> blob) {
  // Here too.
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  sqlite3_bind_blob64(statement_.get(), index, data, blob.size(),
                      SQLITE_STATIC);
}

void Statement::Bind(int index, absl::Time time) {
  const TimeColumn column = EncodeTime(time);
  sqlite3_bind_blob64(statement_.get(), index, column.data(), column.size(),
                      SQLITE_TRANSIENT);
}

void Statement::BindNull(int index) {
  sqlite3_bind_null(statement_.get(), index);
}

void Statement::CheckAllBound([[maybe_unused]] int count) const {
  assert(count == sqlite3_bind_parameter_count(statement_.get()));
}

absl::Status Statement::Run() {
  int code;
  do {
    code = sqlite3_step(statement_.get());
  } while (code == SQLITE_ROW);
  absl::Status status;
  if (code != SQLITE_DONE) {
    status = SqliteError(sqlite3_db_handle(statement_.get()));
  }
  sqlite3_reset(statement_.get());
  return status;
}

Statement Preparer::operator()(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK &&
      status_.ok()) {
    status_ = SqliteError(db_);
  }
  return Statement(statement);
}

}  // namespace signet::sqlite
