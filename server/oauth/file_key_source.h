// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_
#define SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "server/oauth/key_source.h"

namespace signet::oauth {

// The keys of a JWK Set file, read once. Always answers at once.
class FileKeySource final : public KeySource {
 public:
  // INVALID_ARGUMENT where `path` is not a readable regular file of at most 1
  // MiB, holds no JWK Set with a usable key, or holds a private or symmetric
  // key: such a file is in the wrong place, and better noticed than read
  // around. Logs what else it leaves out.
  static absl::StatusOr<std::unique_ptr<FileKeySource>> Load(
      const std::string& path, Logger& logger);

  void FindKey(const KeyQuery& query, Done done) override;
  void Stop() override {}

 private:
  explicit FileKeySource(JwkSet keys) : keys_(std::move(keys)) {}

  const JwkSet keys_;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_
