// SPDX-License-Identifier: Apache-2.0
#include "server/audit/denial_log.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/rfc3339.h"
#include "call/call_context.h"
#include "server/identity/auth_error.h"

namespace signet::audit {
namespace {

constexpr char kWatermark[] = "denials";

// After a transaction that failed.
constexpr absl::Duration kRetryPause = absl::Seconds(1);

// The action of the event of those that have none of their own.
constexpr char kFurtherAction[] = "denials.further";

// Different callers, or resources, that one event counts.
constexpr size_t kMaxTold = 32;

// Whose denials are counted together: those of an account's service accounts;
// those of users, with the account's if they hold something there.
Uuid TenantOf(const identity::Principal& principal, const Uuid& account_id,
              std::string_view reason) {
  if (principal.home_account_id.has_value()) return *principal.home_account_id;
  return reason == "ACCESS_DENIED" ? identity::kUsersTenant : account_id;
}

// What an event says of a caller, without anything that authenticates.
identity::Caller Kept(const identity::Caller& caller) {
  auto context = std::make_shared<call::CallContext>();
  context->request_id = caller.context->request_id;
  context->peer = caller.context->peer;
  context->user_agent = KeptUserAgent(caller.context->user_agent);
  identity::Caller kept = {.context = std::move(context)};
  kept.principal.kind = caller.principal.kind;
  kept.principal.id = caller.principal.id;
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

void DenialLog::Distinct::Add(const std::string& name) {
  if (name.empty() || names_.contains(name)) return;
  if (names_.size() < kMaxTold) {
    names_.insert(name);
  } else {
    more_ = true;
  }
}

std::string DenialLog::Distinct::Number() const {
  return more_ ? absl::StrCat("more than ", kMaxTold)
               : absl::StrCat(names_.size());
}

void DenialLog::Count::Add(Denial denial) {
  resources.Add(denial.entry.resource_id);
  if (count++ == 0) {
    first_at = denial.at;
  } else {
    if (last.entry.resource_id != denial.entry.resource_id) {
      denial.entry.resource_type.clear();
      denial.entry.resource_id.clear();
    }
    if (last.entry.details != denial.entry.details) {
      denial.entry.details.clear();
    }
  }
  last = std::move(denial);
}

void DenialLog::Note(const identity::Caller& caller,
                     std::string_view account_id, AuditEntry entry,
                     const absl::Status& denial) {
  const std::optional<Uuid> account = Uuid::Parse(account_id);
  if (!account.has_value()) return;
  const std::string reason = GetErrorDetail(denial).reason;
  const Group group = {.absent = identity::IsOnAbsentAccount(denial),
                       .tenant = TenantOf(caller.principal, *account, reason),
                       .account_id = *account};
  entry.details["reason"] = reason;
  Kind kind = {.group = group,
               .caller = caller.principal.ToString(),
               .action = entry.action,
               .resource_id = entry.resource_id};
  Denial noted = {
      .caller = Kept(caller), .entry = std::move(entry), .at = clock_->Now()};

  absl::MutexLock lock(&mutex_);
  kind = KindFor(std::move(kind));
  if (const auto found = kinds_.find(kind); found != kinds_.end()) {
    found->second.behind.Add(std::move(noted));
    return;
  }
  if (!HasRoomFor(group)) {
    NoteInRest(group, std::move(noted));
    return;
  }
  ++groups_[group].kinds;
  ++All(group).kinds;
  ++of_tenants_[{.absent = group.absent, .tenant = group.tenant}].kinds;
  const absl::Time started = noted.at;
  kinds_[kind] = {.started = started, .first = std::move(noted)};
  fresh_.push_back(std::move(kind));
  news_.Set();
}

DenialLog::Kind DenialLog::KindFor(Kind kind) const {
  if (kind.resource_id.empty() || kinds_.contains(kind)) return kind;
  Kind of_several = kind;
  of_several.resource_id.clear();
  size_t of_caller = 0;
  size_t named = 0;
  for (auto other =
           kinds_.lower_bound({.group = kind.group, .caller = kind.caller});
       other != kinds_.end() && other->first.group == kind.group &&
       other->first.caller == kind.caller;
       ++other) {
    ++of_caller;
    if (other->first.action == kind.action && !other->first.resource_id.empty())
      ++named;
  }
  return named < options_.max_resources &&
                 of_caller < options_.max_kinds_of_caller
             ? kind
             : of_several;
}

bool DenialLog::HasRoomFor(const Group& group) const {
  const size_t most = group.tenant == group.account_id
                          ? options_.max_kinds_at_home
                          : options_.max_kinds_of_strangers;
  const auto state = groups_.find(group);
  if (state != groups_.end() && state->second.kinds >= most) return false;
  const auto share =
      of_tenants_.find({.absent = group.absent, .tenant = group.tenant});
  return all_[group.absent ? 1 : 0].kinds < options_.max_kinds &&
         (share == of_tenants_.end() ||
          share->second.kinds < options_.max_kinds_per_tenant);
}

void DenialLog::NoteInRest(const Group& group, Denial denial) {
  GroupState& state = groups_[group];
  if (state.rest == nullptr) {
    Share& share =
        of_tenants_[{.absent = group.absent, .tenant = group.tenant}];
    if (All(group).rests >= options_.max_rests ||
        share.rests >= options_.max_rests_per_tenant) {
      Tidy(group);
      left_out_ = true;
      if (!group.absent) ++left_out_unsaid_;
      news_.Set();
      return;
    }
    ++All(group).rests;
    ++share.rests;
    state.rest = std::make_unique<Rest>();
    rests_.push_back(group);
    news_.Set();  // There is something to wait for.
  }
  state.rest->callers.Add(denial.caller.principal.ToString());
  ++state.rest->actions[denial.entry.action];
  state.rest->count.Add(std::move(denial));
}

absl::Status DenialLog::Flush(bool all) {
  while (true) {
    if (writing_.empty()) Take(clock_->Now(), all);
    if (writing_.empty()) return absl::OkStatus();
    if (absl::Status status = WriteTaken(); !status.ok()) return status;
  }
}

bool DenialLog::HasDue(absl::Time now) const {
  if (!fresh_.empty() || left_out_) return true;
  if (!open_.empty() && IsOver(kinds_.find(open_.front())->second.started, now))
    return true;
  return !rests_.empty() &&
         IsOver(groups_.find(rests_.front())->second.rest->count.first_at, now);
}

bool DenialLog::AwaitWork() {
  while (true) {
    bool counting = false;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return false;
      if (HasDue(clock_->Now())) return true;
      counting = !open_.empty() || !rests_.empty();
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

bool DenialLog::IsOver(absl::Time started, absl::Time now) const {
  // Also where the clock went back.
  return now < started || now >= started + options_.window;
}

void DenialLog::Take(absl::Time now, bool all) {
  const size_t most = static_cast<size_t>(options_.max_per_transaction);
  absl::MutexLock lock(&mutex_);
  // As long as if it were written.
  if (std::exchange(left_out_, false)) writing_.push_back({.nothing = true});
  while (writing_.size() < most && !fresh_.empty()) {
    Kind kind = std::move(fresh_.front());
    fresh_.pop_front();
    Counted& counted = kinds_.find(kind)->second;
    writing_.push_back(
        EventOf(kind.group.account_id, std::exchange(counted.first, Denial())));
    open_.push_back(std::move(kind));
  }
  while (writing_.size() < most && !open_.empty()) {
    Kind kind = open_.front();
    Counted& counted = kinds_.find(kind)->second;
    if (!all && !IsOver(counted.started, now)) break;
    open_.pop_front();
    if (counted.behind.count == 0) {
      Forget(kind);
      continue;
    }
    writing_.push_back(
        EventOf(kind.group.account_id, std::exchange(counted.behind, Count())));
    counted.started = now;
    open_.push_back(std::move(kind));
  }
  while (writing_.size() < most && !rests_.empty()) {
    const Group group = rests_.front();
    std::unique_ptr<Rest>& rest = groups_.find(group)->second.rest;
    if (!all && !IsOver(rest->count.first_at, now)) break;
    rests_.pop_front();
    writing_.push_back(
        EventOf(group, std::move(*std::exchange(rest, nullptr))));
    --All(group).rests;
    --of_tenants_[{.absent = group.absent, .tenant = group.tenant}].rests;
    Tidy(group);
  }
}

void DenialLog::Forget(const Kind& kind) {
  const Group& group = kind.group;
  --groups_[group].kinds;
  --All(group).kinds;
  --of_tenants_[{.absent = group.absent, .tenant = group.tenant}].kinds;
  Tidy(group);
  kinds_.erase(kind);
}

void DenialLog::Tidy(const Group& group) {
  const auto state = groups_.find(group);
  if (state->second.kinds == 0 && state->second.rest == nullptr) {
    groups_.erase(state);
  }
  const auto share =
      of_tenants_.find({.absent = group.absent, .tenant = group.tenant});
  if (share->second.kinds == 0 && share->second.rests == 0) {
    of_tenants_.erase(share);
  }
}

DenialLog::Event DenialLog::EventOf(const Uuid& account_id, Denial denial) {
  return {.account_id = account_id,
          .entry = std::move(denial.entry),
          .at = denial.at,
          .caller = std::move(denial.caller)};
}

DenialLog::Event DenialLog::EventOf(const Uuid& account_id, Count count) {
  Event event = EventOf(account_id, std::move(count.last));
  event.count = count.count;
  std::map<std::string, std::string>& details = event.entry.details;
  details["count"] = absl::StrCat(count.count);
  details["first_at"] = FormatRfc3339(WholeMicros(count.first_at));
  details["last_at"] = FormatRfc3339(WholeMicros(event.at));
  if (count.resources.size() > 1) {
    details["resources"] = count.resources.Number();
  }
  return event;
}

DenialLog::Event DenialLog::EventOf(const Group& group, Rest rest) {
  Event event = EventOf(group.account_id, std::move(rest.count));
  event.entry.action = kFurtherAction;
  std::map<std::string, std::string>& details = event.entry.details;
  details["of"] = group.tenant == identity::kUsersTenant
                      ? "users"
                      : group.tenant.ToString();
  details["actions"] =
      absl::StrJoin(rest.actions, ", ", absl::PairFormatter(" "));
  if (rest.callers.size() > 1) {
    details["callers"] = rest.callers.Number();
    event.caller.reset();
  }
  return event;
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
        lost += event.nothing ? 0 : event.count;
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
      if (event.nothing) continue;
      const absl::StatusOr<bool> exists = txn.HasAccount(event.account_id);
      if (!exists.ok()) return exists.status();
      if (!*exists) continue;
      absl::Status status =
          event.caller.has_value()
              ? audit_->Append(txn, event.account_id, *event.caller, event.at,
                               event.entry, kDenied)
              : audit_->AppendSystem(txn, event.account_id, event.at,
                                     event.entry, kDenied);
      if (!status.ok()) return status;
    }
    // So that the disk is waited for in any case.
    return txn.SetWatermark(kWatermark, WholeMicros(clock_->Now()));
  });
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
