// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SERVER_APP_H_
#define SIGNET_SERVER_SERVER_APP_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// --mode=server: gRPC and REST on a store of its own. As App::Start, for a
// config that is valid.
absl::StatusOr<std::unique_ptr<App>> StartServerApp(
    const config::ServerConfig& config, const Environment& environment);

}  // namespace signet::server

#endif  // SIGNET_SERVER_SERVER_APP_H_
