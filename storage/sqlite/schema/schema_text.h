// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_TEXT_H_
#define SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

namespace signet::sqlite {

// A CREATE statement as SQLite keeps it, so that two that say the same compare
// equal however they are laid out: each part has its words in lower case, apart
// by one space, without comments. What is quoted stays as it is.
struct SchemaText {
  std::string head;                      // Before the list in parentheses.
  std::vector<std::string> definitions;  // What the list has.
  std::string tail;                      // Behind it.

  friend bool operator==(const SchemaText&, const SchemaText&) = default;
};

// Pure; takes any text.
SchemaText ReadSchemaText(std::string_view sql);

// The conditions of the CHECK constraints in a definition, each without its
// parentheses.
std::vector<std::string> ChecksIn(const std::string& definition);

// The column that a definition of a table is of; empty where it is of the whole
// table.
std::string ColumnOf(const std::string& definition);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_TEXT_H_
