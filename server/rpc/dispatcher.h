// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_DISPATCHER_H_
#define SIGNET_SERVER_RPC_DISPATCHER_H_

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/backend.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/api/unary_method.h"
#include "server/audit/denial_log.h"
#include "server/domain/access.h"
#include "server/identity/authenticator.h"
#include "server/identity/caller.h"
#include "server/rpc/call_count.h"
#include "server/rpc/held_answers.h"

namespace signet::rpc {

// The way of every call in this process, from gRPC and from REST alike:
// authenticate (as the OAuth client that the call names, if it does), admit or
// handle, see to it that a caller without the right hears that before it hears
// what is wrong with the request (403 before 400), note a denial for the audit
// log, and make a google.rpc.Status of an error (see status.h). A method that
// is not in the table: UNIMPLEMENTED, after authentication. What stays hidden
// from clients (the text of INTERNAL, UNKNOWN and DATA_LOSS) is logged here
// with the call's request id.
//
// Who is refused because too much of its waits already (READ_QUEUE_FULL,
// WRITE_QUEUE_FULL) hears of it a tenth of a second later; see HeldAnswers.
//
// Thread-safe. Nothing blocks but AwaitIdle().
class Dispatcher final : public gateway::Backend {
 public:
  // All outlive the dispatcher, which outlives its calls. No two `methods`
  // share a descriptor.
  Dispatcher(identity::Authenticator* authenticator, domain::Access* access,
             audit::DenialLog* denials, const Clock* clock, Logger* logger,
             std::vector<api::UnaryMethod> methods);

  void Call(gateway::BackendCall call, Done done) override;

  // Waits until every call has been answered and its denial, if it was denied,
  // is noted; at most for `limit`. False: some still go on. Of use once no more
  // calls come.
  bool AwaitIdle(absl::Duration limit) const;

 private:
  struct Pending;
  // Requests may hold tokens; see WipeToken.
  struct WipeAndDelete {
    void operator()(google::protobuf::Message* request) const;
  };
  using RequestPtr = std::unique_ptr<google::protobuf::Message, WipeAndDelete>;

  // What follows once it is known who calls.
  void Proceed(const api::UnaryMethod* method, gateway::BackendCall call,
               RequestPtr request, identity::CallerPtr caller,
               Pending pending) const;
  void Act(const api::UnaryMethod& method, gateway::BackendCall call,
           RequestPtr request, identity::CallerPtr caller,
           Pending pending) const;
  // Goes on with `next` if the caller has what the method needs; else the call
  // ends with the denial.
  void Admit(const api::UnaryMethod& method, Pending pending,
             absl::AnyInvocable<void(Pending) &&> next) const;
  void Handle(const api::UnaryMethod& method,
              const google::protobuf::Message& request,
              identity::CallerPtr caller, Pending pending) const;

  identity::Authenticator* const authenticator_;
  domain::Access* const access_;
  audit::DenialLog* const denials_;
  const Clock* const clock_;
  Logger* const logger_;
  const absl::flat_hash_map<const google::protobuf::MethodDescriptor*,
                            api::UnaryMethod>
      methods_;
  // Calls hold it too: who was answered may take the dispatcher apart.
  const std::shared_ptr<CallCount> running_ = std::make_shared<CallCount>();
  const std::unique_ptr<HeldAnswers> held_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_DISPATCHER_H_
