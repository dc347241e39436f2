// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_TEMPORARY_FILE_H_
#define SIGNET_BASE_TEMPORARY_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/random.h"

namespace signet {

// Creates a file with mode 0600 beside `path`, under a random name that is put
// into `name`, and returns its descriptor, open for writing; -1 with errno set
// where it cannot. Nothing that is there already is opened, and no symbolic
// link is followed: nobody can plant one for it.
int OpenTemporary(const std::string& path, RandomSource& random,
                  std::string& name);

// Writes all of `content`; an error names the file `name`.
absl::Status WriteAll(int fd, const std::string& name,
                      std::string_view content);

}  // namespace signet

#endif  // SIGNET_BASE_TEMPORARY_FILE_H_
