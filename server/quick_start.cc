// SPDX-License-Identifier: Apache-2.0
#include "server/quick_start.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace signet::server {
namespace {

constexpr char kFirst[] = R"(
Signet has made its first account. This token owns it and is shown only now:

  account          {account}
  service account  {service_account}
  token            {token}

Create a service account by pasting one of these:
)";

constexpr char kLater[] = R"(
Create a service account by pasting one of these, with the token of an earlier
start in SIGNET_TOKEN and its account in ACCOUNT_ID:
)";

constexpr char kLines[] = R"(
curl http://{rest}/v1/public/accounts/{account}/auth/service-accounts \
  -H "Authorization: Bearer {token}" \
  -H "Content-Type: application/json" \
  -d '{"name": "deploy-bot"}'

grpcurl -plaintext -H "authorization: Bearer {token}" \
  -d '{"account_id": "{quoted_account}", "name": "deploy-bot"}' \
  {grpc} signet.v1.ServiceAccounts/CreateServiceAccount

buf curl --protocol grpc --http2-prior-knowledge \
  -H "authorization: Bearer {token}" \
  -d '{"account_id": "{quoted_account}", "name": "deploy-bot"}' \
  http://{grpc}/signet.v1.ServiceAccounts/CreateServiceAccount

)";

// Where a client on this machine finds the listener.
std::string Reachable(HostPort address) {
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return address.ToString();
}

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string FirstStartText(const HostPort& rest, const HostPort& grpc,
                           std::string_view account_id,
                           std::string_view service_account_id,
                           std::string_view token) {
  return absl::StrReplaceAll(absl::StrCat(kFirst, kLines),
                             {{"{rest}", Reachable(rest)},
                              {"{grpc}", Reachable(grpc)},
                              {"{account}", View(account_id)},
                              {"{quoted_account}", View(account_id)},
                              {"{service_account}", View(service_account_id)},
                              {"{token}", View(token)}});
}

std::string LaterStartText(const HostPort& rest, const HostPort& grpc) {
  return absl::StrReplaceAll(absl::StrCat(kLater, kLines),
                             {{"{rest}", Reachable(rest)},
                              {"{grpc}", Reachable(grpc)},
                              {"{account}", "$ACCOUNT_ID"},
                              // Inside '…', where the shell fills nothing in.
                              {"{quoted_account}", "'$ACCOUNT_ID'"},
                              {"{token}", "$SIGNET_TOKEN"}});
}

}  // namespace signet::server
