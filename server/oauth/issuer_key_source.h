// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_ISSUER_KEY_SOURCE_H_
#define SIGNET_SERVER_OAUTH_ISSUER_KEY_SOURCE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/steady_event.h"
#include "server/oauth/http_client.h"
#include "server/oauth/key_cache.h"
#include "server/oauth/key_source.h"
#include "server/oauth/oauth_options.h"

namespace signet::oauth {

// An issuer's keys, fetched and kept fresh on a thread of its own. Thread-safe.
//
// The first fetch starts at once; the issuer may be down. Later ones follow
// every refresh_interval, or sooner when a token names a key that is not known,
// but never within min_interval of the last, unless Reload() asks. Calls that
// need a fetch wait for it (max_waiting_calls at most; more are refused as if
// the issuer were down) and are answered on the thread. While the issuer fails
// its last keys are good until they are max_key_age old.
class IssuerKeySource final : public KeySource {
 public:
  // `issuer` is one that CheckIssuerUrl accepts. `clock` and `logger` are
  // borrowed.
  IssuerKeySource(std::string issuer, const KeyFetchPolicy& policy,
                  std::unique_ptr<HttpClient> http, const Clock* clock,
                  Logger* logger);

  ~IssuerKeySource() override { Stop(); }

  void FindKey(const KeyQuery& query, Done done) override;
  void Reload() override;
  void Stop() override;  // Ends a fetch that runs.

 private:
  struct Waiting {
    KeyQuery query;
    Done done;
  };

  // The thread.
  void Run();
  // Sleeps until a fetch is due or asked for. False: it is time to stop.
  bool AwaitNextFetch();
  // Keeps the outcome of a fetch and answers the calls that waited for it.
  void Finish(absl::StatusOr<JwkSet> keys);
  // Logs what an operator has not been told yet. Only Run's thread calls it.
  void Report(const absl::StatusOr<JwkSet>& keys);

  const std::string issuer_;
  const KeyFetchPolicy policy_;
  const std::unique_ptr<HttpClient> http_;
  const Clock* const clock_;
  Logger* const logger_;
  std::vector<std::string> reported_notes_;  // Only Run's thread.
  std::optional<size_t> reported_keys_;      // Only Run's thread.

  absl::Mutex mutex_;
  KeyCache cache_ ABSL_GUARDED_BY(mutex_);
  // Not empty: a fetch runs, or is asked for.
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool reload_ ABSL_GUARDED_BY(mutex_) = false;  // A fetch is asked for.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyEvent wanted_;  // A fetch is asked for, or it is time to stop.

  std::thread thread_;  // Last: it uses all the others.
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_ISSUER_KEY_SOURCE_H_
