// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_BOOTSTRAP_FILE_H_
#define SIGNET_SERVER_BOOTSTRAP_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/secret.h"
#include "server/domain/bootstrap.h"
#include "storage/store.h"

namespace signet::server {

// A line that says all: {"account_id","service_account_id","token"}.
Secret CredentialLine(const domain::Bootstrapped& credential);

// The file of --bootstrap_file, which receives the first credential: its
// CredentialLine, mode 0600.
//
// The credential is on disk as `PATH.pending` before it is committed and gets
// its name after that. So a crash between the two steps loses no token and
// leaves none at PATH that is void: the next start finishes the job. Not
// thread-safe.
class BootstrapFile {
 public:
  // Where the credential of such a file at `path` waits for its commit; empty
  // if `path` is.
  static std::string PendingPath(const std::string& path);

  // `random` is borrowed and outlives this object.
  BootstrapFile(std::string path, RandomSource* random);

  // Finishes or undoes what a crash left behind: the pending credential gets
  // its name if `store` knows its service account, and is deleted if not.
  absl::Status Recover(storage::Store& store);

  // INVALID_ARGUMENT / FLAG_INVALID: something is at PATH already.
  absl::Status CheckFree() const;

  // Before the commit: puts `credential` on disk under the pending name.
  absl::Status Stage(const domain::Bootstrapped& credential);

  // After the commit: gives the file its name, never over another.
  absl::Status Publish();

 private:
  const std::string path_;
  const std::string pending_;
  RandomSource* const random_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_BOOTSTRAP_FILE_H_
