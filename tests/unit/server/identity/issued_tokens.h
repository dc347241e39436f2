// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_IDENTITY_ISSUED_TOKENS_H_
#define SIGNET_TESTS_UNIT_SERVER_IDENTITY_ISSUED_TOKENS_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "crypto/mac_keyring.h"
#include "server/token/token.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/unit/server/identity/fake_store.h"

namespace signet::identity {

// For a fixture: tokens, and a store that knows those that were issued. Each
// belongs to service account SampleId(2) of account SampleId(1).
class IssuedTokens {
 protected:
  // A token that is in the store; `change` may alter its record and owner.
  std::string Issue(absl::FunctionRef<void(storage::TokenOwner&)> change) {
    token::MintedToken token =
        token::MintToken("hbx_sa", SampleTime(), random_);
    storage::TokenOwner found;
    found.owner = SampleServiceAccount(SampleId(1), 2);
    found.token = found.owner.token;
    found.token.public_id = token.public_id;
    found.token.key_version = keyring_->current_version();
    found.token.mac = keyring_->Compute(token.text.Expose());
    found.owner.token = found.token;
    change(found);
    store_.Add(found);
    return std::string(token.text.Expose());
  }
  std::string Issue() {
    return Issue([](storage::TokenOwner&) {});
  }

  // A token that is not in the store.
  std::string Unknown() {
    return std::string(
        token::MintToken("hbx_sa", SampleTime(), random_).text.Expose());
  }

  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  FakeStore store_;

 private:
  SeededRandom random_;
};

}  // namespace signet::identity

#endif  // SIGNET_TESTS_UNIT_SERVER_IDENTITY_ISSUED_TOKENS_H_
