// SPDX-License-Identifier: Apache-2.0
#include "call/access_log.h"

#include <initializer_list>
#include <string_view>

#include "base/error.h"

namespace signet::call {
namespace {

// Whether the server failed. The two left out are the client's own doing.
bool IsFailure(int http_status) {
  return http_status >= 500 && http_status != 501 && http_status != 505;
}

}  // namespace

void AccessLog::OnEnd(const CallContext& context, const CallEnd& end) {
  if (end.unlogged) return;
  LogLevel level = LogLevel::kInfo;
  const auto write = [&](std::string_view message,
                         std::initializer_list<LogField> fields) {
    if (end.refused) {
      logger_->LogRefusal(context.peer, level, message, fields);
    } else {
      logger_->Log(level, message, fields);
    }
  };
  const std::string_view request_id = context.request_id;
  const std::string_view peer = context.peer;
  const std::string_view code = CodeName(end.code);
  const int64_t duration_ms = absl::ToInt64Milliseconds(end.latency);
  const int64_t latency_us = absl::ToInt64Microseconds(end.latency);
  switch (end.kind) {
    case CallKind::kRest:
      if (IsFailure(end.http->status)) level = LogLevel::kError;
      write("rest request", {{"request_id", request_id},
                             {"method", end.method},
                             {"http_method", end.http->method},
                             {"route", end.http->route},
                             {"principal", end.principal},
                             {"code", code},
                             {"reason", end.reason},
                             {"status", int64_t{end.http->status}},
                             {"latency_us", latency_us},
                             {"peer", peer}});
      return;
    case CallKind::kGrpc:
      write("grpc call", {{"request_id", request_id},
                          {"method", end.method},
                          {"principal", end.principal},
                          {"code", code},
                          {"latency_us", latency_us},
                          {"peer", peer}});
      return;
    case CallKind::kStream:
      if (end.answers.has_value()) {
        write("grpc stream", {{"method", end.method},
                              {"request_id", request_id},
                              {"peer", peer},
                              {"code", code},
                              {"answers", *end.answers},
                              {"duration_ms", duration_ms}});
      } else {
        write("grpc stream", {{"method", end.method},
                              {"principal", end.principal},
                              {"request_id", request_id},
                              {"peer", peer},
                              {"code", code},
                              {"duration_ms", duration_ms}});
      }
      return;
    case CallKind::kExternalAuthorization:
      write("external authorization refused", {{"request_id", request_id},
                                               {"code", code},
                                               {"reason", end.reason},
                                               {"detail", end.detail},
                                               {"peer", peer}});
      return;
  }
}

}  // namespace signet::call
