// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_CLIENT_ANSWERS_H_
#define SIGNET_TESTS_UNIT_CLIENT_ANSWERS_H_

#include <string>

#include "signet/v1/tokens.pb.h"
#include "tests/support/sample_records.h"

namespace signet::client {

// What the server says of a good token of a service account.
inline v1::VerifyTokenResponse GoodAnswer(uint32_t service_account) {
  v1::VerifyTokenResponse answer;
  answer.set_active(true);
  answer.set_subject_type("service_account");
  answer.set_subject_id(SampleId(service_account).ToString());
  answer.set_account_id(SampleId(1).ToString());
  answer.add_capabilities("mail.send");
  answer.mutable_cache_ttl()->set_seconds(5);
  return answer;
}

inline v1::VerifyTokenResponse BadAnswer(const std::string& reason) {
  v1::VerifyTokenResponse answer;
  answer.set_reason(reason);
  answer.mutable_cache_ttl()->set_seconds(5);
  return answer;
}

}  // namespace signet::client

#endif  // SIGNET_TESTS_UNIT_CLIENT_ANSWERS_H_
