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

// Listings in an order of their own have an index that every row is in; the
// other new indexes hold only what was revoked, replaced or will expire.
//
// last_use is what NULL cannot be, a part of a row value that is compared. It
// is a column and not an expression because SQLite searches an index for a row
// value of columns only.
//
// tokens loses its foreign key: to delete a service account, SQLite would have
// to see that no token refers to it, and search all of them, there being no
// index for it that a create need not write.
constexpr char kLifeOfATokenAudit[] = R"sql(
ALTER TABLE service_accounts ADD COLUMN
  revoke_reason INTEGER NOT NULL DEFAULT 0 CHECK (revoke_reason BETWEEN 0 AND 4);
ALTER TABLE service_accounts ADD COLUMN
  revoke_comment TEXT CHECK (revoke_comment <> '');
ALTER TABLE service_accounts ADD COLUMN
  description TEXT CHECK (description <> '');
ALTER TABLE service_accounts ADD COLUMN
  labels TEXT CHECK (labels <> '');
ALTER TABLE service_accounts ADD COLUMN
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled BETWEEN 0 AND 1);
ALTER TABLE service_accounts ADD COLUMN
  revision INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 0);
ALTER TABLE service_accounts ADD COLUMN
  last_use BLOB GENERATED ALWAYS AS (ifnull(last_used_at, x'')) VIRTUAL;

CREATE INDEX service_accounts_by_name
  ON service_accounts (account_id, name, id);
CREATE INDEX service_accounts_by_last_use
  ON service_accounts (account_id, last_use, id);
CREATE INDEX service_accounts_revoked
  ON service_accounts (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE renewed_tokens (
  public_id TEXT NOT NULL PRIMARY KEY CHECK (public_id <> ''),
  account_id BLOB NOT NULL CHECK (length(account_id) = 16),
  service_account_id BLOB NOT NULL CHECK (length(service_account_id) = 16),
  prefix TEXT NOT NULL,
  last4 TEXT NOT NULL,
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 4294967295),
  mac BLOB NOT NULL CHECK (length(mac) = 32),
  created_at BLOB NOT NULL CHECK (length(created_at) = 9),
  expires_at BLOB CHECK (length(expires_at) = 9),
  retires_at BLOB CHECK (length(retires_at) = 9)
) STRICT, WITHOUT ROWID;
INSERT INTO renewed_tokens
  SELECT public_id, account_id, service_account_id, prefix, last4, key_version,
    mac, created_at, expires_at, NULL
  FROM tokens ORDER BY public_id;
DROP TABLE tokens;
ALTER TABLE renewed_tokens RENAME TO tokens;

CREATE INDEX tokens_replaced
  ON tokens (account_id, service_account_id) WHERE retires_at IS NOT NULL;
CREATE INDEX tokens_expiring
  ON tokens (expires_at) WHERE expires_at IS NOT NULL AND retires_at IS NULL;

CREATE INDEX authorizations_by_account ON authorizations (account_id, id);

CREATE TABLE audit_events (
  account_id BLOB NOT NULL REFERENCES accounts (id),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  at BLOB NOT NULL CHECK (length(at) = 9),
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL,
  peer TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  details TEXT NOT NULL,
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 4294967295),
  mac BLOB NOT NULL CHECK (length(mac) = 32),
  PRIMARY KEY (account_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_chains (
  account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (id),
  first_sequence INTEGER NOT NULL CHECK (first_sequence >= 1),
  mac_before_first BLOB NOT NULL CHECK (length(mac_before_first) = 32),
  last_sequence INTEGER NOT NULL,
  last_mac BLOB NOT NULL CHECK (length(last_mac) = 32),
  key_version INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 4294967295),
  mac BLOB NOT NULL CHECK (length(mac) = 32),
  CHECK (last_sequence >= first_sequence - 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
  lookup BLOB NOT NULL PRIMARY KEY CHECK (length(lookup) = 32),
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
  sealed BLOB NOT NULL,
  created_at BLOB NOT NULL CHECK (length(created_at) = 9)
) STRICT, WITHOUT ROWID;

CREATE INDEX replays_by_age ON replays (created_at);

CREATE TABLE watermarks (
  name TEXT NOT NULL PRIMARY KEY,
  time BLOB NOT NULL CHECK (length(time) = 9)
) STRICT, WITHOUT ROWID;
)sql";

constexpr Migration kMigrations[] = {
    {kAccountsTokensAuthorizations},
    {kLifeOfATokenAudit},
};

}  // namespace

std::span<const Migration> SchemaMigrations() { return kMigrations; }

}  // namespace signet
