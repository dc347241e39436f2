// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_HTTP_CLIENT_H_
#define SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_HTTP_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/json.h"
#include "server/oauth/http_client.h"

namespace signet::oauth {

// A web of documents that can be changed while it is in use. Thread-safe.
class FakeWeb {
 public:
  void Put(const std::string& url, absl::StatusOr<std::string> answer) {
    absl::MutexLock lock(&mutex_);
    pages_.insert_or_assign(url, std::move(answer));
  }

  // An issuer with its metadata and these keys.
  void PutIssuer(const std::string& issuer, const std::string& jwk_set) {
    const Json metadata = {{"issuer", issuer}, {"jwks_uri", issuer + "/jwks"}};
    Put(issuer + "/.well-known/openid-configuration", metadata.dump());
    Put(issuer + "/jwks", jwk_set);
  }

  // Every request waits until released.
  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    held_ = false;
  }

  std::vector<std::string> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }
  // Waits until so many requests have been made in all.
  void AwaitRequests(size_t count) const {
    const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return requests_.size() >= count;
    };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&enough));
  }

  absl::StatusOr<std::string> Get(const std::string& url,
                                  const bool& cancelled) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(url);
    const auto go = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return !held_ || cancelled;
    };
    mutex_.Await(absl::Condition(&go));
    if (cancelled) return absl::CancelledError("cancelled");
    const auto page = pages_.find(url);
    if (page == pages_.end()) return absl::NotFoundError("got status 404");
    return page->second;
  }
  void Cancel(bool& cancelled) {
    absl::MutexLock lock(&mutex_);
    cancelled = true;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, absl::StatusOr<std::string>> pages_
      ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
};

// A client in that web, which outlives it.
class FakeHttpClient final : public HttpClient {
 public:
  explicit FakeHttpClient(FakeWeb* web) : web_(web) {}

  absl::StatusOr<std::string> Get(const std::string& url) override {
    return web_->Get(url, cancelled_);
  }
  void Cancel() override { web_->Cancel(cancelled_); }

 private:
  FakeWeb* const web_;
  bool cancelled_ = false;  // Guarded by the web's lock.
};

}  // namespace signet::oauth

#endif  // SIGNET_TESTS_UNIT_SERVER_OAUTH_FAKE_HTTP_CLIENT_H_
