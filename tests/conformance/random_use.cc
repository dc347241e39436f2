// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/random_use.h"

#include <vector>

namespace signet::storage {
namespace {

constexpr uint32_t kAccounts = 3;
constexpr uint32_t kPublicIds = 80;
constexpr uint32_t kLookups = 20;

}  // namespace

std::vector<Uuid> RandomUse::Accounts() {
  std::vector<Uuid> all;
  for (uint32_t i = 0; i < kAccounts; ++i) all.push_back(SampleId(1 + i));
  return all;
}

std::vector<std::string> RandomUse::PublicIds() {
  std::vector<std::string> all;
  for (uint32_t i = 0; i < kPublicIds; ++i) all.push_back(SamplePublicId(i));
  return all;
}

const std::vector<std::string>& RandomUse::Texts() {
  static const auto* const kTexts = new std::vector<std::string>{
      "a", "ab", std::string("a\0b", 3), "b", "\u00e9", "\U0001F511 z"};
  return *kTexts;
}

std::vector<std::array<uint8_t, 32>> RandomUse::Lookups() {
  std::vector<std::array<uint8_t, 32>> all;
  for (uint32_t i = 0; i < kLookups; ++i) {
    all.push_back(SampleIdempotencyRecord(i).lookup);
  }
  return all;
}

Uuid RandomUse::AnAccount() { return SampleId(1 + Pick(kAccounts)); }

std::string RandomUse::APublicId() { return SamplePublicId(Pick(kPublicIds)); }

std::array<uint8_t, 32> RandomUse::ALookup() {
  return SampleIdempotencyRecord(Pick(kLookups)).lookup;
}

std::function<absl::Status(WriteTxn&)> RandomUse::AChange() {
  const ServiceAccountRecord account = AServiceAccount();
  const absl::Time now = ATime();
  const absl::Time later = ATime();
  const Uuid account_id = AnAccount();
  const Uuid id = AnId();
  const int limit = static_cast<int>(Pick(4));
  switch (Pick(19)) {
    case 0:
      return [=](WriteTxn& txn) { return txn.EnsureAccount(account_id, now); };
    case 1:
    case 2:
    case 3:
    case 4:
      return [=](WriteTxn& txn) { return txn.InsertServiceAccount(account); };
    case 5:
    case 6:
      return [=](WriteTxn& txn) { return txn.UpdateServiceAccount(account); };
    case 7:
    case 8:
      return [=, ended = Chance(3)](WriteTxn& txn) {
        return ReplaceIn(txn, account, later, ended);
      };
    case 9: {
      TokenRecord token = account.token;
      if (!Chance(4)) token.retires_at = later;
      token.ended = Chance(3);
      return [=, own = Chance(4)](WriteTxn& txn) {
        const absl::StatusOr<TokenOwner> found = txn.FindToken(token.public_id);
        if (!found.ok()) return found.status();
        return txn.UpdateToken(found->owner.account_id,
                               own ? id : found->owner.id, token);
      };
    }
    case 10: {
      std::vector<LastUse> uses;
      for (int i = 0; i < 5; ++i)
        uses.push_back({AnAccount(), AnId(), ATime()});
      return [=](WriteTxn& txn) { return txn.TouchLastUsed(uses); };
    }
    case 11:
      return [=](WriteTxn& txn) {
        return limit == 0 ? txn.DeleteReplacedTokens(account_id, id, 2).status()
                          : txn.DeleteServiceAccount(account_id, id);
      };
    case 12:
      return [record = AnAuthorization()](WriteTxn& txn) {
        return txn.InsertAuthorization(record);
      };
    case 13:
      return [=](WriteTxn& txn) {
        if (limit == 0) {
          return txn.SealAuthorization(account_id, id, account.seal);
        }
        return txn.RevokeAuthorization(account_id, id, now, account.seal);
      };
    case 14:
      return [record = AnEvent()](WriteTxn& txn) {
        return txn.InsertAuditEvent(record);
      };
    case 15: {
      AuditChainRecord chain;
      chain.account_id = account_id;
      chain.first_sequence = 1 + Pick(5);
      chain.last_sequence = Pick(9);
      chain.mac.fill(static_cast<uint8_t>(Pick(256)));
      return [=, sequence = Pick(30)](WriteTxn& txn) {
        absl::Status status = txn.PutAuditChain(chain);
        if (!status.ok() || sequence % 4 != 0) return status;
        return txn.DeleteAuditEventsBefore(chain.account_id, sequence);
      };
    }
    case 16: {
      const AuditHeadRecord head = {.writer = AText(),
                                    .events = Pick(9),
                                    .accounts = Pick(9),
                                    .ciphertext = AText()};
      return [=](WriteTxn& txn) { return txn.PutAuditHead(head); };
    }
    case 17: {
      IdempotencyRecord replay = SampleIdempotencyRecord(Pick(kLookups));
      replay.created_at = now;
      return [=](WriteTxn& txn) { return txn.PutIdempotencyRecord(replay); };
    }
    default:
      return [=, name = AText()](WriteTxn& txn) {
        const absl::StatusOr<int> deleted =
            txn.DeleteIdempotencyRecordsBefore(now, limit);
        if (!deleted.ok()) return deleted.status();
        return txn.SetWatermark(name, later + absl::Seconds(*deleted));
      };
  }
}

std::function<absl::Status(WriteTxn&)> RandomUse::ABody() {
  std::vector<std::function<absl::Status(WriteTxn&)>> changes;
  do {
    changes.push_back(AChange());
  } while (Chance(2));
  const bool give_up = Chance(8);
  return [changes, give_up](WriteTxn& txn) {
    for (const auto& change : changes) {
      if (absl::Status s = change(txn); !s.ok()) return s;
    }
    return give_up ? absl::CancelledError("") : absl::OkStatus();
  };
}

}  // namespace signet::storage
