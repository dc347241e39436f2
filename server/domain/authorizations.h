// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_AUTHORIZATIONS_H_
#define SIGNET_SERVER_DOMAIN_AUTHORIZATIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_log.h"
#include "server/domain/access.h"
#include "server/domain/last_owner.h"
#include "server/domain/transact.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::domain {

// Unrevoked authorizations of one subject on one account.
inline constexpr int kMaxGrantsOfSubject = 1000;

// Who was granted what. Every method needs Right::kManage on the account.
// Thread-safe; nothing blocks. Faults rank, `done` is called and changes are
// made as ServiceAccounts says.
class Authorizations {
 public:
  template <typename T>
  using Done = OutcomeDone<T>;

  // Fields as the client sent them; see proto/signet/v1/authorizations.proto.
  struct ListRequest {
    std::string account_id = {};
    std::string subject_type = {};  // An empty text is no condition.
    std::string subject_id = {};
    std::string grant_kind = {};
    std::string capability_key = {};
    bool include_revoked = false;
    int32_t page_size = 0;
    std::string page_token = {};
  };
  struct Page {
    std::vector<storage::AuthorizationRecord> records;
    std::string next_page_token;  // Empty at the end.
  };
  struct GetRequest {
    std::string account_id = {};
    std::string authorization_id = {};
  };
  struct GrantRequest {
    std::string account_id = {};
    std::string grant_kind = {};
    std::string subject_type = {};
    std::string subject_id = {};
    std::optional<std::string> capability_key = {};
    std::optional<std::string> resource_type = {};
    std::optional<std::string> resource_id = {};
    bool acknowledge_token_shown = false;
  };

  // What a caller needs on the account, of every method; see
  // ServiceAccounts::kReadRight.
  static constexpr Right kRight = Right::kManage;

  // All outlive this object, which in turn outlives its calls.
  Authorizations(storage::Store* store, const crypto::MacKeyring* keyring,
                 const audit::AuditLog* audit, const Clock* clock,
                 RandomSource* random, OauthOwners oauth_owners)
      : store_(store),
        keyring_(keyring),
        audit_(audit),
        clock_(clock),
        random_(random),
        oauth_owners_(oauth_owners) {}

  void List(const identity::CallerPtr& caller, const ListRequest& request,
            Done<Page> done);

  //   NOT_FOUND / AUTHORIZATION_NOT_FOUND: the account holds none of that id.
  void Get(const identity::CallerPtr& caller, const GetRequest& request,
           Done<storage::AuthorizationRecord> done);

  // Grants; what the subject holds already, word for word, is answered as it
  // is. An account comes into being by a super_admin's first grant on it.
  //   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: see CheckMayGrant (cover.h); or
  //     the subject is a service account that is not of this account, and the
  //     caller no super_admin.
  //   FAILED_PRECONDITION / SERVICE_ACCOUNT_REVOKED: the subject is a service
  //     account that was revoked, and does not hold it already.
  //   FAILED_PRECONDITION / TOO_MANY_GRANTS: the subject holds
  //     kMaxGrantsOfSubject on the account already.
  //   FAILED_PRECONDITION / TOKEN_SHOWN_TO_ANOTHER: see CheckReceiver, unless
  //     the request acknowledges it, which its event then says.
  void Grant(identity::CallerPtr caller, const GrantRequest& request,
             Done<storage::AuthorizationRecord> done);

  // Revokes; if it is revoked already nothing changes. What decides who governs
  // (IsGoverning) takes the same right as to grant it, or a manager could put
  // out those who are set over it. Whatever else was granted any manager may
  // take away, though it could not have given it: to take away gives nothing,
  // and who finds a leaked program must be able to stop it.
  //   NOT_FOUND: as Get.
  //   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: it is of the former kind, and the
  //     caller could not grant it.
  //   FAILED_PRECONDITION / LAST_OWNER: see last_owner.h.
  void Revoke(identity::CallerPtr caller, const GetRequest& request,
              Done<storage::AuthorizationRecord> done);

 private:
  absl::StatusOr<storage::AuthorizationRecord> GrantIn(
      storage::WriteTxn& txn, const identity::Caller& caller, absl::Time now,
      storage::AuthorizationRecord record, bool acknowledge) const;
  absl::StatusOr<storage::AuthorizationRecord> RevokeIn(
      storage::WriteTxn& txn, const identity::Caller& caller, absl::Time now,
      const Uuid& account_id, const Uuid& id) const;

  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
  const audit::AuditLog* const audit_;
  const Clock* const clock_;
  RandomSource* const random_;
  const OauthOwners oauth_owners_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_AUTHORIZATIONS_H_
