// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_PAGE_FILLER_H_
#define SIGNET_STORAGE_PAGE_FILLER_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "storage/queries.h"

namespace signet::storage {

// The place of a row in the listing that the query asks for.
ServiceAccountPosition PositionOf(const ServiceAccountRecord& record,
                                  const ServiceAccountQuery& query);
Uuid PositionOf(const AuthorizationRecord& record, const AuthorizationQuery&);
uint64_t PositionOf(const AuditEventRecord& record, const AuditQuery&);

inline bool Matches(const ServiceAccountQuery& query,
                    const ServiceAccountRecord& record) {
  return query.filter.Matches(record);
}
template <typename Query, typename Record>
bool Matches(const Query& query, const Record& record) {
  return query.Matches(record);
}

// For engines: makes a page of the rows behind the query's position, handed
// over one by one in the order of the listing.
//
//   while (there is another row) {
//     if (filler.complete()) {
//       filler.SetMore();
//       break;
//     }
//     filler.Take(the row);
//   }
//
// Where a part of a row costs much to read and no condition is about it,
// instead of Take: `if (filler.Admits(the rest, its bytes)) filler.Add(all)`.
template <typename Page, typename Query>
class PageFiller {
 public:
  explicit PageFiller(const Query& query) : query_(query) {}

  // Whether no further row belongs on the page.
  bool complete() const {
    return looked_at_ >= query_.scan_limit ||
           static_cast<int>(page_.records.size()) >= query_.limit ||
           bytes_ >= query_.byte_limit ||
           bytes_looked_at_ >= query_.scan_byte_limit;
  }

  template <typename Record>
  void Take(Record record) {
    if (Admits(record, 0)) Add(std::move(record));
  }

  // Looks at a row. Whether it belongs on the page.
  template <typename Record>
  bool Admits(const Record& record, int64_t unread_bytes) {
    ++looked_at_;
    bytes_looked_at_ += BytesOf(record) + unread_bytes;
    last_ = PositionOf(record, query_);
    return Matches(query_, record);
  }

  template <typename Record>
  void Add(Record record) {
    bytes_ += BytesOf(record);
    page_.records.push_back(std::move(record));
  }

  // A row lies behind the page.
  void SetMore() { page_.next = last_; }

  Page Finish() && { return std::move(page_); }

 private:
  const Query& query_;
  Page page_;
  int looked_at_ = 0;
  int64_t bytes_ = 0;  // Of the page.
  int64_t bytes_looked_at_ = 0;
  decltype(Page::next) last_;
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_PAGE_FILLER_H_
