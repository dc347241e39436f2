// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_LAST_USE_RECORDER_H_
#define SIGNET_SERVER_IDENTITY_LAST_USE_RECORDER_H_

#include <optional>

#include "absl/time/time.h"
#include "base/uuid.h"

namespace signet::identity {

// Takes down when service accounts authenticate. Thread-safe.
class LastUseRecorder {
 public:
  virtual ~LastUseRecorder() = default;

  // A token of the service account was accepted at `at`. Every authentication
  // calls it, so it waits for no storage. Times only move forward.
  virtual void Note(const Uuid& account_id, const Uuid& service_account_id,
                    absl::Time at) = 0;

  // The latest use noted, in whole microseconds, if it is remembered. What is
  // not yet written is; the record may hold a later one that came another way.
  virtual std::optional<absl::Time> Latest(
      const Uuid& service_account_id) const = 0;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_LAST_USE_RECORDER_H_
