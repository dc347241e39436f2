// SPDX-License-Identifier: Apache-2.0
//
// However the bytes are cut, the same requests and the same fault come out of
// them; a request that comes out keeps every limit and is sound.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/http1_parser.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/syntax.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

signet::http::ServerOptions SmallLimits() {
  signet::http::ServerOptions options;
  options.max_target_bytes = 64;
  options.max_field_bytes = 512;
  options.max_body_bytes = 64;
  return options;
}

const signet::http::ServerOptions& Options() {
  static const signet::http::ServerOptions options = SmallLimits();
  return options;
}

void CheckSound(const signet::http::Request& request) {
  Check(signet::http::IsToken(request.method));
  Check(request.target.starts_with('/'));
  Check(request.target.size() <= Options().max_target_bytes);
  Check(signet::http::ParseTarget(request.target).has_value());
  Check(request.body.size() <= Options().max_body_bytes);
  Check(!request.body_too_large || request.body.empty());
  Check(request.Values("host").size() <= 1);
  Check(request.Values("content-length").size() +
            request.Values("transfer-encoding").size() <=
        1);
  size_t bytes = 0;
  for (const signet::http::Field& field : request.fields) {
    Check(signet::http::IsToken(field.name) &&
          signet::http::IsFieldValue(field.value));
    Check(signet::http::TrimOws(field.value).size() == field.value.size());
    bytes += field.name.size();
  }
  Check(bytes <= Options().max_field_bytes);
}

struct Outcome {
  std::vector<std::string> requests;
  std::optional<signet::http::Fault> fault;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Parse(std::string_view bytes, size_t cut) {
  Outcome outcome;
  signet::http::Http1Parser parser(&Options());
  while (!bytes.empty()) {
    bytes.remove_prefix(parser.Consume(bytes.substr(0, cut)));
    if (parser.progress() == signet::http::Http1Parser::Progress::kFault) {
      outcome.fault = parser.fault();
      break;
    }
    if (parser.progress() != signet::http::Http1Parser::Progress::kComplete)
      continue;
    const bool last = !parser.keep_alive();
    const signet::http::Request request = parser.TakeRequest();
    CheckSound(request);
    outcome.requests.push_back(request.method + request.target + request.body);
    if (last) break;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1),
                               size - 1);
  const Outcome whole = Parse(bytes, bytes.size());
  Check(Parse(bytes, 1) == whole);
  Check(Parse(bytes, data[0] % 31 + 2) == whole);
  return 0;
}
