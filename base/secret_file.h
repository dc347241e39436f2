// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_SECRET_FILE_H_
#define SIGNET_BASE_SECRET_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/random.h"
#include "base/secret.h"

namespace signet {

// Files that hold secrets. Messages name the path, never the content. Errors of
// the system come with the code that absl::ErrnoToStatusCode gives them.

// Reads a file of at most 64 KiB. Symbolic links are followed, as mounted
// secrets are often links; what counts is the file they lead to.
//   NOT_FOUND: nothing is there.
//   FAILED_PRECONDITION: not a regular file, too big, open to group or others,
//   or of another user than this process's and root.
absl::StatusOr<Secret> ReadSecretFile(const std::string& path);

// Creates `path` with mode 0600 whatever the umask. When this returns OK the
// whole content is on disk under that name; otherwise nothing new is. Several
// processes may try at once: one of them wins. `random` names a temporary file
// beside it, which a crash can leave behind.
//   ALREADY_EXISTS: something is there, if only a dangling link; it is
//   untouched.
absl::Status CreateSecretFile(const std::string& path, std::string_view content,
                              RandomSource& random);

// The same in the place of what is there: who reads finds the old content or
// the new one, whole, also after a crash. A symbolic link at `path` is
// replaced, not followed.
absl::Status ReplaceSecretFile(const std::string& path,
                               std::string_view content, RandomSource& random);

}  // namespace signet

#endif  // SIGNET_BASE_SECRET_FILE_H_
