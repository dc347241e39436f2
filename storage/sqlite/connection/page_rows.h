// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_PAGE_ROWS_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_PAGE_ROWS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/page_filler.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

// Keys, as blobs, that compare as smaller and as greater than every UUID, time
// and (the latter) text in a column: where a listing starts.
inline constexpr std::span<const uint8_t> kBeforeAll = {};
inline constexpr std::array<uint8_t, 17> kBehindAll = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

// The least text behind all those that begin with `prefix`, byte by byte;
// nothing if none is. In SQL, ifnull(it, x'ff') is behind them in any case.
inline std::optional<std::string> EndOfPrefix(std::string_view prefix) {
  while (prefix.ends_with('\xff')) prefix.remove_suffix(1);
  if (prefix.empty()) return std::nullopt;
  std::string end(prefix);
  ++end.back();
  return end;
}

// The page that `query` asks for out of `rows`, which are those behind its
// position, in order. Steps no further than it must. `take` hands a row to the
// filler it is given.
template <typename Page, typename Query, typename TakeRow>
absl::StatusOr<Page> FillPage(Rows&& rows, const Query& query, TakeRow take) {
  storage::PageFiller<Page, Query> filler(query);
  while (rows.Next()) {
    if (filler.complete()) {
      filler.SetMore();
      break;
    }
    take(rows, filler);
  }
  if (!rows.status().ok()) return rows.status();
  return std::move(filler).Finish();
}

// The same of rows that are read whole.
template <typename Page, typename Query, typename ReadRow>
absl::StatusOr<Page> ReadPage(Rows&& rows, const Query& query, ReadRow read) {
  return FillPage<Page>(
      std::move(rows), query,
      [&read](Rows& row, auto& filler) { filler.Take(read(row)); });
}

// All rows.
template <typename ReadRow>
auto ReadAll(Rows rows, ReadRow read)
    -> absl::StatusOr<std::vector<decltype(read(rows))>> {
  std::vector<decltype(read(rows))> all;
  while (rows.Next()) all.push_back(read(rows));
  if (!rows.status().ok()) return rows.status();
  return all;
}

// The first row. NOT_FOUND, with `missing`: there is none.
template <typename ReadRow>
auto ReadOne(Rows rows, const char* missing, ReadRow read)
    -> absl::StatusOr<decltype(read(rows))> {
  if (!rows.Next()) {
    return rows.status().ok() ? absl::NotFoundError(missing) : rows.status();
  }
  auto row = read(rows);
  if (!rows.status().ok()) return rows.status();
  return row;
}

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_PAGE_ROWS_H_
