// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/filled_data.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/config.h"
#include "server/crypto/mac_keyring.h"
#include "server/crypto/system_random.h"
#include "server/domain/token_issue.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/options.h"

namespace signet {
namespace {

constexpr int kRowsFilledAtOnce = 10000;

}  // namespace

FilledData FillData(const std::string& data_dir, const std::string& account_id,
                    int count) {
  SystemRandom random;
  ServerConfig config;
  config.data_dir = data_dir;
  const auto keyring = OrDie(MacKeyring::Load(
      config.TokenKeysPath(), /*create_if_missing=*/false, random));
  const auto store = OrDie(SqliteStore::Open({.directory = data_dir}));
  const std::optional<Uuid> account = Uuid::Parse(account_id);
  if (!account.has_value()) Die(absl::InvalidArgumentError("account id"));

  const absl::Status account_there =
      WriteAndWait(*store, [&account](WriteTxn& txn) {
        return txn.EnsureAccount(*account, absl::Now());
      });
  if (!account_there.ok()) Die(account_there);

  FilledData filled;
  // In the past, so that what the server creates is newer.
  const absl::Time start = absl::Now() - absl::Milliseconds(count);
  for (int done = 0; done < count; done += kRowsFilledAtOnce) {
    std::vector<ServiceAccountRecord> records;
    for (int i = done; i < std::min(count, done + kRowsFilledAtOnce); ++i) {
      const absl::Time at = start + absl::Milliseconds(i);
      IssuedToken issued =
          IssueToken("hbx_sa", at, std::nullopt, *keyring, random);
      ServiceAccountRecord record;
      record.account_id = *account;
      record.id = Uuid::V7(at, random);
      record.name = absl::StrFormat("pipeline %08d", i * 7919LL % 100000000);
      record.created_at = issued.record.created_at;
      record.updated_at = issued.record.created_at;
      record.token = issued.record;
      filled.ids.push_back(record.id.ToString());
      filled.tokens.emplace_back(issued.text.Expose());
      records.push_back(std::move(record));
    }
    const absl::Status written =
        WriteAndWait(*store, [&records](WriteTxn& txn) {
          for (const ServiceAccountRecord& record : records) {
            if (absl::Status s = txn.InsertServiceAccount(record); !s.ok())
              return s;
          }
          return absl::OkStatus();
        });
    if (!written.ok()) Die(written);
  }
  return filled;
}

}  // namespace signet
