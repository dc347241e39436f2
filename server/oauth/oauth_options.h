// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_OAUTH_OPTIONS_H_
#define SIGNET_SERVER_OAUTH_OAUTH_OPTIONS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace signet::oauth {

// When an issuer's keys are fetched, and how long they are trusted. The
// defaults are for production; tests shorten them.
struct KeyFetchPolicy {
  absl::Duration refresh_interval = absl::Minutes(5);  // After a good fetch.
  absl::Duration min_interval = absl::Seconds(10);  // Between any two fetches.
  absl::Duration max_key_age = absl::Hours(1);  // Since the last good fetch.
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration request_timeout = absl::Seconds(5);  // One document, in all.
  size_t max_document_bytes = 512 * 1024;
  size_t max_waiting_calls = 1024;  // That wait for a fetch; more are refused.

  friend bool operator==(const KeyFetchPolicy&,
                         const KeyFetchPolicy&) = default;
};

// What OAuth access tokens must look like, and whose keys prove them.
struct OauthOptions {
  // `--oauth_issuer`. Empty: every OAuth token is refused.
  std::string issuer;
  // `--oauth_jwks_file`. Empty: keys come from the issuer.
  std::string jwks_file;
  // `--oauth_audience`. A token must be for one of these.
  std::vector<std::string> audiences;
  // `--oauth_groups_claim`.
  std::string groups_claim = "groups";
  // `--oauth_accepted_typ`: `at+jwt`, or `JWT` to take those tokens too.
  std::string accepted_typ = "at+jwt";
  // `--oauth_required_scope`. Empty: none is asked for.
  std::string required_scope;

  KeyFetchPolicy fetch;

  // INVALID_ARGUMENT / FLAG_INVALID where the options contradict the contract;
  // the message is "--flag: got X, want Y". Touches neither disk nor network.
  absl::Status Validate() const;

  friend bool operator==(const OauthOptions&, const OauthOptions&) = default;
};

// INVALID_ARGUMENT / FLAG_INVALID with the message "--`flag`: `detail`".
absl::Status OauthFlagError(std::string_view flag, std::string_view detail);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_OAUTH_OPTIONS_H_
