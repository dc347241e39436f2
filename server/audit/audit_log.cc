// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/json.h"
#include "nlohmann/json.hpp"
#include "server/audit/audit_end.h"
#include "server/audit/audit_mac.h"
#include "server/token/credential_text.h"

namespace signet::audit {
namespace {

constexpr size_t kMaxUserAgentBytes = 256;
// So much is searched for credentials, however many stand there.
constexpr size_t kMaxSearchedBytes = 4096;

std::string DetailsText(const std::map<std::string, std::string>& details) {
  if (details.empty()) return "";
  // Before they are escaped: what is taken out must not be a part of an escape.
  std::map<std::string, std::string> kept;
  for (const auto& [key, value] : details) {
    kept[key] = token::WithoutCredentials(value);
  }
  // The values are ours or were validated; dump() must not throw all the same.
  return nlohmann::json(kept).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string KeptUserAgent(std::string_view text) {
  std::string kept =
      token::WithoutCredentials(text.substr(0, kMaxSearchedBytes));
  if (kept.size() > kMaxUserAgentBytes) kept.resize(kMaxUserAgentBytes);
  for (char& c : kept) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return kept;
}

std::map<std::string, std::string> ReadDetails(
    const storage::AuditEventRecord& event) {
  std::map<std::string, std::string> details;
  const absl::StatusOr<Json> json = ParseJson(event.details);
  if (!json.ok() || !json->is_object()) return details;
  for (const auto& [key, value] : json->items()) {
    if (value.is_string()) details[key] = value.get<std::string>();
  }
  return details;
}

absl::Status AuditLog::Append(storage::WriteTxn& txn, const Uuid& account_id,
                              const identity::Caller& caller, absl::Time now,
                              const AuditEntry& entry,
                              std::string_view outcome) const {
  return AppendEvent(txn,
                     {.account_id = account_id,
                      .at = WholeMicros(now),
                      .actor = caller.principal.ToString(),
                      .action = entry.action,
                      .resource_type = entry.resource_type,
                      .resource_id = entry.resource_id,
                      .outcome = std::string(outcome),
                      .request_id = caller.context->request_id,
                      .peer = caller.context->peer,
                      .user_agent = KeptUserAgent(caller.context->user_agent),
                      .details = DetailsText(entry.details)});
}

absl::Status AuditLog::AppendSystem(storage::WriteTxn& txn,
                                    const Uuid& account_id, absl::Time now,
                                    const AuditEntry& entry,
                                    std::string_view outcome) const {
  return AppendEvent(txn, {.account_id = account_id,
                           .at = WholeMicros(now),
                           .actor = std::string(kSystemActor),
                           .action = entry.action,
                           .resource_type = entry.resource_type,
                           .resource_id = entry.resource_id,
                           .outcome = std::string(outcome),
                           .request_id = "",
                           .peer = "",
                           .user_agent = "",
                           .details = DetailsText(entry.details)});
}

absl::Status AuditLog::AppendEvent(storage::WriteTxn& txn,
                                   storage::AuditEventRecord event) const {
  absl::StatusOr<AuditEnd> end = FindAuditEnd(txn, *keyring_, event.account_id);
  if (!end.ok()) return end.status();
  storage::AuditChainRecord& chain = end->chain;
  const uint64_t events = end->broken ? 2 : 1;
  if (end->broken) {
    // Goes on, but never silently: the record is about to get a good MAC again.
    storage::AuditEventRecord note = {.account_id = event.account_id,
                                      .sequence = ++chain.last_sequence,
                                      .at = event.at,
                                      .actor = std::string(kSystemActor),
                                      .action = std::string(kAuditBrokenAction),
                                      .outcome = std::string(kAllowed)};
    if (end->sound_until.has_value()) {
      note.details =
          DetailsText({{"sound_until", absl::StrCat(*end->sound_until)}});
    }
    SetMac(*keyring_, chain.last_mac, note);
    chain.last_mac = note.mac;
    if (absl::Status s = txn.InsertAuditEvent(note); !s.ok()) return s;
  }
  event.sequence = ++chain.last_sequence;
  SetMac(*keyring_, chain.last_mac, event);
  chain.last_mac = event.mac;
  SetMac(*keyring_, chain);
  if (absl::Status s = txn.InsertAuditEvent(event); !s.ok()) return s;
  absl::Status status = txn.PutAuditChain(chain);
  if (!status.ok() || !heads_.has_value()) return status;
  return heads_->Move(txn, event.at, end->before, end->begins, chain, events);
}

absl::Status AuditLog::PutTrimmed(
    storage::WriteTxn& txn, absl::Time now,
    const storage::AuditChainRecord& before,
    const storage::AuditChainRecord& after) const {
  absl::Status status = txn.PutAuditChain(after);
  if (!status.ok() || !heads_.has_value()) return status;
  return heads_->Move(txn, now, before, /*begins=*/false, after, /*events=*/0);
}

}  // namespace signet::audit
