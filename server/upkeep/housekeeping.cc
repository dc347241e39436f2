// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/housekeeping.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/rfc3339.h"
#include "server/domain/idempotency.h"
#include "server/upkeep/audit_retention.h"
#include "server/upkeep/watermark.h"

namespace signet::upkeep {
namespace {

constexpr int kIdempotencyRecordsPerWrite = 100;
constexpr int kPurgesPerWrite = 20;
constexpr int kNoticesPerWrite = 100;
// That a transaction revokes; an event is written for each.
constexpr int kGrantsPerWrite = 100;
// Replaced ones that a transaction deletes.
constexpr int kTokensPerWrite = 200;
// Who expires before this time was announced, if created before the other one.
constexpr std::string_view kNoticeWatermark = "expiry_notice";
constexpr std::string_view kNoticeCreatedWatermark = "expiry_notice_created";
// Of all processes that use the database, one keeps house at a time.
constexpr std::string_view kLock = "housekeeping";
// A token is in the store, and seen, this long after its creation.
constexpr absl::Duration kSettling = absl::Seconds(10);

// `span` before `now`, or as long ago as the store can say.
absl::Time Ago(absl::Time now, absl::Duration span) {
  return std::max(now - span, MinTimestamp());
}

// Revokes up to `limit` of what the service account was granted, on whatever
// account: nobody is left to hold it. The number revoked.
absl::StatusOr<int> RevokeGrants(storage::WriteTxn& txn,
                                 const audit::AuditLog& audit,
                                 const storage::ServiceAccountRecord& dead,
                                 absl::Time now, int limit) {
  const storage::Subject subject = {
      .type = storage::SubjectType::kServiceAccount, .id = dead.id.ToString()};
  const absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
      txn.ListGrantsOf(subject, {}, limit);
  if (!held.ok()) return held.status();
  for (const storage::AuthorizationRecord& grant : *held) {
    absl::Status status = txn.RevokeAuthorization(grant.account_id, grant.id,
                                                  now, storage::Seal());
    if (status.ok()) {
      status = audit.AppendSystem(
          txn, grant.account_id, now,
          {.action = "authorization.revoke",
           .resource_type = std::string(audit::kAuthorizationResource),
           .resource_id = grant.id.ToString()});
    }
    if (!status.ok()) return status;
  }
  return static_cast<int>(held->size());
}

}  // namespace

// Which service accounts to announce, and the watermark that says so.
struct Housekeeping::NoticeWindow {
  std::string_view watermark;
  std::optional<absl::Time> mark;  // As it is while nobody else announces.
  absl::Time expires_from;
  absl::Time expires_until;
  absl::Time created_from;
  absl::Time created_until;
};

void Housekeeping::Run(absl::Time now, Stopping stopping) {
  // As times are recorded.
  now = WholeMicros(now);
  const auto check = [this](std::string_view job, const absl::Status& status) {
    if (status.ok()) return;
    logger_->Warning("a periodic job failed",
                     {{"job", job},
                      {"code", CodeName(status.code())},
                      {"error", std::string(status.message())}});
  };
  const absl::StatusOr<std::unique_ptr<storage::StoreLock>> lock =
      store_->TryLock(kLock);
  check("lock", lock.status());
  if (!lock.ok() || *lock == nullptr) return;
  check("forget_replays", ForgetIdempotencyRecords(now, stopping));
  check("purge", Purge(now, stopping));
  check("announce_expiry", Announce(now, stopping));
  check("trim_audit", TrimAudit(now, stopping));
}

absl::Status Housekeeping::ForgetIdempotencyRecords(absl::Time now,
                                                    Stopping stopping) {
  int removed = 0;
  do {
    if (stopping()) return absl::OkStatus();
    absl::Status status =
        storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
          const absl::StatusOr<int> result = txn.DeleteIdempotencyRecordsBefore(
              Ago(now, domain::kIdempotencyWindow),
              kIdempotencyRecordsPerWrite);
          removed = result.value_or(0);
          return result.status();
        });
    if (!status.ok()) return status;
  } while (removed == kIdempotencyRecordsPerWrite);
  return absl::OkStatus();
}

absl::Status Housekeeping::Purge(absl::Time now, Stopping stopping) {
  if (!policy_.purge_after.has_value()) return absl::OkStatus();
  const absl::Time before = Ago(now, *policy_.purge_after);
  PurgeStep step;
  do {
    if (stopping()) return absl::OkStatus();
    absl::Status status =
        storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
          absl::StatusOr<PurgeStep> done = PurgeSome(txn, before, now);
          if (done.ok()) step = *done;
          return done.status();
        });
    if (!status.ok()) return status;
    if (step.purged > 0) {
      logger_->Info("dead service accounts were purged",
                    {{"count", static_cast<int64_t>(step.purged)}});
    }
  } while (step.more);
  return absl::OkStatus();
}

absl::StatusOr<Housekeeping::PurgeStep> Housekeeping::PurgeSome(
    storage::WriteTxn& txn, absl::Time before, absl::Time now) const {
  const absl::StatusOr<std::vector<storage::ServiceAccountRecord>> dead =
      txn.ListDead(before, kPurgesPerWrite);
  if (!dead.ok()) return dead.status();
  PurgeStep step = {.purged = 0, .more = dead->size() == kPurgesPerWrite};
  int may_revoke = kGrantsPerWrite;
  int may_delete = kTokensPerWrite;
  for (const storage::ServiceAccountRecord& record : *dead) {
    const absl::StatusOr<int> revoked =
        RevokeGrants(txn, *audit_, record, now, may_revoke);
    if (!revoked.ok()) return revoked.status();
    may_revoke -= *revoked;
    // It may hold more, or have more tokens: the next step goes on with it.
    step.more = step.more || may_revoke == 0;
    if (may_revoke == 0) break;
    const absl::StatusOr<int> deleted =
        txn.DeleteReplacedTokens(record.account_id, record.id, may_delete);
    if (!deleted.ok()) return deleted.status();
    may_delete -= *deleted;
    step.more = step.more || may_delete == 0;
    if (may_delete == 0) break;
    absl::Status status = PurgeOne(txn, record, now);
    if (!status.ok()) return status;
    ++step.purged;
  }
  return step;
}

absl::Status Housekeeping::PurgeOne(storage::WriteTxn& txn,
                                    const storage::ServiceAccountRecord& dead,
                                    absl::Time now) const {
  absl::Status status = audit_->AppendSystem(
      txn, dead.account_id, now,
      {.action = "service_account.purge",
       .resource_type = std::string(audit::kServiceAccountResource),
       .resource_id = dead.id.ToString(),
       .details = {{"name", dead.name}}});
  if (status.ok()) {
    status = txn.DeleteServiceAccount(dead.account_id, dead.id);
  }
  return status;
}

absl::Status Housekeeping::Announce(absl::Time now, Stopping stopping) {
  if (!policy_.expiry_notice.has_value()) return absl::OkStatus();
  const absl::Time settled = Ago(now, kSettling);
  std::optional<absl::Time> mark;
  std::optional<absl::Time> created_mark;
  absl::Status status =
      storage::ReadAndWait(*store_, [&](storage::ReadTxn& txn) {
        absl::Status read = ReadWatermark(txn, kNoticeWatermark, mark);
        read.Update(ReadWatermark(txn, kNoticeCreatedWatermark, created_mark));
        return read;
      });
  if (!status.ok()) return status;

  // First who came since the last time, already within the notice. What has
  // expired is no news.
  if (settled > created_mark.value_or(absl::InfinitePast())) {
    status = AnnounceWindow({.watermark = kNoticeCreatedWatermark,
                             .mark = created_mark,
                             .expires_from = now,
                             .expires_until = mark.value_or(now),
                             .created_from = created_mark.value_or(settled),
                             .created_until = settled},
                            now, stopping);
    if (!status.ok()) return status;
  }
  return AnnounceWindow(
      {.watermark = kNoticeWatermark,
       .mark = mark,
       .expires_from = std::max(mark.value_or(now), now),
       .expires_until = std::min(now + *policy_.expiry_notice, MaxTimestamp()),
       .created_from = absl::InfinitePast(),
       .created_until = settled},
      now, stopping);
}

absl::Status Housekeeping::AnnounceWindow(NoticeWindow window, absl::Time now,
                                          Stopping stopping) {
  // The next are those that expire at `from`, with a token behind this one, and
  // all that expire later.
  absl::Time from = window.expires_from;
  std::string after;
  bool more = true;
  while (more) {
    if (stopping()) return absl::OkStatus();
    std::vector<storage::ServiceAccountRecord> found;
    absl::Status status = storage::ReadAndWait(
        *store_,
        [&](storage::ReadTxn& txn) {
          absl::StatusOr<std::vector<storage::ServiceAccountRecord>> page =
              txn.ListExpiring(from, after, window.expires_until,
                               kNoticesPerWrite);
          if (!page.ok()) return page.status();
          found = *std::move(page);
          return absl::OkStatus();
        },
        storage::ReadKind::kScan);
    if (!status.ok()) return status;
    more = found.size() == kNoticesPerWrite;
    from = more ? *found.back().token.expires_at : window.expires_until;
    after = more ? found.back().token.public_id : "";
    std::erase_if(found, [&](const storage::ServiceAccountRecord& record) {
      return record.token.created_at < window.created_from ||
             record.token.created_at >= window.created_until;
    });
    // How far this is, once all of them are told.
    std::optional<absl::Time> reached;
    if (window.watermark == kNoticeWatermark) {
      reached = std::max(from, window.expires_from);
    } else if (!more) {
      reached = window.created_until;
    }
    if (stopping()) return absl::OkStatus();
    bool moved = false;  // By another, which has told them.
    status = storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
      std::optional<absl::Time> mark;
      absl::Status told = ReadWatermark(txn, window.watermark, mark);
      moved = mark != window.mark;
      if (!told.ok() || moved) return told;
      told = Tell(txn, found, now);
      if (!told.ok() || !reached.has_value()) return told;
      return SetForward(txn, window.watermark, *reached);
    });
    if (!status.ok() || moved) return status;
    if (reached.has_value()) {
      window.mark =
          std::max(window.mark.value_or(absl::InfinitePast()), *reached);
    }
    for (const storage::ServiceAccountRecord& record : found) {
      logger_->Info("the token of a service account expires soon",
                    {{"account_id", record.account_id.ToString()},
                     {"service_account_id", record.id.ToString()},
                     {"expires_at", FormatRfc3339(*record.token.expires_at)}});
    }
  }
  return absl::OkStatus();
}

absl::Status Housekeeping::Tell(
    storage::WriteTxn& txn,
    std::span<const storage::ServiceAccountRecord> records,
    absl::Time now) const {
  for (const storage::ServiceAccountRecord& record : records) {
    absl::Status status = audit_->AppendSystem(
        txn, record.account_id, now,
        {.action = "service_account.expires_soon",
         .resource_type = std::string(audit::kServiceAccountResource),
         .resource_id = record.id.ToString(),
         .details = {{"expires_at", FormatRfc3339(*record.token.expires_at)}}});
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Housekeeping::TrimAudit(absl::Time now, Stopping stopping) {
  if (!policy_.audit_retention.has_value()) return absl::OkStatus();
  return TrimAuditLogs(*store_, *keyring_, *audit_, now,
                       Ago(now, *policy_.audit_retention), *logger_, stopping);
}

}  // namespace signet::upkeep
