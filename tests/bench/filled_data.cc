// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/filled_data.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "crypto/mac_keyring.h"
#include "crypto/system_random.h"
#include "server/config/config.h"
#include "server/domain/token_issue.h"
#include "server/seal/seal.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/bench/options.h"

namespace signet {
namespace {

constexpr int kRowsFilledAtOnce = 10000;

}  // namespace

FilledData FillData(const std::string& data_dir, const std::string& account_id,
                    int count, const FillOptions& options) {
  crypto::SystemRandom random;
  config::ServerConfig config;
  config.data_dir = data_dir;
  const auto keyring = OrDie(crypto::MacKeyring::Load(
      config.TokenKeysPath(), /*create_if_missing=*/false, random));
  const auto store = OrDie(sqlite::SqliteStore::Open({.directory = data_dir}));
  const std::optional<Uuid> account = Uuid::Parse(account_id);
  if (!account.has_value()) Die(absl::InvalidArgumentError("account id"));

  FilledData filled;
  if (options.first_owns) {
    const absl::Status made =
        storage::WriteAndWait(*store, [&account](storage::WriteTxn& txn) {
          return txn.EnsureAccount(*account, absl::Now());
        });
    if (!made.ok()) Die(made);
  }
  // In the past, so that what the server creates is newer.
  const absl::Time start = absl::Now() - absl::Milliseconds(count);
  for (int done = 0; done < count; done += kRowsFilledAtOnce) {
    std::vector<storage::ServiceAccountRecord> records;
    for (int i = done; i < std::min(count, done + kRowsFilledAtOnce); ++i) {
      const absl::Time at = start + absl::Milliseconds(i);
      domain::IssuedToken issued =
          domain::IssueToken("hbx_sa", at, std::nullopt, *keyring, random);
      storage::ServiceAccountRecord record;
      record.account_id = *account;
      record.id = Uuid::V7(at, random);
      record.name = absl::StrFormat("pipeline %08d", i * 7919LL % 100000000);
      record.created_at = issued.record.created_at;
      record.updated_at = issued.record.created_at;
      record.token = issued.record;
      if (options.label_bytes > 0) {
        record.labels["note"] = std::string(options.label_bytes, 'x');
      }
      filled.ids.push_back(record.id.ToString());
      filled.tokens.emplace_back(issued.text.Expose());
      records.push_back(std::move(record));
    }
    const absl::Status written =
        storage::WriteAndWait(*store, [&](storage::WriteTxn& txn) {
          for (const storage::ServiceAccountRecord& record : records) {
            absl::Status s =
                txn.InsertServiceAccount(seal::Sealed(*keyring, record));
            if (!s.ok()) return s;
          }
          return absl::OkStatus();
        });
    if (!written.ok()) Die(written);
  }
  if (options.first_owns) {
    storage::AuthorizationRecord grant;
    grant.id = Uuid::V7(start, random);
    grant.account_id = *account;
    grant.grant_kind = storage::GrantKind::kAccountOwner;
    grant.subject = {.type = storage::SubjectType::kServiceAccount,
                     .id = filled.ids.front()};
    grant.created_at = start;
    grant.seal = seal::MakeSeal(*keyring, grant);
    const absl::Status owned =
        storage::WriteAndWait(*store, [&grant](storage::WriteTxn& txn) {
          return txn.InsertAuthorization(grant);
        });
    if (!owned.ok()) Die(owned);
  }
  return filled;
}

}  // namespace signet
