// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_TEMPORARY_FILE_H_
#define SIGNET_BASE_TEMPORARY_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"

namespace signet {

// Creates a file with mode 0600 beside `path`, under a random name that is put
// into `name`, and returns its descriptor, open for writing; -1 with errno set
// where it cannot. Nothing that is there already is opened, and no symbolic
// link is followed: nobody can plant one for it. As long as the descriptor is
// open, SweepTemporaries() lets the file be: close it when the file has its
// place or is removed.
int OpenTemporary(const std::string& path, RandomSource& random,
                  std::string& name);

// Removes what killed processes left of OpenTemporary(path, …), and gives the
// names of what it removed. Another file stays, whatever its name: it has a
// name that OpenTemporary() could have given, is a regular file of this user,
// and nobody writes it any more. No symbolic link is followed. Files that
// cannot be looked at or removed stay, too.
std::vector<std::string> SweepTemporaries(const std::string& path);

// Writes all of `content`; an error names the file `name`.
absl::Status WriteAll(int fd, const std::string& name,
                      std::string_view content);

}  // namespace signet

#endif  // SIGNET_BASE_TEMPORARY_FILE_H_
