// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/schema_check.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/schema/schema_text.h"

namespace signet::sqlite {
namespace {

// A row of sqlite_schema.
struct SchemaObject {
  std::string type;  // table, index, view or trigger.
  std::string name;
  std::string table;  // What an index or trigger is on.
  std::string sql;    // Empty of an index that a constraint makes.
};

// All but SQLite's own, which anybody may have it make. Those by their text,
// word for word: a trigger can have such a name, too.
constexpr char kListObjects[] =
    "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema"
    " WHERE sql IS NULL OR sql NOT IN ("
    "'CREATE TABLE sqlite_sequence(name,seq)',"
    "'CREATE TABLE sqlite_stat1(tbl,idx,stat)',"
    "'CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)')"
    " ORDER BY type = 'table' DESC, type = 'index' DESC, rowid";

absl::StatusOr<std::vector<SchemaObject>> ObjectsOf(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  Statement list = prepare(kListObjects);
  if (!prepare.status().ok()) return prepare.status();
  return ReadAll(list.Query(), [](Rows& rows) {
    return SchemaObject{.type = rows.Text(0),
                        .name = rows.Text(1),
                        .table = rows.Text(2),
                        .sql = rows.Text(3)};
  });
}

// For one line of text: names are whatever somebody chose.
std::string Shown(std::string_view text) {
  constexpr size_t kLongest = 120;
  std::string shown(text.substr(0, kLongest));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  if (text.size() > kLongest) shown += "...";
  return shown;
}

std::string NameOf(const SchemaObject& object) {
  return absl::StrCat("the ", Shown(object.type), " ", Shown(object.name));
}

absl::Status Difference(const SchemaObject& object, std::string_view what) {
  return absl::AbortedError(
      absl::StrCat("its schema is not what Signet makes: ", NameOf(object), " ",
                   absl::string_view(what.data(), what.size())));
}

std::string Quoted(std::string_view text) {
  return text.empty() ? "nothing" : absl::StrCat("`", Shown(text), "`");
}

std::string GotWant(std::string_view got, std::string_view want) {
  return absl::StrCat("has ", Quoted(got), " in place of ", Quoted(want));
}

bool Has(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// How the definition of an object differs; nullopt if it does not.
std::optional<std::string> DifferenceOf(const SchemaText& got,
                                        const SchemaText& want) {
  if (got.head != want.head) return GotWant(got.head, want.head);
  const size_t most = std::max(got.definitions.size(), want.definitions.size());
  for (size_t i = 0; i < most; ++i) {
    const bool more = i < got.definitions.size();
    const bool due = i < want.definitions.size();
    if (more && due && got.definitions[i] == want.definitions[i]) continue;
    if (more && (!due || Has(got.definitions, want.definitions[i]))) {
      return absl::StrCat("has ", Quoted(got.definitions[i]),
                          ", which is not Signet's");
    }
    if (!more || Has(want.definitions, got.definitions[i])) {
      return absl::StrCat("lacks ", Quoted(want.definitions[i]));
    }
    return GotWant(got.definitions[i], want.definitions[i]);
  }
  if (got.tail != want.tail) {
    return absl::StrCat("ends with ", Quoted(got.tail), " in place of ",
                        Quoted(want.tail));
  }
  return std::nullopt;
}

const SchemaObject* Find(const std::vector<SchemaObject>& objects,
                         const SchemaObject& wanted) {
  for (const SchemaObject& object : objects) {
    if (object.type == wanted.type && object.name == wanted.name) {
      return &object;
    }
  }
  return nullptr;
}

absl::Status CompareObjects(const std::vector<SchemaObject>& got,
                            const std::vector<SchemaObject>& want) {
  for (const SchemaObject& wanted : want) {
    const SchemaObject* found = Find(got, wanted);
    if (found == nullptr) return Difference(wanted, "is missing");
    if (found->table != wanted.table) {
      return Difference(
          wanted, absl::StrCat("is on ", Shown(found->table), " in place of ",
                               Shown(wanted.table)));
    }
    const std::optional<std::string> difference =
        DifferenceOf(ReadSchemaText(found->sql), ReadSchemaText(wanted.sql));
    if (difference.has_value()) return Difference(wanted, *difference);
  }
  for (const SchemaObject& object : got) {
    if (Find(want, object) != nullptr) continue;
    return Difference(object, object.table == object.name
                                  ? "is not Signet's"
                                  : absl::StrCat("on ", Shown(object.table),
                                                 " is not Signet's"));
  }
  return absl::OkStatus();
}

// What the first `version` steps make, and the preparation of the next one if
// that has begun.
absl::StatusOr<std::vector<SchemaObject>> ObjectsMade(
    std::span<const Migration> migrations, int version, bool next_has_begun) {
  absl::StatusOr<SqliteConnection> made = SqliteConnection::Open(
      {.file = ":memory:", .vfs = "", .busy_timeout = absl::ZeroDuration()},
      SqliteConnection::Access::kReadWrite);
  if (!made.ok()) return made.status();
  std::vector<const char*> steps = {"PRAGMA foreign_keys = OFF"};
  for (const Migration& step : migrations.first(version)) {
    if (step.prepare != nullptr) steps.push_back(step.prepare);
    steps.push_back(step.sql);
  }
  if (next_has_begun) steps.push_back(migrations[version].prepare);
  for (const char* sql : steps) {
    if (absl::Status s = made->Execute(sql); !s.ok()) return s;
  }
  return ObjectsOf(*made);
}

}  // namespace

absl::Status CheckSchema(SqliteConnection& connection,
                         std::span<const Migration> migrations) {
  const absl::StatusOr<int> version =
      KnownSchemaVersion(connection, migrations);
  if (!version.ok()) return version.status();
  bool next_has_begun = false;
  if (static_cast<size_t>(*version) < migrations.size()) {
    const absl::StatusOr<bool> begun =
        IsPrepared(connection, migrations[*version]);
    if (!begun.ok()) return begun.status();
    next_has_begun = *begun;
  }
  const absl::StatusOr<std::vector<SchemaObject>> want =
      ObjectsMade(migrations, *version, next_has_begun);
  if (!want.ok()) return want.status();
  const absl::StatusOr<std::vector<SchemaObject>> got = ObjectsOf(connection);
  if (!got.ok()) return got.status();
  return CompareObjects(*got, *want);
}

}  // namespace signet::sqlite
