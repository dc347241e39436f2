// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/schema_text.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signet::sqlite {
namespace {

bool IsWordChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '$' || (c & 0x80) != 0;
}

// Behind the quoted text that begins at `begin`: a quote in it is doubled.
size_t EndOfQuoted(std::string_view sql, size_t begin) {
  const char close = sql[begin] == '[' ? ']' : sql[begin];
  size_t i = begin + 1;
  while (i < sql.size()) {
    if (sql[i++] != close) continue;
    if (close == ']' || i == sql.size() || sql[i] != close) return i;
    ++i;
  }
  return i;
}

// Behind the space or the comment at `begin`; `begin` where there is none.
size_t EndOfSpace(std::string_view sql, size_t begin) {
  const std::string_view rest = sql.substr(begin);
  if (absl::ascii_isspace(static_cast<unsigned char>(rest[0]))) {
    return begin + 1;
  }
  const char* end = nullptr;
  if (rest.starts_with("--")) end = "\n";
  if (rest.starts_with("/*")) end = "*/";
  if (end == nullptr) return begin;
  const size_t found = rest.find(end, 2);
  return found == rest.npos ? sql.size()
                            : begin + found + std::string_view(end).size();
}

size_t EndOfToken(std::string_view sql, size_t begin) {
  if (std::string_view("'\"`[").find(sql[begin]) != std::string_view::npos) {
    return EndOfQuoted(sql, begin);
  }
  size_t end = begin;
  while (end < sql.size() && IsWordChar(sql[end])) ++end;
  if (end > begin) return end;
  constexpr std::string_view kPairs[] = {
      "<>", "<=", ">=", "!=", "==", "||", "<<", ">>"};
  for (const std::string_view pair : kPairs) {
    if (sql.substr(begin).starts_with(pair)) return begin + pair.size();
  }
  return begin + 1;
}

std::vector<std::string> TokensOf(std::string_view sql) {
  std::vector<std::string> tokens;
  for (size_t i = 0; i < sql.size();) {
    const size_t space = EndOfSpace(sql, i);
    if (space > i) {
      i = space;
      continue;
    }
    const size_t end = EndOfToken(sql, i);
    std::string token(sql.substr(i, end - i));
    if (IsWordChar(token[0])) absl::AsciiStrToLower(&token);
    tokens.push_back(std::move(token));
    i = end;
  }
  return tokens;
}

std::string Join(std::span<const std::string> tokens) {
  std::string text;
  std::string_view before = "(";
  for (const std::string& token : tokens) {
    const bool tight = before == "(" || token == ")" || token == ",";
    absl::StrAppend(&text, tight ? "" : " ", token);
    before = token;
  }
  return text;
}

// Of the parenthesis at `open`: where the one that closes it is, or the end.
size_t ClosingOf(std::span<const std::string> tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i] == "(") ++depth;
    if (tokens[i] == ")" && --depth == 0) return i;
  }
  return tokens.size();
}

}  // namespace

SchemaText ReadSchemaText(std::string_view sql) {
  const std::vector<std::string> all = TokensOf(sql);
  const std::span<const std::string> tokens(all);
  const auto open =
      static_cast<size_t>(std::find(all.begin(), all.end(), "(") - all.begin());
  const size_t close = ClosingOf(tokens, open);
  SchemaText text = {
      .head = Join(tokens.first(open)), .definitions = {}, .tail = ""};
  if (open == tokens.size()) return text;
  size_t begin = open + 1;
  int depth = 0;
  for (size_t i = begin; i < close; ++i) {
    if (tokens[i] == "(") ++depth;
    if (tokens[i] == ")") --depth;
    if (depth != 0 || tokens[i] != ",") continue;
    text.definitions.push_back(Join(tokens.subspan(begin, i - begin)));
    begin = i + 1;
  }
  text.definitions.push_back(Join(tokens.subspan(begin, close - begin)));
  if (close < tokens.size()) text.tail = Join(tokens.subspan(close + 1));
  return text;
}

std::vector<std::string> ChecksIn(const std::string& definition) {
  const std::vector<std::string> all = TokensOf(definition);
  const std::span<const std::string> tokens(all);
  std::vector<std::string> checks;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i] != "check" || tokens[i + 1] != "(") continue;
    const size_t close = ClosingOf(tokens, i + 1);
    checks.push_back(Join(tokens.subspan(i + 2, close - (i + 2))));
    i = close;
  }
  return checks;
}

std::string ColumnOf(const std::string& definition) {
  const std::vector<std::string> tokens = TokensOf(definition);
  if (tokens.empty()) return "";
  for (const char* word :
       {"constraint", "primary", "unique", "check", "foreign"}) {
    if (tokens[0] == word) return "";
  }
  return tokens[0];
}

}  // namespace signet::sqlite
