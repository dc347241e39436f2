// SPDX-License-Identifier: Apache-2.0
#include "gateway/probe_handler.h"

#include <string>

#include "base/secret.h"

namespace signet::gateway {
namespace {

http::Response Word(int status, std::string word) {
  return {.status = status,
          .fields = {{"Content-Type", "text/plain; charset=utf-8"},
                     {"Cache-Control", "no-store"}},
          .body = std::move(word)};
}

}  // namespace

void ProbeHandler::Handle(http::Request request, Respond respond) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const bool live = path == "/livez";
  if (!live && path != "/readyz") {
    return next_->Handle(std::move(request), std::move(respond));
  }
  // Who asks with a credential does not need to, but may.
  for (http::Field& field : request.fields) Wipe(field.value);
  Wipe(request.body);
  http::Response answer =
      live || ready_() ? Word(200, "ok\n") : Word(503, "not ready\n");
  if (answer.status == 503) answer.fields.push_back({"Retry-After", "1"});
  if (request.method != "GET" && request.method != "HEAD") {
    answer = Word(405, "want GET or HEAD\n");
    answer.fields.push_back({"Allow", "GET, HEAD"});
  }
  std::move(respond)(std::move(answer));
}

}  // namespace signet::gateway
