// SPDX-License-Identifier: Apache-2.0
#include "http/http_message.h"

namespace signet::http {

std::vector<std::string_view> Request::Values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields) {
    if (field.name == name) values.push_back(field.value);
  }
  return values;
}

std::string Request::JoinedValues(std::string_view name) const {
  std::string list;
  for (const std::string_view value : Values(name)) {
    if (!list.empty()) list.append(", ");
    list.append(value);
  }
  return list;
}

}  // namespace signet::http
