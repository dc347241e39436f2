// SPDX-License-Identifier: Apache-2.0
//
// A form gives its parameters, each once and in UTF-8, or says what is wrong;
// it gives one credential or is refused, and leaves nothing behind in the
// request; the link to a next page is one reference, whatever the target. The
// input is both the form and the target.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "gateway/transcode/form_credential.h"
#include "gateway/transcode/form_reader.h"
#include "gateway/transcode/page_link.h"
#include "gateway/transcode/url.h"
#include "http/http_message.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kNames[] = {"token", "token_type_hint"};

void ReadParameters(std::string_view text) {
  const signet::transcode::FormReading reading =
      signet::transcode::ReadForm(text, kNames);
  Check(reading.values.size() == 2);
  for (const signet::FieldViolation& fault : reading.faults) {
    Check(fault.field == kNames[0] || fault.field == kNames[1] ||
          fault.field == "(body)");
  }
  if (!reading.faults.empty()) return;
  // What was read is what its own form says.
  std::string again;
  for (size_t i = 0; i < 2; ++i) {
    const std::string_view value = reading.values[i].Expose();
    Check(signet::IsUtf8(value));
    again.append("&").append(kNames[i]).append("=");
    again.append(signet::transcode::PercentEncode(value));
  }
  const signet::transcode::FormReading same =
      signet::transcode::ReadForm(again, kNames);
  Check(same.faults.empty());
  for (size_t i = 0; i < 2; ++i) {
    Check(same.values[i].Expose() == reading.values[i].Expose());
  }
}

void ReadCredential(std::string_view text) {
  signet::http::Request request;
  request.fields.push_back(
      {"content-type", "application/x-www-form-urlencoded"});
  request.body = text;
  std::vector<std::string> authorization;
  const auto fault =
      signet::transcode::TakeFormCredential(request, authorization);
  Check(request.body.empty() && request.fields.empty());
  Check(authorization.size() == (fault.has_value() ? 0 : 1));
  if (fault.has_value()) {
    Check(fault->status == 400 && fault->reason == "INVALID_REQUEST");
    return;
  }
  Check(authorization[0].starts_with("Bearer "));
  Check(authorization[0].size() > 7 && signet::IsUtf8(authorization[0]));
}

void MakeLink(std::string_view target) {
  const std::string link = signet::transcode::NextPageLink(target, target);
  constexpr std::string_view kEnd = ">; rel=\"next\"";
  Check(link.starts_with('<') && link.ends_with(kEnd));
  const std::string_view reference =
      std::string_view(link).substr(1, link.size() - 1 - kEnd.size());
  for (const char c : reference) {
    Check(c > 0x20 && c < 0x7F && c != '<' && c != '>' && c != '"');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadParameters(text);
  ReadCredential(text);
  MakeLink(text);
  return 0;
}
