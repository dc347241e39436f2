// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/base/secret.h"
#include "server/identity/auth_error.h"
#include "server/token/token.h"

namespace signet {
namespace {

struct Lookup {
  Secret token;
  std::string public_id;
  std::optional<ServiceAccountRecord> record = {};
};

// Stands where the store knows nothing, so that the same work is done.
ServiceAccountRecord NobodysRecord(const MacKeyring& keyring) {
  ServiceAccountRecord record;
  record.token.key_version = keyring.current_version();
  return record;
}

absl::StatusOr<Principal> Prove(const MacKeyring& keyring, const Lookup& lookup,
                                absl::Time now) {
  const ServiceAccountRecord nobody = NobodysRecord(keyring);
  const bool known = lookup.record.has_value();
  const ServiceAccountRecord& record = known ? *lookup.record : nobody;
  const bool genuine = keyring.Verify(record.token.key_version,
                                      lookup.token.Expose(), record.token.mac);
  const bool dead =
      now >= record.token.expires_at.value_or(absl::InfiniteFuture());
  // One decision, after all the work.
  if (!known || !genuine || dead || record.revoked_at.has_value()) {
    return TokenInvalidError();
  }
  return Principal{.kind = PrincipalKind::kServiceAccount,
                   .id = record.id,
                   .home_account_id = record.account_id,
                   .credential_expires_at = record.token.expires_at};
}

}  // namespace

void TokenAuthenticator::Authenticate(std::string_view token, absl::Time now,
                                      Authenticator::Done done) const {
  const std::optional<ParsedToken> parsed = ParseToken(token);
  if (!parsed.has_value()) {
    std::move(done)(TokenInvalidError());
    return;
  }
  auto lookup = std::make_shared<Lookup>(
      Lookup{.token = Secret(std::string(token)),
             .public_id = std::string(parsed->public_id)});
  store_->Read(
      [lookup](ReadTxn& txn) {
        absl::StatusOr<ServiceAccountRecord> record =
            txn.FindByTokenPublicId(lookup->public_id);
        lookup->record.reset();  // A body may run again.
        // Absence is an answer, not an error.
        if (absl::IsNotFound(record.status())) return absl::OkStatus();
        if (!record.ok()) return record.status();
        lookup->record = *std::move(record);
        return absl::OkStatus();
      },
      [lookup, now, keyring = keyring_,
       done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) {
          std::move(done)(std::move(status));
          return;
        }
        std::move(done)(Prove(*keyring, *lookup, now));
      });
}

}  // namespace signet
