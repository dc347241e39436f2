// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_
#define SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/random.h"
#include "server/base/secret.h"
#include "server/crypto/mac_keyring.h"
#include "server/domain/access.h"
#include "server/domain/expiry_rule.h"
#include "server/identity/principal.h"
#include "storage/store.h"

namespace signet {

struct IssuePolicy {
  std::string token_prefix = "hbx_sa";  // Valid for MintToken.
  ExpiryPolicy expiry;
};

// A service account and the plaintext of its token, to be shown once.
struct IssuedServiceAccount {
  ServiceAccountRecord record;
  Secret token;
};

// Service accounts and who may do what with them. Thread-safe; nothing blocks.
//
// Requests carry fields as the client sent them. Faults are found in this
// order:
//   INVALID_ARGUMENT / FIELD_INVALID: `account_id` is not a UUID, so there is
//     nothing to be authorized on.
//   PERMISSION_DENIED / ACCESS_DENIED: see access.h.
//   INVALID_ARGUMENT / FIELD_INVALID: a field breaks its rule.
// An INVALID_ARGUMENT names every field at fault. Nothing has changed after an
// error, but for the store's WRITE_OUTCOME_UNKNOWN. Any call may also end with
// what storage/store.h lists.
//
// `done` is called once, perhaps before the method returns, and must not block.
// A principal is read before the method returns.
class ServiceAccounts {
 public:
  template <typename T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;
  using AdmitDone = absl::AnyInvocable<void(absl::Status) &&>;
  // Whether the caller has gone away; asked on a thread of the store's, once
  // nothing but the write is left to do. May be null.
  using Expired = absl::AnyInvocable<bool()>;

  struct CreateRequest {
    std::string account_id;
    std::string name;
    std::optional<RawTimestamp> expires_at;
  };
  struct GetRequest {
    std::string account_id;
    std::string service_account_id;
  };

  // All outlive this object, which in turn outlives its calls.
  ServiceAccounts(Store* store, const MacKeyring* keyring, const Clock* clock,
                  RandomSource* random, IssuePolicy policy);

  // Makes a service account with a fresh token and no authorization. An account
  // comes into being by a super_admin's first create in it. Needs
  // Right::kManage.
  //   DEADLINE_EXCEEDED: `expired` said true before the write; nothing written.
  void Create(const Principal& principal, CreateRequest request,
              Expired expired, Done<IssuedServiceAccount> done);

  // Needs Right::kView.
  //   NOT_FOUND / SERVICE_ACCOUNT_NOT_FOUND: the account holds none of that id.
  void Get(const Principal& principal, const GetRequest& request,
           Done<ServiceAccountRecord> done);

  // Whether Create or Get would get past authorization on `account_id`, for who
  // has found another fault already. OK if it is not a UUID, as that fault
  // ranks later.
  void AdmitCreate(const Principal& principal, std::string_view account_id,
                   AdmitDone done);
  void AdmitGet(const Principal& principal, std::string_view account_id,
                AdmitDone done);

 private:
  struct CreateCall;

  void MintAndWrite(std::shared_ptr<CreateCall> call);
  // OK where `account_id` is absent.
  void Admit(const Principal& principal, const std::optional<Uuid>& account_id,
             Right right, AdmitDone done);
  // Ends a call with `fault`, unless a lack of `right` ranks before it.
  template <typename T>
  void Refuse(const Principal& principal, const std::optional<Uuid>& account_id,
              Right right, absl::Status fault, Done<T> done);

  Store* const store_;
  const MacKeyring* const keyring_;
  const Clock* const clock_;
  RandomSource* const random_;
  const IssuePolicy policy_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNTS_H_
