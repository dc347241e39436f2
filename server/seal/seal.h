// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_SEAL_H_
#define SIGNET_SERVER_SEAL_SEAL_H_

#include <string>

#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "storage/records.h"

namespace signet {

// The reason of an error about a row whose seal does not verify.
inline constexpr char kRecordAltered[] = "RECORD_ALTERED";

// Seals of the rows that give authority: an HMAC under keys of their own
// purpose, so that whoever can write to the database, but has not the key,
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
                        const TokenRecord& token);
// Of a service account: its ids and its current token's public id, what stops
// it or narrows it, its labels, its owner, and who was shown the token. The
// token itself has a seal of its own.
std::string SealMessage(const ServiceAccountRecord& record);
// Of an authorization: everything.
std::string SealMessage(const AuthorizationRecord& record);

// The seal, under the current key.
Seal MakeSeal(const MacKeyring& keyring, const Uuid& account_id,
              const Uuid& service_account_id, const TokenRecord& token);
Seal MakeSeal(const MacKeyring& keyring, const ServiceAccountRecord& record);
Seal MakeSeal(const MacKeyring& keyring, const AuthorizationRecord& record);

// Whether the row is as it was sealed, with any key of the keyring.
bool IsSealed(const MacKeyring& keyring, const Uuid& account_id,
              const Uuid& service_account_id, const TokenRecord& token);
bool IsSealed(const MacKeyring& keyring, const AuthorizationRecord& record);
// The row alone, and with its current token.
bool IsSealedAlone(const MacKeyring& keyring,
                   const ServiceAccountRecord& record);
bool IsSealed(const MacKeyring& keyring, const ServiceAccountRecord& record);
// The token looked up, the service account, and that one's current token.
bool IsSealed(const MacKeyring& keyring, const TokenOwner& found);

// The record with its seal and its token's.
ServiceAccountRecord Sealed(const MacKeyring& keyring,
                            ServiceAccountRecord record);

}  // namespace signet

#endif  // SIGNET_SERVER_SEAL_SEAL_H_
