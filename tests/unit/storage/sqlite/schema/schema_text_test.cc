// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/schema_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::sqlite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReadSchemaText, TakesATableApart) {
  const SchemaText text = ReadSchemaText(
      "CREATE TABLE t (id BLOB NOT NULL, name TEXT CHECK (length(name) < 9),\n"
      "  PRIMARY KEY (id, name)) STRICT, WITHOUT ROWID");
  EXPECT_EQ(text.head, "create table t");
  EXPECT_THAT(
      text.definitions,
      ElementsAre("id blob not null", "name text check (length (name) < 9)",
                  "primary key (id, name)"));
  EXPECT_EQ(text.tail, "strict, without rowid");
}

TEST(ReadSchemaText, TakesAnIndexApart) {
  const SchemaText text = ReadSchemaText(
      "CREATE UNIQUE INDEX i ON t (a, ifnull(b, '')) WHERE c IS NULL");
  EXPECT_EQ(text.head, "create unique index i on t");
  EXPECT_THAT(text.definitions, ElementsAre("a", "ifnull (b, '')"));
  EXPECT_EQ(text.tail, "where c is null");
}

TEST(ReadSchemaText, LayoutCaseAndCommentsDoNotMatter) {
  EXPECT_EQ(ReadSchemaText("CREATE TABLE t(a TEXT CHECK(a<>'X'))STRICT"),
            ReadSchemaText("create  table T -- a comment, (of course)\n"
                           "(A text /* , b */ check\t( a <> 'X' ) ) strict"));
}

TEST(ReadSchemaText, WhatIsQuotedDoes) {
  const auto definition = [](const std::string& text) {
    return ReadSchemaText("CREATE TABLE t (" + text + ")").definitions;
  };
  EXPECT_THAT(definition("a CHECK (a <> 'x, --')"),
              ElementsAre("a check (a <> 'x, --')"));
  EXPECT_THAT(definition("a CHECK (a <> 'it''s ,')"),
              ElementsAre("a check (a <> 'it''s ,')"));
  EXPECT_THAT(definition("\"A, (\", [B )], `c``,`"),
              ElementsAre("\"A, (\"", "[B )]", "`c``,`"));
  EXPECT_NE(definition("a CHECK (a <> 'x')"), definition("a CHECK (a <> 'X')"));
}

TEST(ReadSchemaText, TakesAnyText) {
  for (const char* text : {"", "(", ")", "'", "/*", "--", "(((", "a, b", "t (a",
                           "t (a))", "\"", "[", "\xff\xfe(\xff"}) {
    EXPECT_EQ(ReadSchemaText(text), ReadSchemaText(text)) << text;
  }
  EXPECT_THAT(ReadSchemaText("t (a").definitions, ElementsAre("a"));
  EXPECT_THAT(ReadSchemaText("view").definitions, IsEmpty());
}

TEST(ChecksIn, FindsEveryCondition) {
  EXPECT_THAT(
      ChecksIn("a integer not null default 0 check (a between 0 and 4)"),
      ElementsAre("a between 0 and 4"));
  EXPECT_THAT(ChecksIn("a check (a > 0) check (length (a) = (9))"),
              ElementsAre("a > 0", "length (a) = (9)"));
  EXPECT_THAT(ChecksIn("a text"), IsEmpty());
  EXPECT_THAT(ChecksIn("a check"), IsEmpty());
}

TEST(ColumnOf, TellsColumnsFromConstraintsOfTheTable) {
  EXPECT_EQ(ColumnOf("name text not null"), "name");
  for (const char* constraint :
       {"", "primary key (a)", "check (a = b)", "foreign key (a) references t",
        "unique (a)", "constraint c check (a)"}) {
    EXPECT_EQ(ColumnOf(constraint), "") << constraint;
  }
}

}  // namespace
}  // namespace signet::sqlite
