// SPDX-License-Identifier: Apache-2.0
//
// Signet's schema, step by step. Ids are 16-byte BLOBs, times nine-byte ones
// (time_column.h), enumerations the integers of records.h. Ids and public ids
// rise with time, so rows are added at the right-hand edge of each tree.

#include "storage/sqlite/schema/migration.h"

namespace signet::sqlite {
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

constexpr char kAddEnded[] = R"sql(
ALTER TABLE tokens ADD COLUMN
  ended INTEGER NOT NULL DEFAULT 0 CHECK (ended BETWEEN 0 AND 1);
)sql";
constexpr char kHasEnded[] =
    "SELECT count(*) FROM pragma_table_info('tokens') WHERE name = 'ended'";

// A replaced token has ended where a later change of its service account shows
// that its time was over. Two equal grants in force become one: the others
// count as revoked when they were made, since they never gave anything.
//
// '' comes before every text that is not empty, and before every blob.
constexpr Migration::RowWork kEndAndRevoke[] = {
    {.what = "tokens that have ended",
     .next = R"sql(
SELECT max(public_id), count(*) FROM
  (SELECT public_id FROM tokens WHERE public_id > ifnull(?1, '')
   ORDER BY public_id LIMIT 10000))sql",
     .change = R"sql(
UPDATE tokens SET ended = 1
WHERE public_id > ifnull(?1, '') AND public_id <= ?2
  AND retires_at IS NOT NULL AND ended = 0 AND retires_at <=
    (SELECT updated_at FROM service_accounts AS s
     WHERE s.account_id = tokens.account_id
     AND s.id = tokens.service_account_id))sql"},
    {.what = "grants that were given twice",
     .next = R"sql(
SELECT max(id), count(*) FROM
  (SELECT id FROM authorizations WHERE id > ifnull(?1, '')
   ORDER BY id LIMIT 10000))sql",
     .change = R"sql(
UPDATE authorizations AS later SET revoked_at = created_at
WHERE id > ifnull(?1, '') AND id <= ?2 AND revoked_at IS NULL AND EXISTS
  (SELECT 1 FROM authorizations AS first INDEXED BY authorizations_in_force
   WHERE first.revoked_at IS NULL
   AND first.subject_type = later.subject_type
   AND first.subject_id = later.subject_id
   AND first.account_id = later.account_id
   AND first.id < later.id
   AND first.grant_kind = later.grant_kind
   AND first.capability_key IS later.capability_key
   AND first.resource_type IS later.resource_type
   AND first.resource_id IS later.resource_id))sql"},
};

// A token is in tokens_overlapping from a rotation with an overlap to the next
// rotation; a replaced one stays in tokens_replaced until it is deleted.
//
// The index of grants in force keeps the same from being given twice, too.
constexpr char kSealsAndStates[] = R"sql(
ALTER TABLE tokens ADD COLUMN not_before BLOB CHECK (length(not_before) = 9);
ALTER TABLE tokens ADD COLUMN seal BLOB CHECK (length(seal) = 36);

ALTER TABLE service_accounts ADD COLUMN owner TEXT CHECK (owner <> '');
ALTER TABLE service_accounts ADD COLUMN
  allowed_addresses TEXT CHECK (allowed_addresses <> '');
ALTER TABLE service_accounts ADD COLUMN
  token_shown_to TEXT CHECK (token_shown_to <> '');
ALTER TABLE service_accounts ADD COLUMN
  seal BLOB CHECK (length(seal) = 36);

ALTER TABLE authorizations ADD COLUMN
  subject_issuer TEXT CHECK (subject_issuer <> '');
ALTER TABLE authorizations ADD COLUMN seal BLOB CHECK (length(seal) = 36);

CREATE INDEX tokens_overlapping ON tokens (account_id, service_account_id)
  WHERE retires_at IS NOT NULL AND ended = 0;

DROP INDEX authorizations_in_force;
CREATE UNIQUE INDEX authorizations_in_force ON authorizations
  (subject_type, subject_id, account_id, grant_kind, ifnull(capability_key, ''),
   ifnull(resource_type, ''), ifnull(resource_id, x''),
   ifnull(subject_issuer, ''))
  WHERE revoked_at IS NULL;

CREATE INDEX owners_in_force ON authorizations (account_id, id)
  WHERE grant_kind = 2 AND revoked_at IS NULL;
CREATE INDEX service_accounts_by_id ON service_accounts (id);

CREATE TABLE audit_heads (
  writer TEXT NOT NULL PRIMARY KEY,
  events INTEGER NOT NULL CHECK (events >= 0),
  accounts INTEGER NOT NULL CHECK (accounts >= 0),
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr Migration kMigrations[] = {
    {.sql = kAccountsTokensAuthorizations},
    {.sql = kLifeOfATokenAudit},
    {.sql = kSealsAndStates,
     .work = kEndAndRevoke,
     .prepare = kAddEnded,
     .is_prepared = kHasEnded},
};

}  // namespace

std::span<const Migration> SchemaMigrations() { return kMigrations; }

}  // namespace signet::sqlite
