// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_TOKEN_VERIFIER_H_
#define SIGNET_SERVER_DOMAIN_TOKEN_VERIFIER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "server/domain/access.h"
#include "server/domain/requirement.h"
#include "server/domain/transact.h"
#include "server/identity/authenticator.h"
#include "server/identity/caller.h"
#include "server/identity/token_directory.h"
#include "server/identity/token_snapshot.h"
#include "storage/store.h"

namespace signet::domain {

// Why a token is good, or not.
enum class TokenVerdict {
  kActive,
  kUnknown,  // Malformed, never issued, or of an account not asked for.
  kRevoked,
  kReplaced,
  kExpired,
  kDisabled,
  kCapabilityMissing,  // It is good, and lacks what is required.
};
inline constexpr int kTokenVerdicts = 7;

// The stable text of a verdict (VerifyTokenResponse.reason); empty for kActive.
std::string_view TokenVerdictName(TokenVerdict verdict);

struct TokenVerification {
  TokenVerdict verdict = TokenVerdict::kUnknown;
  identity::TokenSnapshotPtr snapshot = nullptr;  // Null unless it is active.
  // Of kCapabilityMissing from VerifyCaller(): what it lacks, as
  // "mailbox.create on the account". Empty where it is not of the account, or
  // of a user who holds nothing there.
  std::string lacked = {};
};

// PERMISSION_DENIED / CAPABILITY_MISSING: kCapabilityMissing, of a caller, who
// is told what its own credential lacks.
absl::Status CapabilityMissingError(const TokenVerification& verification);

// About which tokens somebody may ask: those of an account, or all.
struct VerifyScope {
  bool every_account = false;
  Uuid account_id = {};   // Unless every_account.
  WorkFor work_for = {};  // Of who asks.
};

// Says of tokens whether they are good, and for what. Thread-safe; nothing
// blocks.
class TokenVerifier {
 public:
  // How long an answer may be kept by who is not told of changes.
  static constexpr absl::Duration kCacheTtl = absl::Seconds(5);

  // All outlive this object, which outlives its calls. `authenticator` is asked
  // about OAuth access tokens.
  TokenVerifier(storage::Store* store, identity::TokenDirectory* directory,
                identity::Authenticator* authenticator, const Clock* clock)
      : store_(store),
        directory_(directory),
        authenticator_(authenticator),
        clock_(clock) {}

  // What a caller needs on the account whose tokens it asks about; see
  // ServiceAccounts::kReadRight.
  static constexpr Right kRight = Right::kVerify;

  // Whether the token is an OAuth access token, not one that this server
  // issued: those have no dots. Pure.
  static bool IsOauth(std::string_view token);

  // What the account is that a caller asks for: the one named, else its own;
  // nil, on which nobody but a super_admin has a right, where it has none. Text
  // that is no UUID comes back as it is.
  static std::string AccountAskedFor(const identity::Principal& caller,
                                     const std::string& account_id);

  // The scope of a caller who asks for `account_id`; empty: see
  // VerifyTokenRequest.account_id.
  //   INVALID_ARGUMENT / FIELD_INVALID: no UUID.
  //   UNAUTHENTICATED / TOKEN_INVALID: its credential is not good any more,
  //     when that is read.
  //   PERMISSION_DENIED / ACCESS_DENIED: without kRight there.
  void FindScope(const identity::CallerPtr& caller,
                 const std::string& account_id, OutcomeDone<VerifyScope> done);

  // The same where `asker` says it all: a live token, and its own account or
  // none asked for. nullopt where the store must be asked, and for a refusal.
  static std::optional<VerifyScope> ScopeAtOnce(
      const identity::TokenSnapshot& asker, std::string_view account_id);

  // The answer where it can be had without the store. `requirement` may be
  // null.
  std::optional<TokenVerification> VerifyAtOnce(std::string_view token,
                                                const VerifyScope& scope,
                                                const Requirement* requirement,
                                                absl::Time now);

  // The answer; or the store's error, or ISSUER_UNAVAILABLE for an OAuth access
  // token whose key cannot be had. A user who holds nothing on the account of
  // `scope` is kCapabilityMissing: everybody at the issuer has a good token.
  // `token` is read before this returns. `requirement` may be null.
  void Verify(std::string_view token, const VerifyScope& scope,
              std::shared_ptr<const Requirement> requirement, absl::Time now,
              OutcomeDone<TokenVerification> done);

  // What is known of a service account's token, whatever its state; or the
  // store's error. `token` is read before this returns.
  void Find(std::string_view token, absl::Time now, const WorkFor& work_for,
            OutcomeDone<identity::LookupResult> done) {
    directory_->Find(token, now, work_for, std::move(done));
  }

  // What somebody who proved to be `caller` may, for who asks about itself:
  // as Verify() on its own credential, on `account_id` if given. Without a
  // requirement a service account must then belong there, or be a super_admin;
  // a user must hold something there, with a requirement or without.
  void VerifyCaller(const identity::Principal& caller,
                    const std::optional<Uuid>& account_id,
                    std::shared_ptr<const Requirement> requirement,
                    OutcomeDone<TokenVerification> done);

 private:
  static std::optional<TokenVerification> Evaluate(
      const identity::LookupResult& finding, const VerifyScope& scope,
      const Requirement* requirement);
  void ReadOthers(identity::TokenSnapshotPtr snapshot, const WorkFor& work_for,
                  std::shared_ptr<const Requirement> requirement,
                  OutcomeDone<TokenVerification> done);
  void ReadUser(const identity::Principal& user, const WorkFor& work_for,
                const Uuid& account_id,
                std::shared_ptr<const Requirement> requirement,
                OutcomeDone<TokenVerification> done);

  storage::Store* const store_;
  identity::TokenDirectory* const directory_;
  identity::Authenticator* const authenticator_;
  const Clock* const clock_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_TOKEN_VERIFIER_H_
