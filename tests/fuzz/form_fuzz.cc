// SPDX-License-Identifier: Apache-2.0
//
// A form gives one credential or is refused, and leaves nothing behind in the
// request; the link to a next page is one reference, whatever the target. The
// input is both the form and the target.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/http_message.h"
#include "gateway/transcode/form_credential.h"
#include "gateway/transcode/page_link.h"
#include "server/base/utf8.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void ReadForm(std::string_view text) {
  signet::HttpRequest request;
  request.fields.push_back(
      {"content-type", "application/x-www-form-urlencoded"});
  request.body = text;
  std::vector<std::string> authorization;
  const auto fault = signet::TakeFormCredential(request, authorization);
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
  const std::string link = signet::NextPageLink(target, target);
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
  ReadForm(text);
  MakeLink(text);
  return 0;
}
