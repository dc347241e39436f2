// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/verify_stream.h"

#include <iterator>
#include <memory>
#include <utility>

#include "base/error.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"
#include "signet/v1/tokens.pb.h"

namespace signet::rpc {
namespace {

const google::protobuf::MethodDescriptor* VerifyTokenMethod() {
  return v1::VerifyTokenRequest::descriptor()
      ->file()
      ->FindServiceByName("Tokens")
      ->FindMethodByName("VerifyToken");
}

absl::Status NothingAskedError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded,
                   "nothing was asked after the stream was opened",
                   {.reason = "NOTHING_ASKED"});
}

absl::Status UnreadAnswersError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded,
                   "the client does not read the answers",
                   {.reason = "READER_STUCK"});
}

}  // namespace

VerifyStream::VerifyStream(const TokenStreams::Dependencies& deps,
                           OpenStreams* open,
                           grpc::CallbackServerContext* context)
    : deps_(deps),
      open_(open),
      context_(context),
      call_(std::make_shared<const call::CallContext>(
          NewCallContext(*context, GrpcMetadata(*context), deps.listener,
                         deps.clock->Now(), *deps.random))) {
  const auto [first, last] =
      context_->client_metadata().equal_range("authorization");
  if (first != last) {
    const absl::StatusOr<identity::Credential> credential =
        identity::Credential::FromAuthorization(
            std::string_view(first->second.data(), first->second.size()));
    if (credential.ok() && std::next(first) == last) {
      credential_ = *credential;
    } else {
      credential_.reset();
    }
  }
  if (!open_->Add(this)) {
    Close(StoppingError());
    return;
  }
  std::optional<grpc::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    end = Proceed();
  }
  FinishWith(end);
}

void VerifyStream::OnReadDone(bool ok) {
  std::optional<grpc::Status> end;
  bool answer = false;
  {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    closed_ |= !ok;
    answering_ = answer = !closed_;
    asked_ = true;
    if (answering_) deps_.count->Begin();
    if (closed_) end = Proceed();
  }
  if (answer) {
    Answer();
  } else {
    FinishWith(end);
  }
}

void VerifyStream::Answer() {
  auto request = std::make_unique<v1::VerifyTokenRequest>();
  if (request_.Length() > kMaxMessageBytes) {
    Refuse(MessageTooLargeError(kMaxMessageBytes));
    return;
  }
  if (!ParseMessage(request_, *request)) {
    WipeToken(*request);  // What came before the fault.
    Refuse(MessageMalformedError());
    return;
  }
  grpc::ByteBuffer response;
  if (!credential_.has_value() ||
      !deps_.fast_path->Answer(*credential_, call_->trusted(), *request,
                               response)) {
    AskBackend(std::move(request));
    return;
  }
  WipeToken(*request);
  Answered(google::rpc::Status(), response);
}

gateway::BackendCall VerifyStream::NewCall() {
  gateway::BackendCall call;
  call.context = call_;
  call.authorization = GrpcMetadata(*context_).authorization;
  return call;
}

void VerifyStream::AskBackend(
    std::unique_ptr<google::protobuf::Message> request) {
  gateway::BackendCall call = NewCall();
  call.method = VerifyTokenMethod();
  call.request = std::move(request);
  deps_.backend->Call(std::move(call), [this](gateway::BackendReply reply) {
    grpc::ByteBuffer response;
    if (reply.status.code() == 0) response = SerializeMessage(*reply.response);
    Answered(std::move(reply.status), response);
  });
}

void VerifyStream::Refuse(absl::Status fault) {
  gateway::BackendCall call = NewCall();
  call.method = VerifyTokenMethod();
  call.scope = gateway::CallScope::kIdentify;
  deps_.backend->Call(std::move(call), [this, fault = std::move(fault)](
                                           gateway::BackendReply reply) {
    Answered(
        reply.status.code() == 0 ? ToRpcStatus(fault) : std::move(reply.status),
        grpc::ByteBuffer());
  });
}

void VerifyStream::Answered(google::rpc::Status status,
                            const grpc::ByteBuffer& response) {
  std::optional<grpc::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    answering_ = false;
    deps_.count->End();
    if (status.code() == 0) {
      waiting_.push_back(response);
      bytes_waiting_ += response.Length();
      ++answers_;
    } else {
      CloseWith(std::move(status));
    }
    end = Proceed();
  }
  FinishWith(end);
}

void VerifyStream::OnWriteDone(bool ok) {
  std::optional<grpc::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) {  // The client has gone.
      closed_ = true;
      waiting_.clear();
      bytes_waiting_ = 0;
    }
    end = Proceed();
  }
  FinishWith(end);
}

void VerifyStream::Close(const absl::Status& status) {
  std::optional<grpc::Status> end;
  {
    absl::MutexLock lock(&mutex_);
    CloseWith(ToRpcStatus(status));
    end = Proceed();
  }
  FinishWith(end);
}

void VerifyStream::CheckLimits() {
  bool silent = false;
  bool stuck = false;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Duration waited =
        absl::FromChrono(std::chrono::steady_clock::now() - waiting_since_);
    silent = !asked_ && !closed_ && waited >= deps_.limits.first_request;
    stuck = writing_ && waited >= deps_.limits.unread_answer;
  }
  if (silent) Close(NothingAskedError());
  if (stuck) {
    const absl::Status error = UnreadAnswersError();
    Close(error);
    CancelWith(*context_, error);
  }
}

void VerifyStream::CloseWith(google::rpc::Status status) {
  if (closed_) return;
  closed_ = true;
  status_ = std::move(status);
}

std::optional<grpc::Status> VerifyStream::Proceed() {
  if (!writing_ && !waiting_.empty() && !finished_) {
    writing_ = true;
    waiting_since_ = std::chrono::steady_clock::now();
    response_.Swap(&waiting_.front());
    waiting_.pop_front();
    bytes_waiting_ -= response_.Length();
    grpc::WriteOptions options;
    // Those that follow share its packet.
    if (!waiting_.empty()) options.set_buffer_hint();
    StartWrite(&response_, options);
  }
  if (!closed_ && !reading_ && !answering_ && waiting_.size() < kMaxWaiting &&
      bytes_waiting_ < kEnoughBytes) {
    reading_ = true;
    StartRead(&request_);
  }
  if (!closed_ || answering_ || writing_ || !waiting_.empty() || finished_) {
    return std::nullopt;
  }
  finished_ = true;
  return ToGrpcStatus(status_);
}

void VerifyStream::OnDone() {
  open_->Remove(this);
  {
    absl::MutexLock lock(&mutex_);
    deps_.observer->OnEnd(
        *call_, {.kind = call::CallKind::kStream,
                 .method = "signet.v1.Tokens.VerifyTokens",
                 .code = static_cast<absl::StatusCode>(status_.code()),
                 .latency = deps_.clock->Now() - call_->start,
                 // One that asked nothing has shown no credential.
                 .refused = answers_ == 0,
                 .answers = answers_});
  }
  delete this;
}

}  // namespace signet::rpc
