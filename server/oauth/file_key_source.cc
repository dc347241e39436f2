// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/file_key_source.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"

namespace signet::oauth {
namespace {

constexpr size_t kMaxFileBytes = 1024 * 1024;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  // Of a FIFO the open would wait for a writer.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::InvalidArgumentError("want a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError("want a file that can be read");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError("want a file of at most 1 MiB");
  }
  return text;
}

absl::StatusOr<JwkSet> ReadKeys(const std::string& path, Logger& logger) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<JwkSet> keys = JwkSet::Parse(*text);
  if (!keys.ok()) return keys.status();
  if (keys->holds_secrets()) {
    return absl::InvalidArgumentError(
        "got a private or symmetric key, want public keys only");
  }
  for (const std::string& note : keys->notes()) {
    logger.Warning("key left out", {{"file", path}, {"why", note}});
  }
  if (keys->size() == 0) {
    return absl::InvalidArgumentError("got no usable key, want at least one");
  }
  return keys;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileKeySource>> FileKeySource::Load(
    const std::string& path, Logger& logger) {
  absl::StatusOr<JwkSet> keys = ReadKeys(path, logger);
  if (!keys.ok()) return keys.status();
  return std::unique_ptr<FileKeySource>(
      new FileKeySource(path, &logger, *std::move(keys)));
}

void FileKeySource::Reload() {
  absl::StatusOr<JwkSet> keys = ReadKeys(path_, *logger_);
  if (!keys.ok()) {
    const std::string why(keys.status().message());
    logger_->Warning("issuer keys not loaded", {{"file", path_}, {"why", why}});
    return;
  }
  logger_->Info(
      "issuer keys loaded",
      {{"file", path_}, {"keys", static_cast<int64_t>(keys->size())}});
  absl::MutexLock lock(&mutex_);
  keys_ = *std::move(keys);
}

void FileKeySource::FindKey(const KeyQuery& query, Done done) {
  Key key;
  {
    absl::MutexLock lock(&mutex_);
    key = keys_.Find(query);
  }
  if (key == nullptr) {
    std::move(done)(absl::NotFoundError("kid: want a key of the JWKS file"));
    return;
  }
  std::move(done)(std::move(key));
}

}  // namespace signet::oauth
