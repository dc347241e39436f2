// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_KEY_SOURCE_H_
#define SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_KEY_SOURCE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/identity/auth_error.h"
#include "server/oauth/key_source.h"

namespace signet::oauth {

// A set of keys that can be out of reach. For one thread.
class FakeKeySource final : public KeySource {
 public:
  explicit FakeKeySource(const std::string& jwk_set)
      : keys_(JwkSet::Parse(jwk_set).value()) {}

  bool down = false;
  int queries = 0;

  void FindKey(const KeyQuery& query, Done done) override {
    ++queries;
    if (down) {
      std::move(done)(identity::IssuerUnavailableError(absl::Seconds(7)));
    } else if (Key key = keys_.Find(query); key != nullptr) {
      std::move(done)(std::move(key));
    } else {
      std::move(done)(absl::NotFoundError("kid: want another"));
    }
  }
  void Reload() override {}
  void Stop() override {}

 private:
  const JwkSet keys_;
};

}  // namespace signet::oauth

#endif  // SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_KEY_SOURCE_H_
