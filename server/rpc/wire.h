// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_WIRE_H_
#define SIGNET_SERVER_RPC_WIRE_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"

namespace signet::rpc {

// Reads a message from `bytes`; false where they are not one (also where a
// string is not UTF-8). Unknown fields are let pass, as proto3 asks.
bool ParseMessage(const grpc::ByteBuffer& bytes,
                  google::protobuf::Message& message);

// INVALID_ARGUMENT / MESSAGE_MALFORMED: ParseMessage was false.
absl::Status MessageMalformedError();

// Writes a message into a buffer that wipes itself when gRPC lets go of it,
// since it may hold a token.
grpc::ByteBuffer SerializeMessage(const google::protobuf::Message& message);

// Overwrites the plaintext that `message` holds, if it is of a type that may.
void WipeToken(google::protobuf::Message& message);

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_WIRE_H_
