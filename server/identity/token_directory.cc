// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_directory.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "server/token/token.h"

namespace signet::identity {
namespace {

// Beside the snapshot: its places in a cache, whose index is at times half
// empty.
constexpr size_t kBytesPerEntry = 120;

// Of the bytes, one in so many is for what is unknown.
constexpr size_t kUnknownShare = 16;

TokenSnapshot Absent(const crypto::MacKeyring& keyring) {
  TokenSnapshot nobody;
  nobody.key_version = keyring.current_version();
  return nobody;
}

}  // namespace

// One that the store is asked.
struct TokenDirectory::Question {
  Secret token;
  std::string public_id;
  absl::Time now;
  uint64_t asked_at;
  TokenSnapshotPtr snapshot = nullptr;
  Done done;
};

TokenDirectory::TokenDirectory(storage::Store* store,
                               const crypto::MacKeyring* keyring,
                               LastUseRecorder* last_uses,
                               TokenDirectoryOptions options)
    : store_(store),
      keyring_(keyring),
      last_uses_(last_uses),
      render_(std::move(options.render)),
      absent_(Absent(*keyring)),
      known_(options.max_entries,
             options.max_bytes - options.max_bytes / kUnknownShare),
      unknown_(options.max_entries / 4, options.max_bytes / kUnknownShare) {}

TokenDirectory::PublicId TokenDirectory::KeyOf(std::string_view public_id) {
  PublicId key = {};
  std::copy_n(public_id.begin(), std::min(public_id.size(), key.size()),
              key.begin());
  return key;
}

void TokenDirectory::OnChange(const storage::TokenChanges& changes) {
  for (const storage::TokenChanges::ServiceAccount& changed :
       changes.service_accounts) {
    clock_.Touch(changed.id.bytes());
  }
  for (const std::string& public_id : changes.new_public_ids) {
    clock_.Touch(KeyOf(public_id));
  }
}

std::optional<LookupResult> TokenDirectory::FindAtOnce(std::string_view token,
                                                       absl::Time now) {
  const std::optional<token::ParsedToken> parsed = token::ParseToken(token);
  if (!parsed.has_value()) return LookupResult();
  const PublicId key = KeyOf(parsed->public_id);
  if (std::optional<Remembered> known = known_.Find(key)) {
    if (clock_.IsFresh(known->snapshot->subject_id.bytes(), known->read_at)) {
      return Evaluate(token, std::move(known->snapshot), now);
    }
  } else if (const std::optional<uint64_t> read_at = unknown_.Find(key)) {
    if (clock_.IsFresh(key, *read_at)) return Evaluate(token, nullptr, now);
  }
  return std::nullopt;
}

void TokenDirectory::Find(std::string_view token, absl::Time now,
                          const std::optional<WorkFor>& asked_by, Done done) {
  if (std::optional<LookupResult> finding = FindAtOnce(token, now)) {
    std::move(done)(*std::move(finding));
    return;
  }
  auto question = std::make_shared<Question>(
      Question{.token = Secret(std::string(token)),
               .public_id = std::string(token::ParseToken(token)->public_id),
               .now = now,
               .asked_at = clock_.Now(),
               .done = std::move(done)});
  store_->Read(
      [this, question](storage::ReadTxn& txn) { return Read(txn, *question); },
      [this, question](absl::Status status) {
        if (!status.ok()) {
          std::move(question->done)(std::move(status));
          return;
        }
        Remember(*question);
        std::move(question->done)(Evaluate(question->token.Expose(),
                                           question->snapshot, question->now));
      },
      {.work_for = asked_by.value_or(WorkFor()),
       .kind = asked_by.has_value() ? storage::ReadKind::kLookup
                                    : storage::ReadKind::kIdentify});
}

absl::Status TokenDirectory::Read(storage::ReadTxn& txn, Question& question) {
  question.snapshot = nullptr;  // A body may run again.
  absl::StatusOr<storage::TokenOwner> found = txn.FindToken(question.public_id);
  const bool known = found.ok();
  if (!known && !absl::IsNotFound(found.status())) return found.status();

  // The same work, whatever there is: the lookup with the other outcome, what
  // somebody was granted, and an answer. No public id is empty.
  const std::string other = known ? std::string() : decoy_.Get();
  absl::StatusOr<storage::TokenOwner> second = txn.FindToken(other);
  if (!second.ok() && !absl::IsNotFound(second.status())) {
    return second.status();
  }
  if (known) {
    decoy_.Offer(question.public_id);
  } else if (!second.ok()) {
    decoy_.Forget(other);
  }
  storage::TokenOwner row;
  if (known) {
    row = *std::move(found);
  } else if (second.ok()) {
    row = *std::move(second);
  }
  const std::vector<storage::Subject> subjects = {
      {.type = storage::SubjectType::kServiceAccount,
       .id = row.owner.id.ToString()}};
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
      txn.ListHeldAuthorizations(subjects, row.owner.account_id);
  if (!held.ok()) return held.status();
  TokenSnapshot snapshot = FactsOf(std::move(row), *std::move(held));
  if (render_) snapshot.rendered = render_(snapshot);
  auto shared = std::make_shared<const TokenSnapshot>(std::move(snapshot));
  if (known) question.snapshot = std::move(shared);
  return absl::OkStatus();
}

void TokenDirectory::Remember(const Question& question) {
  const PublicId key = KeyOf(question.public_id);
  if (question.snapshot == nullptr) {
    known_.Erase(key);  // It was removed.
    unknown_.Put(key, question.asked_at, kBytesPerEntry);
    return;
  }
  known_.Put(key, {.snapshot = question.snapshot, .read_at = question.asked_at},
             question.snapshot->MemoryBytes() + kBytesPerEntry);
}

LookupResult TokenDirectory::Evaluate(std::string_view token,
                                      TokenSnapshotPtr snapshot,
                                      absl::Time now) {
  const TokenSnapshot& compared = snapshot == nullptr ? absent_ : *snapshot;
  const bool genuine =
      keyring_->Verify(compared.key_version, token, compared.mac);
  const TokenState state = StateOf(compared, now);
  if (snapshot == nullptr || !genuine) return {};
  if (state == TokenState::kLive && last_uses_ != nullptr) {
    last_uses_->Note(snapshot->account_id, snapshot->subject_id, now);
  }
  return {.state = state, .snapshot = std::move(snapshot)};
}

}  // namespace signet::identity
