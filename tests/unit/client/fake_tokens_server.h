// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_CLIENT_FAKE_TOKENS_SERVER_H_
#define SIGNET_TESTS_UNIT_CLIENT_FAKE_TOKENS_SERVER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/boot_clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "signet/v1/tokens.grpc.pb.h"
#include "tests/unit/client/answers.h"

namespace signet::client {

// A Tokens service on a loopback port that says what it is told to, when it is
// told to. Thread-safe.
class FakeTokensServer final : public v1::Tokens::Service {
 public:
  FakeTokensServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeTokensServer() override {
    Release();
    EndFeed(grpc::Status::OK);
    server_->Shutdown(std::chrono::system_clock::now());
  }

  std::string target() const { return absl::StrCat("127.0.0.1:", port_); }

  // What is said of `token` from now on; of others TOKEN_UNKNOWN.
  void Put(const std::string& token, v1::VerifyTokenResponse answer) {
    absl::MutexLock lock(&mutex_);
    answers_[token] = std::move(answer);
  }
  // What every question ends with from now on.
  void Refuse(grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    refusal_ = std::move(status);
  }
  // Answers are decided, and then held back until Release().
  void Hold() {
    absl::MutexLock lock(&mutex_);
    held_ = true;
  }
  void Release() {
    absl::MutexLock lock(&mutex_);
    held_ = false;
  }
  std::vector<v1::VerifyTokenRequest> questions() const {
    absl::MutexLock lock(&mutex_);
    return questions_;
  }
  // Waits until so many questions have come in all.
  void AwaitQuestions(size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto came = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return questions_.size() >= count;
    };
    mutex_.Await(absl::Condition(&came));
  }
  // The last Authorization of a question or a watcher.
  std::string authorization() const {
    absl::MutexLock lock(&mutex_);
    return authorization_;
  }

  // Sends a message to every watcher that is there, or comes back.
  void Tell(const std::vector<uint32_t>& service_accounts, bool reset = false) {
    std::vector<std::string> ids;
    for (const uint32_t number : service_accounts) {
      ids.push_back(SampleId(number).ToString());
    }
    TellOf(ids, reset);
  }
  // The same of ids that need not be any.
  void TellOf(const std::vector<std::string>& ids, bool reset = false) {
    absl::MutexLock lock(&mutex_);
    v1::WatchChangesResponse message;
    message.set_position(absl::StrCat("p", messages_.size() + 1));
    message.set_reset(reset);
    for (const std::string& id : ids) message.add_service_account_ids(id);
    messages_.push_back(std::move(message));
  }
  // Says nothing more on the streams that are open, or to be opened if `all`.
  void Silence(bool all) {
    absl::MutexLock lock(&mutex_);
    silent_before_ = all ? ~0u : static_cast<unsigned>(positions_.size());
  }
  void Speak() {
    absl::MutexLock lock(&mutex_);
    silent_before_ = static_cast<unsigned>(positions_.size());
  }
  // Messages do not say how long their stream has lasted from now on, as those
  // of old servers.
  void DoNotStamp() {
    absl::MutexLock lock(&mutex_);
    stamps_ = false;
  }
  // Streams that are opened from now on are taken so much later.
  void DelayOpening(absl::Duration delay) {
    absl::MutexLock lock(&mutex_);
    opening_delay_ = delay;
  }
  // Each stream to be opened sends one message, so long after that, and no
  // more.
  void SpeakOnce(absl::Duration after) {
    absl::MutexLock lock(&mutex_);
    only_message_after_ = after;
  }
  // When the last stream was opened.
  absl::Time opened_at() const {
    absl::MutexLock lock(&mutex_);
    return opened_at_;
  }
  // Ends every stream so; those that come later go on.
  void EndFeed(grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    end_ = std::move(status);
    end_before_ = positions_.size();
  }
  // Where watchers began, in the order in which they came.
  std::vector<std::string> positions() const {
    absl::MutexLock lock(&mutex_);
    return positions_;
  }

  grpc::Status VerifyToken(grpc::ServerContext* context,
                           const v1::VerifyTokenRequest* request,
                           v1::VerifyTokenResponse* response) override {
    absl::MutexLock lock(&mutex_);
    NoteAuthorization(*context);
    questions_.push_back(*request);
    const auto found = answers_.find(request->token());
    *response =
        found != answers_.end() ? found->second : BadAnswer("TOKEN_UNKNOWN");
    const grpc::Status refusal = refusal_;
    mutex_.Await(absl::Condition(
        +[](bool* held) { return !*held; }, &held_));
    return refusal;
  }

  grpc::Status WatchChanges(
      grpc::ServerContext* context, const v1::WatchChangesRequest* request,
      grpc::ServerWriter<v1::WatchChangesResponse>* writer) override {
    size_t told = 0;
    size_t number = 0;
    absl::Duration opening_delay;
    absl::Duration only_after;
    {
      absl::MutexLock lock(&mutex_);
      opened_at_ = absl::Now();
      opening_delay = opening_delay_;
      only_after = only_message_after_;
      NoteAuthorization(*context);
      positions_.push_back(request->position());
      number = positions_.size();
      const std::string& position = request->position();
      told =
          position.empty() ? messages_.size() : std::stoul(position.substr(1));
    }
    absl::SleepFor(opening_delay);
    const BootClock::time_point began = BootClock::now();
    absl::SleepFor(only_after);
    for (bool first = true;; first = false) {
      v1::WatchChangesResponse message;
      bool silent = false;
      {
        absl::MutexLock lock(&mutex_);
        const auto news = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
          return messages_.size() > told || number <= end_before_;
        };
        if (!first) {
          mutex_.AwaitWithTimeout(absl::Condition(&news),
                                  absl::Milliseconds(100));
        }
        if (number <= end_before_) return end_;
        silent = number <= silent_before_ ||
                 (!first && only_after > absl::ZeroDuration());
        if (messages_.size() > told) {
          message = messages_[told++];
        } else {
          message.set_position(absl::StrCat("p", told));
        }
        if (stamps_) Stamp(began, message);
      }
      if (context->IsCancelled()) return grpc::Status::CANCELLED;
      if (!silent) writer->Write(message);
    }
  }

 private:
  static void Stamp(BootClock::time_point began,
                    v1::WatchChangesResponse& message) {
    absl::Duration since = absl::FromChrono(BootClock::now() - began);
    message.mutable_since_start()->set_seconds(
        absl::IDivDuration(since, absl::Seconds(1), &since));
    message.mutable_since_start()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(since)));
  }
  void NoteAuthorization(const grpc::ServerContext& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto found = context.client_metadata().find("authorization");
    authorization_ =
        found == context.client_metadata().end()
            ? std::string()
            : std::string(found->second.data(), found->second.size());
  }

  int port_ = 0;
  mutable absl::Mutex mutex_;
  std::map<std::string, v1::VerifyTokenResponse> answers_
      ABSL_GUARDED_BY(mutex_);
  std::vector<v1::VerifyTokenRequest> questions_ ABSL_GUARDED_BY(mutex_);
  std::string authorization_ ABSL_GUARDED_BY(mutex_);
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<v1::WatchChangesResponse> messages_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> positions_ ABSL_GUARDED_BY(mutex_);
  unsigned silent_before_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration only_message_after_ ABSL_GUARDED_BY(mutex_);
  absl::Time opened_at_ ABSL_GUARDED_BY(mutex_);
  bool stamps_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Duration opening_delay_ ABSL_GUARDED_BY(mutex_);
  size_t end_before_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace signet::client

#endif  // SIGNET_TESTS_UNIT_CLIENT_FAKE_TOKENS_SERVER_H_
