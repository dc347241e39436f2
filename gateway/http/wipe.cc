// SPDX-License-Identifier: Apache-2.0
#include "gateway/http/wipe.h"

#include "gateway/http_message.h"
#include "server/base/secret.h"

namespace signet {

void WipeFields(HttpRequest& request) {
  for (HttpField& field : request.fields) Wipe(field.value);
}

void WipeIfSensitive(HttpResponse& response) {
  if (response.sensitive) Wipe(response.body);
}

}  // namespace signet
