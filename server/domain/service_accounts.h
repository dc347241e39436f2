// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_
#define SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_log.h"
#include "server/audit/denial_log.h"
#include "server/domain/access.h"
#include "server/domain/expiry_rule.h"
#include "server/domain/last_owner.h"
#include "server/domain/token_issue.h"
#include "server/domain/transact.h"
#include "server/identity/caller.h"
#include "server/identity/last_use_recorder.h"
#include "server/identity/token_snapshot.h"
#include "storage/store.h"

namespace signet::domain {

struct IssuePolicy {
  std::string token_prefix = "hbx_sa";  // Valid for MintToken.
  ExpiryPolicy expiry = {};
  absl::Duration max_overlap = absl::Hours(24 * 7);  // Of a rotation.
  OauthOwners oauth_owners = OauthOwners::kCanAct;
};

// Names this version of the record (AIP-154).
std::string EtagOf(const storage::ServiceAccountRecord& record);

// Service accounts, their tokens, and who may do what with them. Thread-safe;
// nothing blocks.
//
// Requests carry fields as the client sent them. Faults are found in this
// order:
//   INVALID_ARGUMENT / FIELD_INVALID: a field breaks its rule, whatever there
//     is. The client hears it only if it has the right: the dispatcher sees to
//     that.
//   PERMISSION_DENIED / ACCESS_DENIED: see access.h.
//   NOT_FOUND: there is nothing of that id.
//   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: see below.
//   All that depends on the state of what there is.
// An INVALID_ARGUMENT names every field at fault. Nothing has changed after an
// error, but for the store's WRITE_OUTCOME_UNKNOWN. Any call may also end with
// what storage/store.h lists. A change, its authorization and its audit event
// are one transaction.
//
// Besides its right on the account, who acts on a service account must cover
// what that holds (see cover.h): PERMISSION_DENIED / GRANT_EXCEEDS_OWN. On
// itself a service account that has the right may rotate, shorten, disable and
// end, and never ends up enabled again, with other labels, or living longer;
// the same error. It rotates by its current token only. No change leaves an
// account without an owner that can act (see last_owner.h): FAILED_PRECONDITION
// / LAST_OWNER. Who presents a token can end it all the same.
//
// `done` is called once, perhaps before the method returns, and must not block.
class ServiceAccounts {
 public:
  template <typename T>
  using Done = OutcomeDone<T>;

  struct CreateRequest {
    std::string account_id = {};
    std::string name = {};
    std::optional<RawTimestamp> expires_at = {};
    std::string description = {};
    std::map<std::string, std::string> labels = {};
    std::vector<std::string> capabilities = {};
    std::string idempotency_key = {};  // Empty: cannot be repeated.
  };
  struct GetRequest {
    std::string account_id = {};
    std::string service_account_id = {};  // Exactly one of the two.
    std::string token_public_id = {};
  };
  // Conditions as the client wrote them; see ListServiceAccountsRequest in
  // proto/signet/v1/service_accounts.proto.
  struct Conditions {
    bool include_revoked = false;
    std::string name_prefix = {};
    std::string state = {};
    std::optional<RawTimestamp> expires_before = {};
    std::optional<RawTimestamp> unused_since = {};
  };
  struct ListRequest {
    std::string account_id = {};
    Conditions conditions = {};
    std::string order_by = {};
    int32_t page_size = 0;
    std::string page_token = {};
  };
  struct Page {
    std::vector<storage::ServiceAccountRecord> records;
    std::string next_page_token;  // Empty at the end.
  };
  // What to change; absent members stay.
  struct UpdateRequest {
    std::string account_id = {};
    std::string service_account_id = {};
    // The version that is to be changed, as CheckEtag() has it; empty: any.
    std::string etag = {};
    std::optional<std::string> name = {};
    bool set_expires_at = false;
    std::optional<RawTimestamp> expires_at = {};
    std::optional<std::string> description = {};
    std::optional<std::map<std::string, std::string>> labels = {};
    std::optional<bool> enabled = {};
    // Paths of the mask that name nothing that can be changed.
    std::vector<std::string> not_updatable = {};
  };
  struct RotateRequest {
    std::string account_id = {};
    std::string service_account_id = {};
    std::optional<RawDuration> overlap = {};
    std::optional<RawTimestamp> expires_at = {};
    std::string idempotency_key = {};
    std::string etag = {};  // As UpdateRequest::etag.
  };
  struct RevokeRequest {
    std::string account_id = {};
    std::string service_account_id = {};
    std::string reason = {};
    std::string comment = {};
    std::string etag = {};  // As UpdateRequest::etag.
  };
  struct BatchRevokeRequest {
    std::string account_id = {};
    Conditions conditions = {};
    std::string reason = {};
    std::string comment = {};
    bool dry_run = false;
    std::string page_token = {};
  };
  struct Batch {
    std::vector<storage::ServiceAccountRecord> records = {};  // Newest first.
    int not_covered = 0;                                      // Left out.
    std::string next_page_token = {};  // Empty at the end.
  };
  struct RevokeSelfRequest {
    std::string reason = {};
    std::string comment = {};
  };

  // What a caller needs on the account, to read and to change. The table of
  // methods and the check in the transaction both take it from here.
  static constexpr Right kReadRight = Right::kView;
  static constexpr Right kChangeRight = Right::kManage;

  // All outlive this object, which in turn outlives its calls. `last_uses` may
  // be null.
  ServiceAccounts(storage::Store* store, const crypto::MacKeyring* keyring,
                  const audit::AuditLog* audit, audit::DenialLog* denials,
                  const identity::LastUseRecorder* last_uses,
                  const Clock* clock, RandomSource* random, IssuePolicy policy);

  // Makes a service account with a fresh token and no authorization but the
  // capabilities asked for. An account comes into being by a super_admin's
  // first create in it. Needs kChangeRight.
  // A repetition needs Cover::kEverything of what was made.
  //   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: see CheckMayGrant.
  //   What FindAnswer and CheckAnswerLive say.
  void Create(identity::CallerPtr caller, CreateRequest request,
              Done<IssuedServiceAccount> done);

  // Needs kReadRight.
  //   NOT_FOUND / SERVICE_ACCOUNT_NOT_FOUND: the account holds none of that id.
  void Get(const identity::CallerPtr& caller, const GetRequest& request,
           Done<storage::ServiceAccountRecord> done);

  // Needs kReadRight.
  void List(const identity::CallerPtr& caller, const ListRequest& request,
            Done<Page> done);

  // A new expiry bounds a replaced token that is still to retire, too. Needs
  // kChangeRight, and Cover::kEverything to enable it, to let it live longer
  // and to change its labels, else Cover::kGoverning.
  //   NOT_FOUND / SERVICE_ACCOUNT_NOT_FOUND: the account holds none of that id.
  //   FAILED_PRECONDITION / SERVICE_ACCOUNT_REVOKED: it is revoked.
  //   ABORTED / ETAG_MISMATCH: it is at another version.
  void Update(identity::CallerPtr caller, UpdateRequest request,
              Done<storage::ServiceAccountRecord> done);

  // Mints a new token for the same identity. The one before is good for the
  // overlap; one that was still to retire ends at once. Needs kChangeRight
  // and Cover::kEverything, a repetition too. Does not enable. A service
  // account rotates itself by its current token only, and the next one dies
  // when that would have, at the latest; a replaced token that is good for an
  // overlap could otherwise take over the account. A repetition may present it.
  //   NOT_FOUND, FAILED_PRECONDITION: as Update. What FindIdempotencyRecord
  //   says.
  void Rotate(identity::CallerPtr caller, const RotateRequest& request,
              Done<IssuedServiceAccount> done);

  // Ends it for ever; if it has ended already nothing changes. Needs
  // kChangeRight and Cover::kGoverning.
  //   NOT_FOUND: as Update.
  void Revoke(identity::CallerPtr caller, const RevokeRequest& request,
              Done<storage::ServiceAccountRecord> done);

  // Revokes, in one transaction, at most 100 of those that meet all conditions,
  // of which there is at least one; never the caller. Needs kChangeRight.
  // Leaves out, and counts, those without Cover::kGoverning. Looks through a
  // bounded number of rows, in reads: the transaction looks at what it ends
  // and at nothing else. The next call goes on behind, so that a caller who
  // follows the page tokens comes to the end whatever there is in between. A
  // dry run writes nothing, and is answered as the real one would be.
  void BatchRevoke(identity::CallerPtr caller,
                   const BatchRevokeRequest& request, Done<Batch> done);

  // Ends the token presented, whatever its state: a replaced one alone, a
  // current one with its service account. Needs no right, and no live token.
  //   INVALID_ARGUMENT / UNSUPPORTED_TOKEN_TYPE: it is an OAuth access token.
  void RevokeSelf(identity::CallerPtr caller, const RevokeSelfRequest& request,
                  absl::AnyInvocable<void(absl::Status) &&> done);

  // Ends a token that somebody has presented: a replaced one alone, a current
  // one with its service account. Needs nothing if it is one of the caller's
  // own, else kChangeRight on its account and Cover::kGoverning; without them
  // (which is noted as a denial), and if it has ended already, nothing changes
  // and the answer is OK all the same (RFC 7009 section 2.2). May end an
  // account's last owner.
  void RevokeToken(identity::CallerPtr caller,
                   const identity::TokenSnapshotPtr& target,
                   absl::AnyInvocable<void(absl::Status) &&> done);

 private:
  struct BatchCall;
  struct CreateCall;
  struct RotateCall;

  void SearchBatch(const std::shared_ptr<BatchCall>& call);
  void EndBatch(const std::shared_ptr<BatchCall>& call);
  void MintAndCreate(std::shared_ptr<CreateCall> call);
  void MintAndRotate(std::shared_ptr<RotateCall> call);

  // `record` as it is shown: with a last use that is not yet written.
  storage::ServiceAccountRecord Shown(
      storage::ServiceAccountRecord record) const;

  // Authorizes, reads the service account, lets `change` change it, writes it
  // and the audit entry that `change` fills in. Nothing is written where
  // `change` returns false.
  using Change = absl::AnyInvocable<absl::StatusOr<bool>(
      storage::ReadTxn& txn, storage::ServiceAccountRecord& record,
      audit::AuditEntry& entry)>;
  void ChangeOne(identity::CallerPtr caller, const Uuid& account_id,
                 const Uuid& id, absl::Time now, Change change,
                 storage::WriteOptions options,
                 Done<storage::ServiceAccountRecord> done);
  // What an update makes of `record`.
  absl::StatusOr<bool> ApplyUpdate(storage::ReadTxn& txn,
                                   const identity::Principal& by,
                                   const UpdateRequest& request,
                                   const std::optional<absl::Time>& expires_at,
                                   absl::Time now,
                                   storage::ServiceAccountRecord& record,
                                   audit::AuditEntry& entry) const;
  // Ends the token, for `caller` who has presented it.
  void EndPresented(identity::CallerPtr caller, const std::string& public_id,
                    storage::RevokeReason reason, std::string comment,
                    absl::AnyInvocable<void(absl::Status) &&> done);
  // Ends another's token for a `caller` who was admitted to its account.
  void EndOther(identity::CallerPtr caller, absl::Time now,
                const identity::TokenSnapshotPtr& target, Access::Done done);

  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
  const audit::AuditLog* const audit_;
  audit::DenialLog* const denials_;
  const identity::LastUseRecorder* const last_uses_;
  const Clock* const clock_;
  RandomSource* const random_;
  const IssuePolicy policy_;
};

// INVALID_ARGUMENT / UNSUPPORTED_TOKEN_TYPE: what is to be revoked is an OAuth
// access token (RFC 7009 section 2.2.1).
absl::Status UnsupportedTokenTypeError();

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_
