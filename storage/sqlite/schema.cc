// SPDX-License-Identifier: Apache-2.0
//
// Signet's schema, step by step. Ids are 16-byte BLOBs, times nine-byte ones
// (time_column.h), enumerations the integers of records.h. Ids and public ids
// rise with time, so rows are added at the right-hand edge of each tree.

#include "storage/sqlite/migration.h"

namespace signet {
namespace {

// Tokens have a table of their own because a service account keeps the old one
// for a while when it is rotated; token_public_id names the current one.
// Indexes cover what still grants something, as only that is looked up per
// call.
constexpr char kAccountsTokensAuthorizations[] = R"sql(
CREATE TABLE accounts (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  created_at BLOB NOT NULL CHECK (length(created_at) = 9)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_accounts (
  account_id BLOB NOT NULL REFERENCES accounts (id),
  id BLOB NOT NULL CHECK (length(id) = 16),
  name TEXT NOT NULL CHECK (name <> ''),
  token_public_id TEXT NOT NULL CHECK (token_public_id <> ''),
  created_at BLOB NOT NULL CHECK (length(created_at) = 9),
  updated_at BLOB NOT NULL CHECK (length(updated_at) = 9),
  created_by_user_id BLOB CHECK (length(created_by_user_id) = 16),
  last_used_at BLOB CHECK (length(last_used_at) = 9),
  revoked_at BLOB CHECK (length(revoked_at) = 9),
  revoked_by_user_id BLOB CHECK (length(revoked_by_user_id) = 16),
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  public_id TEXT NOT NULL PRIMARY KEY CHECK (public_id <> ''),
  account_id BLOB NOT NULL,
  service_account_id BLOB NOT NULL,
  prefix TEXT NOT NULL,
  last4 TEXT NOT NULL,
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 4294967295),
  mac BLOB NOT NULL CHECK (length(mac) = 32),
  created_at BLOB NOT NULL CHECK (length(created_at) = 9),
  expires_at BLOB CHECK (length(expires_at) = 9),
  FOREIGN KEY (account_id, service_account_id)
    REFERENCES service_accounts (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE authorizations (
  id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  account_id BLOB NOT NULL REFERENCES accounts (id),
  grant_kind INTEGER NOT NULL CHECK (grant_kind BETWEEN 1 AND 3),
  subject_type INTEGER NOT NULL CHECK (subject_type BETWEEN 1 AND 3),
  subject_id TEXT NOT NULL CHECK (subject_id <> ''),
  capability_key TEXT CHECK (capability_key <> ''),
  resource_type TEXT CHECK (resource_type <> ''),
  resource_id BLOB CHECK (length(resource_id) = 16),
  created_at BLOB NOT NULL CHECK (length(created_at) = 9),
  revoked_at BLOB CHECK (length(revoked_at) = 9),
  CHECK ((grant_kind = 1) = (capability_key IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX authorizations_in_force
  ON authorizations (subject_type, subject_id, account_id)
  WHERE revoked_at IS NULL;

CREATE INDEX super_admins_in_force
  ON authorizations (subject_type, subject_id)
  WHERE grant_kind = 3 AND revoked_at IS NULL;
)sql";

constexpr Migration kMigrations[] = {
    {kAccountsTokensAuthorizations},
};

}  // namespace

std::span<const Migration> SchemaMigrations() { return kMigrations; }

}  // namespace signet
