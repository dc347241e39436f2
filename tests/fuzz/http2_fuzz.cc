// SPDX-License-Identifier: Apache-2.0
//
// Any bytes behind the preface: no crash, no leak, no unsound request, bounded
// output; calls are answered, some late, some after their stream has gone.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "http/http2_session.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/syntax.h"
#include "tests/unit/http/fake_session_host.h"

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

void Check(bool holds) {
  if (!holds) std::abort();
}

void AnswerCalls(signet::http::FakeSessionHost& host,
                 signet::http::Http2Session& session,
                 signet::http::MonotonicTime now) {
  for (const auto& call : std::exchange(host.calls, {})) {
    Check(signet::http::IsToken(call.request.method));
    Check(call.request.target.starts_with('/'));
    Check(call.request.body.size() <= 65536);
    signet::http::Response response;
    response.body.assign(call.request.body.size() * 3 + 10, 'x');
    response.sensitive = call.stream % 4 == 1;
    session.Respond(call.stream, std::move(response), now);
  }
}

void Flush(signet::http::Http2Session& session,
           signet::http::MonotonicTime now) {
  for (;;) {
    signet::http::Output out;
    session.Produce(out);
    Check(out.bytes().size() < signet::http::Output::kTargetBytes + 32 * 1024);
    if (out.empty() && !session.Flushed(now)) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t cut = data[0] + 1;
  std::string bytes(kPreface);
  bytes.append(reinterpret_cast<const char*>(data + 1), size - 1);

  const signet::http::ServerOptions options;
  signet::http::FakeSessionHost host;
  signet::http::MonotonicTime now{std::chrono::seconds(1000)};
  signet::http::Http2Session session(&host, &options, now);
  for (size_t at = 0; at < bytes.size() && session.wants_input(); at += cut) {
    session.Receive(std::string_view(bytes).substr(at, cut), now);
    Flush(session, now);
    if ((at / cut) % 3 == 0) AnswerCalls(host, session, now);
    now += std::chrono::milliseconds(500);
    session.Sweep(now);
    if (session.phase() != signet::http::Session::Phase::kOpen) break;
  }
  AnswerCalls(host, session, now);
  session.Drain(now);
  Flush(session, now);
  return 0;
}
