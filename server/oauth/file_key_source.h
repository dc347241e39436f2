// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_
#define SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/log.h"
#include "server/oauth/key_source.h"

namespace signet::oauth {

// The keys of a JWK Set file. Always answers at once. Thread-safe.
class FileKeySource final : public KeySource {
 public:
  // INVALID_ARGUMENT where `path` is not a readable regular file of at most 1
  // MiB, holds no JWK Set with a usable key, or holds a private or symmetric
  // key: such a file is in the wrong place, and better noticed than read
  // around. Logs what else it leaves out. `logger` is borrowed.
  static absl::StatusOr<std::unique_ptr<FileKeySource>> Load(
      const std::string& path, Logger& logger);

  void FindKey(const KeyQuery& query, Done done) override;
  void Reload() override;  // Reads the file.
  void Stop() override {}

 private:
  FileKeySource(std::string path, Logger* logger, JwkSet keys)
      : path_(std::move(path)), logger_(logger), keys_(std::move(keys)) {}

  const std::string path_;
  Logger* const logger_;
  absl::Mutex mutex_;
  JwkSet keys_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_FILE_KEY_SOURCE_H_
