// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/malformed_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/uuid.h"
#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/connection/statement.h"
#include "storage/sqlite/schema/schema_text.h"

namespace signet::sqlite {
namespace {

struct ColumnShape {
  std::string name;
  std::string type;  // As STRICT tables have them.
  bool may_be_null = false;
  int64_t key_position = 0;  // From 1; 0: not in the primary key.
};

struct TableShape {
  std::string name;
  std::vector<ColumnShape> columns;  // But those that are computed.
  SchemaText text;
};

constexpr char kListTables[] =
    "SELECT name, sql FROM sqlite_schema"
    " WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
constexpr char kListColumns[] =
    "SELECT name, type, \"notnull\" = 0, pk FROM pragma_table_xinfo(?1)"
    " WHERE hidden = 0 ORDER BY cid";

// What SQL alone cannot tell of a value, by the code that reads it.
template <typename Decode>
void CallDecoder(sqlite3_context* context, sqlite3_value* value,
                 Decode decode) {
  const auto* data = static_cast<const uint8_t*>(sqlite3_value_blob(value));
  const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
  sqlite3_result_int(context, decode(std::span(data, size)) ? 1 : 0);
}

void IsTime(sqlite3_context* context, int, sqlite3_value** values) {
  CallDecoder(context, values[0], [](std::span<const uint8_t> bytes) {
    return DecodeTime(bytes).has_value();
  });
}

void IsLabels(sqlite3_context* context, int, sqlite3_value** values) {
  CallDecoder(context, values[0], [](std::span<const uint8_t> bytes) {
    return DecodeLabels(
               std::string_view(reinterpret_cast<const char*>(bytes.data()),
                                bytes.size()))
        .has_value();
  });
}

absl::Status AddDecoders(SqliteConnection& connection) {
  using Function = void (*)(sqlite3_context*, int, sqlite3_value**);
  const std::pair<const char*, Function> functions[] = {
      {"is_time", &IsTime}, {"is_labels", &IsLabels}};
  for (const auto& [name, function] : functions) {
    if (sqlite3_create_function_v2(
            connection.handle(), name, 1,
            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
            function, nullptr, nullptr, nullptr) != SQLITE_OK) {
      return SqliteError(connection.handle());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TableShape>> TablesToSearch(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  Statement tables = prepare(kListTables);
  Statement columns = prepare(kListColumns);
  if (!prepare.status().ok()) return prepare.status();
  absl::StatusOr<std::vector<TableShape>> all =
      ReadAll(tables.Query(), [](Rows& rows) {
        return TableShape{.name = rows.Text(0),
                          .columns = {},
                          .text = ReadSchemaText(rows.Text(1))};
      });
  if (!all.ok()) return all.status();
  for (TableShape& table : *all) {
    absl::StatusOr<std::vector<ColumnShape>> read =
        ReadAll(columns.Query(std::string_view(table.name)), [](Rows& rows) {
          return ColumnShape{.name = rows.Text(0),
                             .type = rows.Text(1),
                             .may_be_null = rows.Integer(2) != 0,
                             .key_position = rows.Integer(3)};
        });
    if (!read.ok()) return read.status();
    table.columns = *std::move(read);
  }
  return all;
}

bool IsId(const ColumnShape& column) {
  return column.type == "BLOB" &&
         (column.name == "id" || column.name.ends_with("_id"));
}

// A condition that holds where the column's value is malformed. By typeof(),
// since SQLite takes a column that is NOT NULL for one that never IS NULL.
std::string Malformed(const ColumnShape& column,
                      const std::vector<std::string>& checks) {
  const std::string& name = column.name;
  std::string sql = absl::StrCat("typeof(", name, ") NOT IN ('",
                                 absl::AsciiStrToLower(absl::string_view(
                                     column.type.data(), column.type.size())),
                                 column.may_be_null ? "', 'null')" : "')");
  const auto add = [&](const std::string& condition) {
    absl::StrAppend(&sql, " OR (", name, " IS NOT NULL AND NOT (", condition,
                    "))");
  };
  if (IsId(column)) add(absl::StrCat("length(", name, ") = 16"));
  if (name == "labels") add("is_labels(labels)");
  for (const std::string& check : checks) {
    add(check);
    // All times, and nothing else, have nine bytes.
    if (check == absl::StrCat("length (", name, ") = 9")) {
      add(absl::StrCat("is_time(", name, ")"));
    }
  }
  return sql;
}

// Of each malformed row its key, and the column or '' where it is of all.
std::string SearchOf(const TableShape& table) {
  std::map<std::string, std::vector<std::string>> checks;  // By column.
  for (const std::string& definition : table.text.definitions) {
    std::vector<std::string>& of_column = checks[ColumnOf(definition)];
    for (std::string& check : ChecksIn(definition)) {
      of_column.push_back(std::move(check));
    }
  }
  std::map<int64_t, std::string> key;
  std::string fault = "CASE";
  for (const ColumnShape& column : table.columns) {
    if (column.key_position != 0) key[column.key_position] = column.name;
    absl::StrAppend(&fault, " WHEN ", Malformed(column, checks[column.name]),
                    " THEN '", column.name, "'");
  }
  for (const std::string& check : checks[""]) {
    absl::StrAppend(&fault, " WHEN NOT (", check, ") THEN ''");
  }
  std::vector<std::string> selected = {absl::StrCat(fault, " END AS fault")};
  for (const auto& [position, name] : key) selected.push_back(name);
  return absl::StrCat("SELECT ", absl::StrJoin(selected, ", "), " FROM ",
                      table.name, " NOT INDEXED WHERE fault IS NOT NULL");
}

// A part of a key as an operator would write it.
std::string KeyText(sqlite3_stmt* row, int column) {
  constexpr size_t kLongest = 64;
  const auto* data =
      static_cast<const uint8_t*>(sqlite3_column_blob(row, column));
  const auto size = static_cast<size_t>(sqlite3_column_bytes(row, column));
  if (sqlite3_column_type(row, column) != SQLITE_BLOB) {
    const absl::string_view text(reinterpret_cast<const char*>(data), size);
    return absl::CHexEscape(text.substr(0, kLongest));
  }
  Uuid::Bytes id = {};
  if (size == id.size()) {
    std::copy(data, data + size, id.begin());
    return Uuid(id).ToString();
  }
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(data), std::min(size, kLongest / 2)));
}

absl::Status SearchTable(
    SqliteConnection& connection, const TableShape& table,
    absl::FunctionRef<void(const std::string& row)> report) {
  const std::string sql = SearchOf(table);
  sqlite3_stmt* raw = nullptr;
  const int prepared =
      sqlite3_prepare_v2(connection.handle(), sql.c_str(), -1, &raw, nullptr);
  const RawStatement rows(raw);
  if (prepared != SQLITE_OK) return SqliteError(connection.handle());
  int code;
  while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
    std::string row = absl::StrCat("table ", table.name, ", row");
    for (int i = 1; i < sqlite3_column_count(raw); ++i) {
      absl::StrAppend(&row, " ", KeyText(raw, i));
    }
    const std::string column = KeyText(raw, 0);
    if (!column.empty()) absl::StrAppend(&row, ", column ", column);
    report(row);
  }
  if (code == SQLITE_DONE) return absl::OkStatus();
  return SqliteError(connection.handle());
}

}  // namespace

absl::Status FindMalformedRows(
    SqliteConnection& connection,
    absl::FunctionRef<void(const std::string& row)> report) {
  if (absl::Status s = AddDecoders(connection); !s.ok()) return s;
  const absl::StatusOr<std::vector<TableShape>> tables =
      TablesToSearch(connection);
  if (!tables.ok()) return tables.status();
  for (const TableShape& table : *tables) {
    absl::Status status = SearchTable(connection, table, report);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FindMalformedRowsIn(
    const std::string& directory, absl::Duration busy_timeout,
    absl::FunctionRef<void(const std::string& row)> report) {
  absl::StatusOr<SqliteConnection> connection =
      SqliteConnection::Open({.file = absl::StrCat(directory, "/signet.db"),
                              .vfs = "",
                              .busy_timeout = busy_timeout},
                             SqliteConnection::Access::kReadOnly);
  if (!connection.ok()) return connection.status();
  return FindMalformedRows(*connection, report);
}

}  // namespace signet::sqlite
