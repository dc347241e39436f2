// SPDX-License-Identifier: Apache-2.0
#include "server/audit/denial_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/rfc3339.h"

namespace signet::audit {
namespace {

constexpr char kWatermark[] = "denials";

// After a transaction that failed.
constexpr absl::Duration kRetryPause = absl::Seconds(1);

// Whose denials are counted together: a user's, or those of an account's
// service accounts.
std::string TenantOf(const identity::Principal& principal) {
  return principal.home_account_id.has_value()
             ? principal.home_account_id->ToString()
             : principal.ToString();
}

// What an event says of a caller, without anything that authenticates.
identity::Caller Kept(const identity::Caller& caller) {
  identity::Caller kept;
  kept.principal.kind = caller.principal.kind;
  kept.principal.id = caller.principal.id;
  kept.request_id = caller.request_id;
  kept.peer = caller.peer;
  kept.user_agent = KeptUserAgent(caller.user_agent);
  return kept;
}

// Whether the store may do later what it does not now.
bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsAborted(status);
}

}  // namespace

void DenialLog::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void DenialLog::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  news_.Set();
  if (thread_.joinable()) thread_.join();
  const absl::Status status = Flush(/*all=*/true);
  LogLeftOut(absl::InfiniteFuture());
  if (status.ok()) return;
  logger_->Warning("denials are not in the audit log",
                   {{"code", CodeName(status.code())},
                    {"error", std::string(status.message())}});
}

void DenialLog::Note(const identity::Caller& caller,
                     std::string_view account_id, const AuditEntry& entry) {
  const std::optional<Uuid> account = Uuid::Parse(account_id);
  if (!account.has_value()) return;
  const absl::Time now = clock_->Now();
  Denial denial = {.caller = Kept(caller), .entry = entry, .at = now};
  Kind kind = {caller.principal.ToString(), entry.action, *account};
  std::string tenant = TenantOf(caller.principal);

  absl::MutexLock lock(&mutex_);
  if (const auto found = kinds_.find(kind); found != kinds_.end()) {
    Count& count = found->second;
    if (count.count++ == 0) count.first_at = now;
    // Of several resources no single one is named.
    const bool same = count.last.entry.resource_id == denial.entry.resource_id;
    if (count.count > 1 && !same) {
      denial.entry.resource_type.clear();
      denial.entry.resource_id.clear();
    }
    count.last = std::move(denial);
    return;
  }
  size_t& of_tenant = kinds_of_tenant_[tenant];
  if (kinds_.size() >= options_.max_kinds ||
      of_tenant >= options_.max_kinds_per_tenant) {
    if (of_tenant == 0) kinds_of_tenant_.erase(tenant);
    ++left_out_unsaid_;
    if (left_out_.size() < options_.max_kinds || left_out_.contains(*account)) {
      ++left_out_[*account];
    }
    return;
  }
  ++of_tenant;
  kinds_.emplace(kind, Count{.tenant = std::move(tenant),
                             .started = now,
                             .first = std::move(denial)});
  fresh_.push_back(std::move(kind));
  news_.Set();
}

absl::Status DenialLog::Flush(bool all) {
  while (true) {
    if (writing_.empty()) Take(clock_->Now(), all);
    if (writing_.empty()) return absl::OkStatus();
    if (absl::Status status = WriteTaken(); !status.ok()) return status;
  }
}

bool DenialLog::HasDue(absl::Time now) const {
  return !fresh_.empty() ||
         (!open_.empty() && IsOver(kinds_.find(open_.front())->second, now));
}

bool DenialLog::AwaitWork() {
  while (true) {
    bool counting = false;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return false;
      if (HasDue(clock_->Now())) return true;
      counting = !open_.empty();
    }
    // That the clock moves on wakes nobody.
    news_.AwaitUntil(SteadyEvent::In(counting ? absl::Seconds(1)
                                              : absl::InfiniteDuration()));
  }
}

bool DenialLog::Pause(absl::Duration pause) {
  const SteadyEvent::Moment end = SteadyEvent::In(pause);
  do {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
  } while (news_.AwaitUntil(end));
  return true;
}

void DenialLog::Loop() {
  absl::Duration pause = options_.pause;
  while (AwaitWork() && Pause(pause)) {
    const absl::Time now = clock_->Now();
    if (writing_.empty()) Take(now, /*all=*/false);
    pause = WriteTaken().ok() ? options_.pause : kRetryPause;
    LogLeftOut(now);
  }
}

bool DenialLog::IsOver(const Count& count, absl::Time now) const {
  // Also where the clock went back.
  return now < count.started || now >= count.started + options_.window;
}

void DenialLog::Take(absl::Time now, bool all) {
  const size_t most = static_cast<size_t>(options_.max_per_transaction);
  absl::MutexLock lock(&mutex_);
  while (writing_.size() < most && !fresh_.empty()) {
    const Kind kind = std::move(fresh_.front());
    fresh_.pop_front();
    Count& count = kinds_.find(kind)->second;
    TakeEvent({.account_id = std::get<Uuid>(kind),
               .denial = std::exchange(count.first, Denial())});
    open_.push_back(kind);
  }
  while (writing_.size() < most && !open_.empty()) {
    const Kind kind = open_.front();
    Count& count = kinds_.find(kind)->second;
    if (!all && !IsOver(count, now)) break;
    open_.pop_front();
    if (count.count == 0) {
      Forget(kind);
      continue;
    }
    TakeEvent({.account_id = std::get<Uuid>(kind),
               .denial = std::exchange(count.last, Denial()),
               .count = std::exchange(count.count, 0),
               .first_at = count.first_at});
    count.started = now;
    open_.push_back(kind);
  }
}

void DenialLog::TakeEvent(Event event) {
  if (const auto left_out = left_out_.find(event.account_id);
      left_out != left_out_.end()) {
    event.left_out = left_out->second;
    left_out_.erase(left_out);
  }
  writing_.push_back(std::move(event));
}

void DenialLog::Forget(const Kind& kind) {
  const auto count = kinds_.find(kind);
  const auto of_tenant = kinds_of_tenant_.find(count->second.tenant);
  if (--of_tenant->second == 0) kinds_of_tenant_.erase(of_tenant);
  kinds_.erase(count);
  // Nobody is left in whose event the rest could be said.
  if (kinds_.empty()) left_out_.clear();
}

absl::Status DenialLog::WriteTaken() {
  if (writing_.empty()) return absl::OkStatus();
  absl::Status fault = Write(writing_);
  std::vector<Event> left;
  uint64_t lost = 0;
  if (IsTransient(fault)) {
    left = std::move(writing_);
  } else if (!fault.ok()) {
    // Of one account perhaps, which must not take the others along.
    for (Event& event : writing_) {
      const absl::Status status = Write(std::span(&event, 1));
      if (IsTransient(status)) {
        left.push_back(std::move(event));
      } else if (!status.ok()) {
        lost += std::max<uint64_t>(event.count, 1);
      }
    }
  }
  writing_ = std::move(left);
  if (lost > 0) {
    absl::MutexLock lock(&mutex_);
    left_out_unsaid_ += lost;
  }
  if (!fault.ok() && failures_.Pass(clock_->Now()).has_value()) {
    logger_->Warning("denials are not in the audit log yet",
                     {{"code", CodeName(fault.code())},
                      {"error", std::string(fault.message())}});
  }
  return writing_.empty() ? absl::OkStatus() : fault;
}

absl::Status DenialLog::Write(std::span<const Event> events) {
  return storage::WriteAndWait(*store_, [&](storage::WriteTxn& txn) {
    for (const Event& event : events) {
      const absl::StatusOr<bool> exists = txn.HasAccount(event.account_id);
      if (!exists.ok()) return exists.status();
      if (!*exists) continue;
      if (absl::Status status = Append(txn, event); !status.ok()) return status;
    }
    // So that the disk is waited for in any case.
    return txn.SetWatermark(kWatermark, WholeMicros(clock_->Now()));
  });
}

absl::Status DenialLog::Append(storage::WriteTxn& txn,
                               const Event& event) const {
  const Denial& denial = event.denial;
  AuditEntry entry = denial.entry;
  if (event.count > 0) {
    entry.details["count"] = absl::StrCat(event.count);
    entry.details["first_at"] = FormatRfc3339(WholeMicros(event.first_at));
    entry.details["last_at"] = FormatRfc3339(WholeMicros(denial.at));
  }
  if (event.left_out > 0) {
    entry.details["left_out"] = absl::StrCat(event.left_out);
  }
  return audit_->Append(txn, event.account_id, denial.caller, denial.at, entry,
                        kDenied);
}

void DenialLog::LogLeftOut(absl::Time now) {
  uint64_t left_out = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (left_out_unsaid_ == 0 || !left_out_said_.Pass(now).has_value()) return;
    left_out = std::exchange(left_out_unsaid_, 0);
  }
  logger_->Warning("denials left out of the audit log",
                   {{"count", static_cast<int64_t>(left_out)}});
}

}  // namespace signet::audit
