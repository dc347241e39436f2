// SPDX-License-Identifier: Apache-2.0
#include "http/http_message.h"

namespace signet::http {

std::vector<std::string_view> HttpRequest::Values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const HttpField& field : fields) {
    if (field.name == name) values.push_back(field.value);
  }
  return values;
}

}  // namespace signet::http
