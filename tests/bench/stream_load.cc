// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/bench/load.h"

namespace signet {
namespace {

// One stream: a write and a read are under way at any time.
class Stream final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Stream(const std::shared_ptr<grpc::Channel>& channel, const GrpcCall& call,
         int window, absl::Time end, absl::BlockingCounter* finished)
      : stub_(channel), window_(window), end_(end), finished_(finished) {
    if (!call.token.empty()) {
      context_.AddMetadata("authorization", "Bearer " + call.token);
    }
    const grpc::Slice slice(call.message);
    request_ = grpc::ByteBuffer(&slice, 1);
    stub_.PrepareBidiStreamingCall(&context_, call.method, grpc::StubOptions(),
                                   this);
    // Writes are started by whichever of the two finds room in the window.
    AddHold();
    StartCall();
    StartRead(&response_);
    WriteMore();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      ended_ = true;
      WriteMore();
      return;
    }
    ++answers_;
    {
      absl::MutexLock lock(&mutex_);
      --unanswered_;
    }
    StartRead(&response_);
    WriteMore();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    if (!ok) ended_ = true;
    WriteMore();
  }

  void OnDone(const grpc::Status&) override { finished_->DecrementCount(); }

  int64_t answers() const { return answers_; }

 private:
  void WriteMore() {
    absl::MutexLock lock(&mutex_);
    if (writing_ || closed_) return;
    if (ended_ || absl::Now() >= end_) {
      closed_ = true;
      if (!ended_) StartWritesDone();
      RemoveHold();
      return;
    }
    // Half a window at a time, so that messages share packets.
    if (unanswered_ <= window_ / 2) filling_ = true;
    if (!filling_) return;
    ++unanswered_;
    filling_ = unanswered_ < window_;
    writing_ = true;
    grpc::WriteOptions options;
    if (filling_) options.set_buffer_hint();
    StartWrite(&request_, options);
  }

  grpc::GenericStub stub_;
  const int window_;
  const absl::Time end_;
  absl::BlockingCounter* const finished_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::atomic<int64_t> answers_ = 0;
  std::atomic<bool> ended_ = false;

  absl::Mutex mutex_;
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  bool filling_ ABSL_GUARDED_BY(mutex_) = true;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

double StreamLoad(const std::string& address, const GrpcCall& call, int streams,
                  int window, absl::Duration duration) {
  absl::BlockingCounter finished(streams);
  const absl::Time start = absl::Now();
  std::vector<std::unique_ptr<Stream>> open;
  for (int i = 0; i < streams; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("signet.bench.connection", i);
    open.push_back(std::make_unique<Stream>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                  arguments),
        call, window, start + duration, &finished));
  }
  finished.Wait();
  int64_t answers = 0;
  for (const auto& stream : open) answers += stream->answers();
  return static_cast<double>(answers) /
         absl::ToDoubleSeconds(absl::Now() - start);
}

}  // namespace signet
