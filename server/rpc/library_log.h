// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_LIBRARY_LOG_H_
#define SIGNET_SERVER_RPC_LIBRARY_LOG_H_

#include "base/log.h"
#include "base/throttle.h"

namespace signet::rpc {

// While it lives, what gRPC and protobuf would print on stderr becomes lines of
// `logger`: gRPC's errors, and what ends the process. Everything below is
// dropped: gRPC's traces (GRPC_TRACE) show metadata, and that holds
// credentials; protobuf's errors are about messages that clients sent, who are
// told. Clients cause some of gRPC's errors, too, as often as they like: of
// those that come within a second of each other one is logged, with the number
// of the others before it.
//
// The libraries' hooks belong to the whole process, hence one at a time: for
// main(), not for parts of it.
class LibraryLog {
 public:
  explicit LibraryLog(Logger* logger);
  LibraryLog(const LibraryLog&) = delete;
  LibraryLog& operator=(const LibraryLog&) = delete;
  ~LibraryLog();

 private:
  Throttle grpc_errors_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_LIBRARY_LOG_H_
