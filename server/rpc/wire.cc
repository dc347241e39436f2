// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/wire.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"
#include "base/secret.h"
#include "grpcpp/support/slice.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/tokens.pb.h"

namespace signet::rpc {
namespace {

void WipeAndDelete(void* buffer, size_t size) {
  auto* const bytes = static_cast<uint8_t*>(buffer);
  Wipe(std::span(bytes, size));
  delete[] bytes;
}

}  // namespace

bool ParseMessage(const grpc::ByteBuffer& bytes,
                  google::protobuf::Message& message) {
  grpc::Slice slice;  // Shares the bytes if they lie in one piece.
  if (!bytes.TrySingleSlice(&slice).ok() &&
      !bytes.DumpToSingleSlice(&slice).ok()) {
    return false;
  }
  return message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

absl::Status MessageMalformedError() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "the message cannot be read: want protobuf of the method's "
                   "input type, with UTF-8 in its strings",
                   {.reason = "MESSAGE_MALFORMED"});
}

grpc::ByteBuffer SerializeMessage(const google::protobuf::Message& message) {
  const size_t size = message.ByteSizeLong();
  auto* const bytes = new uint8_t[size];
  message.SerializeWithCachedSizesToArray(bytes);
  const grpc::Slice slice(bytes, size, &WipeAndDelete);
  return grpc::ByteBuffer(&slice, 1);
}

void WipeToken(google::protobuf::Message& message) {
  const google::protobuf::Descriptor* const type = message.GetDescriptor();
  if (type == v1::IssuedServiceAccount::descriptor()) {
    Wipe(*static_cast<v1::IssuedServiceAccount&>(message).mutable_token());
  } else if (type == v1::VerifyTokenRequest::descriptor()) {
    Wipe(*static_cast<v1::VerifyTokenRequest&>(message).mutable_token());
  } else if (type == v1::IntrospectTokenRequest::descriptor()) {
    Wipe(*static_cast<v1::IntrospectTokenRequest&>(message).mutable_token());
  } else if (type == v1::RevokeTokenRequest::descriptor()) {
    Wipe(*static_cast<v1::RevokeTokenRequest&>(message).mutable_token());
  } else if (type == v1::BatchVerifyTokensRequest::descriptor()) {
    auto& batch = static_cast<v1::BatchVerifyTokensRequest&>(message);
    for (std::string& token : *batch.mutable_tokens()) Wipe(token);
  }
}

}  // namespace signet::rpc
