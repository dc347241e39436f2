// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/sqlite_error.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::Not;

struct Case {
  const char* name;
  int sqlite;
  StatusCode status;
  const char* reason;  // As every status has one, see GetErrorDetail().
};

class SqliteErrorTest : public testing::TestWithParam<Case> {};

TEST_P(SqliteErrorTest, HasItsStatus) {
  const Case& c = GetParam();
  EXPECT_THAT(SqliteError(c.sqlite, "driver's words"),
              ErrorIs(c.status, c.reason));
}

// Nor does an operator, but of a mistake of ours.
TEST_P(SqliteErrorTest, ClientsNeverSeeTheDriversWords) {
  const absl::Status status = SqliteError(GetParam().sqlite, "driver's words");
  if (status.code() == StatusCode::kInternal) {
    EXPECT_THAT(std::string(status.message()), HasSubstr("driver's words"));
  } else {
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("driver")));
  }
}

constexpr char kStorageUnavailable[] = "STORAGE_UNAVAILABLE";

INSTANTIATE_TEST_SUITE_P(
    Codes, SqliteErrorTest,
    testing::Values(
        Case{"PrimaryKey", SQLITE_CONSTRAINT_PRIMARYKEY,
             StatusCode::kAlreadyExists, "ALREADY_EXISTS"},
        Case{"Unique", SQLITE_CONSTRAINT_UNIQUE, StatusCode::kAlreadyExists,
             "ALREADY_EXISTS"},
        Case{"ForeignKey", SQLITE_CONSTRAINT_FOREIGNKEY,
             StatusCode::kFailedPrecondition, "FAILED_PRECONDITION"},
        Case{"Check", SQLITE_CONSTRAINT_CHECK, StatusCode::kInternal,
             "INTERNAL"},
        Case{"DataType", SQLITE_CONSTRAINT_DATATYPE, StatusCode::kInternal,
             "INTERNAL"},
        Case{"Corrupt", SQLITE_CORRUPT, StatusCode::kDataLoss, "DATA_LOSS"},
        Case{"CorruptIndex", SQLITE_CORRUPT_INDEX, StatusCode::kDataLoss,
             "DATA_LOSS"},
        Case{"NotADatabase", SQLITE_NOTADB, StatusCode::kDataLoss, "DATA_LOSS"},
        Case{"Full", SQLITE_FULL, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"IndexOfTheLog", SQLITE_IOERR_SHMSIZE, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"Sync", SQLITE_IOERR_FSYNC, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"Busy", SQLITE_BUSY, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"BusySnapshot", SQLITE_BUSY_SNAPSHOT, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"ReadOnly", SQLITE_READONLY, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"NoMemory", SQLITE_NOMEM, StatusCode::kUnavailable,
             kStorageUnavailable},
        Case{"Misuse", SQLITE_MISUSE, StatusCode::kInternal, "INTERNAL"},
        Case{"Error", SQLITE_ERROR, StatusCode::kInternal, "INTERNAL"}),
    [](const auto& info) { return info.param.name; });

TEST(IsEngineFailure, TellsTheMediumFromTheQuestion) {
  EXPECT_TRUE(IsEngineFailure(SqliteError(SQLITE_FULL, "")));
  EXPECT_TRUE(IsEngineFailure(SqliteError(SQLITE_CORRUPT, "")));
  EXPECT_FALSE(IsEngineFailure(SqliteError(SQLITE_CONSTRAINT_UNIQUE, "")));
  EXPECT_FALSE(IsEngineFailure(SqliteError(SQLITE_CONSTRAINT_CHECK, "")));
  EXPECT_FALSE(IsEngineFailure(absl::OkStatus()));
}

}  // namespace
}  // namespace signet::sqlite
