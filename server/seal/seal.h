// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_SEAL_H_
#define SIGNET_SERVER_SEAL_SEAL_H_

#include <string>

#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "storage/records.h"

namespace signet::seal {

// The reason of an error about a row whose seal does not verify.
inline constexpr char kRecordAltered[] = "RECORD_ALTERED";

// Seals of the rows that give authority: an HMAC under keys of their own
// purpose, so that anyone who can write to the database, but has not the key,
// becomes nobody by it. Pure; thread-safe. See SealedStore, which seals what is
// written and verifies what is read.
//
// A seal says that this server wrote exactly this row under these ids. It does
// not say that it is the latest: an older row of the same ids, put back with
// its seal, verifies.

// What a seal is made over. A kind of row, then a list of (tag, length, value)
// in order of tags, in which no two different rows look the same. Values at
// their defaults are left out: a member that is added later, with a default and
// a tag of its own, leaves the seals of older rows good.
//
// Of a token: its public id, MAC key and MAC, whose it is, and all that bounds
// its life. `account_id` and `service_account_id` are its service account's.
std::string SealMessage(const Uuid& account_id, const Uuid& service_account_id,
                        const storage::TokenRecord& token);
// Of a service account: its ids and its current token's public id, what stops
// it or narrows it, its labels, its owner, and who was shown the token. The
// token itself has a seal of its own.
std::string SealMessage(const storage::ServiceAccountRecord& record);
// Of an authorization: everything.
std::string SealMessage(const storage::AuthorizationRecord& record);

// The seal, under the current key.
storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const Uuid& account_id, const Uuid& service_account_id,
                       const storage::TokenRecord& token);
storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const storage::ServiceAccountRecord& record);
storage::Seal MakeSeal(const crypto::MacKeyring& keyring,
                       const storage::AuthorizationRecord& record);

// Whether the row is as it was sealed, with any key of the keyring.
bool IsSealed(const crypto::MacKeyring& keyring, const Uuid& account_id,
              const Uuid& service_account_id,
              const storage::TokenRecord& token);
bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::AuthorizationRecord& record);
// The row alone, and with its current token.
bool IsSealedAlone(const crypto::MacKeyring& keyring,
                   const storage::ServiceAccountRecord& record);
bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::ServiceAccountRecord& record);
// The token looked up, the service account, and that one's current token.
bool IsSealed(const crypto::MacKeyring& keyring,
              const storage::TokenOwner& found);

// The record with its seal and its token's.
storage::ServiceAccountRecord Sealed(const crypto::MacKeyring& keyring,
                                     storage::ServiceAccountRecord record);

}  // namespace signet::seal

#endif  // SIGNET_SERVER_SEAL_SEAL_H_
