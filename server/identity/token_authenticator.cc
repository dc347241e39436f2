// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/base/secret.h"
#include "server/identity/auth_error.h"
#include "server/identity/token_state.h"
#include "server/token/token.h"

namespace signet {
namespace {

struct Attempt {
  Secret token;
  std::string public_id;
  absl::Time now;
  std::optional<Principal> caller = {};
};

// Stands where the store knows nothing, so that the same work is done.
TokenOwner Nobody(const MacKeyring& keyring) {
  TokenOwner nobody;
  nobody.token.key_version = keyring.current_version();
  return nobody;
}

// Whether the token presented is that of `found`, and live.
bool IsGood(const MacKeyring& keyring, const Attempt& attempt,
            const TokenOwner& found) {
  const bool genuine = keyring.Verify(found.token.key_version,
                                      attempt.token.Expose(), found.token.mac);
  const bool live = IsLive(found, attempt.now);
  return genuine && live;
}

// Sets `attempt.caller` if the token is good.
absl::Status Decide(ReadTxn& txn, const MacKeyring& keyring, TimingDecoy& decoy,
                    Attempt& attempt) {
  attempt.caller.reset();  // A body may run again.
  absl::StatusOr<TokenOwner> result = txn.FindToken(attempt.public_id);
  const bool known = result.ok();
  if (!known && !absl::IsNotFound(result.status())) return result.status();

  const TokenOwner found = known ? *std::move(result) : Nobody(keyring);
  if (known) decoy.Offer(attempt.public_id);
  if (IsGood(keyring, attempt, found) && known) {
    attempt.caller = Principal{.kind = PrincipalKind::kServiceAccount,
                               .id = found.owner.id,
                               .home_account_id = found.owner.account_id,
                               .token_public_id = found.token.public_id,
                               .credential_expires_at = DeathOf(found.token)};
    return absl::OkStatus();
  }

  // Now the lookup with the other outcome, for the time that it takes. No
  // public id is empty.
  const std::string other = known ? std::string() : decoy.Get();
  const absl::Status status = txn.FindToken(other).status();
  if (!absl::IsNotFound(status)) return status;
  decoy.Forget(other);
  return absl::OkStatus();
}

}  // namespace

void TokenAuthenticator::Authenticate(std::string_view token, absl::Time now,
                                      Authenticator::Done done) {
  const std::optional<ParsedToken> parsed = ParseToken(token);
  if (!parsed.has_value()) {
    std::move(done)(TokenInvalidError());
    return;
  }
  auto attempt = std::make_shared<Attempt>(
      Attempt{.token = Secret(std::string(token)),
              .public_id = std::string(parsed->public_id),
              .now = now});
  store_->Read(
      [this, attempt](ReadTxn& txn) {
        return Decide(txn, *keyring_, decoy_, *attempt);
      },
      [last_uses = last_uses_, attempt,
       done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) {
          std::move(done)(std::move(status));
        } else if (attempt->caller.has_value()) {
          const Principal& caller = *attempt->caller;
          if (last_uses != nullptr) {
            last_uses->Note(*caller.home_account_id, caller.id, attempt->now);
          }
          std::move(done)(*std::move(attempt->caller));
        } else {
          std::move(done)(TokenInvalidError());
        }
      });
}

}  // namespace signet
