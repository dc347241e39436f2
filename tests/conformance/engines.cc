// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

std::unique_ptr<Store> OpenMemory(const std::string&) {
  return std::make_unique<memory::MemoryStore>();
}

std::unique_ptr<Store> OpenSqlite(const std::string& directory) {
  absl::StatusOr<std::unique_ptr<sqlite::SqliteStore>> store =
      sqlite::SqliteStore::Open({.directory = directory});
  EXPECT_THAT(store, IsOk());
  return *std::move(store);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, StoreConformance,
    testing::Values(Engine{.name = "Memory",
                           .open = &OpenMemory,
                           .outlives_process = false},
                    Engine{.name = "Sqlite", .open = &OpenSqlite}),
    [](const testing::TestParamInfo<Engine>& info) { return info.param.name; });

}  // namespace
}  // namespace signet::storage
