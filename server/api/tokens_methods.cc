// SPDX-License-Identifier: Apache-2.0
#include "server/api/tokens_methods.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/credential_size.h"
#include "base/error.h"
#include "server/api/convert_tokens.h"
#include "server/api/few_at_once.h"
#include "server/api/method_support.h"
#include "server/domain/violations.h"
#include "server/identity/auth_error.h"
#include "server/token/token.h"
#include "signet/v1/tokens.pb.h"

namespace signet::api {
namespace {

constexpr char kTokensService[] = "Tokens";

// Of one batch: it is no more than this caller's share of the store.
constexpr int kLookupsAtOnce = 16;

using RequirementPtr = std::shared_ptr<const domain::Requirement>;

// A method that asks about tokens of the account that the request names.
template <typename Request>
UnaryMethod NewVerifyMethod(const char* name, const char* action,
                            const std::string& (Request::*account_id)() const) {
  UnaryMethod method = NewMethod(kTokensService, name, action,
                                 domain::TokenVerifier::kRight, account_id);
  method.account_id = [account_id](const identity::Principal& caller,
                                   const google::protobuf::Message& request) {
    return domain::TokenVerifier::AccountAskedFor(
        caller, (As<Request>(request).*account_id)());
  };
  return method;
}

void CheckToken(const std::string& field, const std::string& token,
                domain::Violations& violations) {
  if (token.empty()) violations.Add(field, "want a token");
  if (token.size() > kMaxCredentialBytes) {
    violations.Add(
        field, absl::StrCat("want at most ", kMaxCredentialBytes, " bytes"));
  }
}

template <typename Request>
RequirementPtr TakeRequirement(const Request& request,
                               domain::Violations& violations) {
  if (!request.has_requirement()) return nullptr;
  return std::make_shared<const domain::Requirement>(
      ReadRequirement("requirement", request.requirement(), violations));
}

// Goes on with `next` if nothing is wrong with the request and the caller may
// ask about the tokens of the account.
template <typename Continue>
void WithScope(domain::TokenVerifier* verifier,
               const identity::CallerPtr& caller, const std::string& account_id,
               domain::Violations violations, UnaryMethod::Done done,
               Continue&& next) {
  if (!account_id.empty()) violations.TakeId("account_id", account_id);
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  verifier->FindScope(
      caller, account_id,
      [done = std::move(done), next = std::forward<Continue>(next)](
          absl::StatusOr<domain::VerifyScope> scope) mutable {
        if (scope.ok()) {
          std::move(next)(*scope, std::move(done));
        } else {
          std::move(done)(scope.status());
        }
      });
}

UnaryMethod Verify(domain::TokenVerifier* verifier, const Clock* clock) {
  using Request = v1::VerifyTokenRequest;
  UnaryMethod method =
      NewVerifyMethod("VerifyToken", "token.verify", &Request::account_id);
  method.handle = [verifier, clock](const MethodCall& call,
                                    UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    const absl::Time now = clock->Now();
    domain::Violations violations;
    CheckToken("token", request.token(), violations);
    RequirementPtr requirement = TakeRequirement(request, violations);
    WithScope(
        verifier, call.caller, request.account_id(), std::move(violations),
        std::move(done),
        [verifier, token = Secret(std::string(request.token())),
         requirement = std::move(requirement), now](
            const domain::VerifyScope& scope, UnaryMethod::Done done) mutable {
          verifier->Verify(token.Expose(), scope, std::move(requirement), now,
                           [now, done = std::move(done)](
                               const absl::StatusOr<domain::TokenVerification>&
                                   found) mutable {
                             if (!found.ok()) {
                               std::move(done)(found.status());
                               return;
                             }
                             auto out =
                                 std::make_unique<v1::VerifyTokenResponse>();
                             ToProto(*found, now, *out);
                             std::move(done)(std::move(out));
                           });
        });
  };
  return method;
}

// Answers as they come, in the order of the tokens; the last one ends the call.
class BatchAnswer {
 public:
  // `first` is of the tokens (see FirstOfEach). Of each first one an answer is
  // to be Set().
  BatchAnswer(const std::vector<int>& first, UnaryMethod::Done done)
      : out_(std::make_unique<v1::BatchVerifyTokensResponse>()),
        done_(std::move(done)) {
    for (size_t i = 0; i < first.size(); ++i) {
      if (first[i] == static_cast<int>(i)) ++left_;
      out_->add_results();
    }
    if (left_ == static_cast<int>(first.size())) return;
    out_->mutable_same_as()->Add(first.begin(), first.end());
  }

  void Set(int index, absl::Time now,
           const absl::StatusOr<domain::TokenVerification>& found) {
    UnaryMethod::Done done;
    std::unique_ptr<v1::BatchVerifyTokensResponse> out;
    absl::Status status;
    {
      absl::MutexLock lock(&mutex_);
      if (!found.ok()) {
        status_.Update(found.status());
      } else if (status_.ok()) {
        v1::VerifyTokenResponse& result = *out_->mutable_results(index);
        ToProto(*found, now, result);
        bytes_ += result.ByteSizeLong();
        if (bytes_ > kMaxBatchAnswerBytes) {
          status_ = AnswerTooLargeError();
          out_->Clear();  // It takes memory that nobody will see.
        }
      }
      if (--left_ > 0) return;
      done = std::move(done_);
      out = std::move(out_);
      status = status_;
    }
    if (status.ok()) {
      std::move(done)(std::move(out));
    } else {
      std::move(done)(status);
    }
  }

 private:
  static absl::Status AnswerTooLargeError() {
    return MakeError(
        absl::StatusCode::kResourceExhausted,
        absl::StrCat("the answers have more than ", kMaxBatchAnswerBytes,
                     " bytes in all; ask about fewer tokens"),
        {.reason = "ANSWER_TOO_LARGE"});
  }

  absl::Mutex mutex_;
  int left_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of all results.
  std::unique_ptr<v1::BatchVerifyTokensResponse> out_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  UnaryMethod::Done done_ ABSL_GUARDED_BY(mutex_);
};

UnaryMethod BatchVerify(domain::TokenVerifier* verifier, const Clock* clock) {
  using Request = v1::BatchVerifyTokensRequest;
  UnaryMethod method = NewVerifyMethod("BatchVerifyTokens", "token.verify",
                                       &Request::account_id);
  method.handle = [verifier, clock](const MethodCall& call,
                                    UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    const absl::Time now = clock->Now();
    domain::Violations violations;
    if (request.tokens().empty() || request.tokens_size() > kMaxVerifyBatch) {
      violations.Add("tokens", absl::StrCat("want 1 to ", kMaxVerifyBatch));
    }
    std::vector<Secret> tokens;
    for (int i = 0; i < request.tokens_size() && violations.empty(); ++i) {
      CheckToken(absl::StrCat("tokens[", i, "]"), request.tokens(i),
                 violations);
      tokens.emplace_back(std::string(request.tokens(i)));
    }
    RequirementPtr requirement = TakeRequirement(request, violations);
    WithScope(
        verifier, call.caller, request.account_id(), std::move(violations),
        std::move(done),
        [verifier, tokens = std::move(tokens),
         first = FirstOfEach(request.tokens()),
         requirement = std::move(requirement), now](
            const domain::VerifyScope& scope, UnaryMethod::Done done) mutable {
          const int size = static_cast<int>(tokens.size());
          auto answer = std::make_shared<BatchAnswer>(first, std::move(done));
          FewAtOnce::Run(
              size, kLookupsAtOnce,
              [verifier, answer, scope, requirement, now,
               first = std::move(first),
               tokens = std::move(tokens)](int i, FewAtOnce::Over over) {
                if (first[i] != i) {  // Answered by the first of them.
                  over();
                  return;
                }
                verifier->Verify(
                    tokens[i].Expose(), scope, requirement, now,
                    [answer, i, now, over = std::move(over)](
                        const absl::StatusOr<domain::TokenVerification>&
                            found) mutable {
                      answer->Set(i, now, found);
                      over();
                    });
              });
        });
  };
  return method;
}

UnaryMethod Introspect(domain::TokenVerifier* verifier, const Clock* clock) {
  using Request = v1::IntrospectTokenRequest;
  UnaryMethod method =
      NewMethod<Request>(kTokensService, "IntrospectToken", "token.introspect",
                         domain::TokenVerifier::kRight, nullptr);
  method.account_id = [](const identity::Principal& caller,
                         const google::protobuf::Message&) {
    return domain::TokenVerifier::AccountAskedFor(caller, "");
  };
  method.handle = [verifier, clock](const MethodCall& call,
                                    UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    const absl::Time now = clock->Now();
    domain::Violations violations;
    CheckToken("token", request.token(), violations);
    WithScope(
        verifier, call.caller, "", std::move(violations), std::move(done),
        [verifier, token = Secret(std::string(request.token())), now](
            const domain::VerifyScope& scope, UnaryMethod::Done done) {
          verifier->Verify(
              token.Expose(), scope, nullptr, now,
              Answer<v1::IntrospectTokenResponse, domain::TokenVerification>(
                  std::move(done)));
        });
  };
  return method;
}

// Whether `token` is the one that the caller presented as its credential, as
// far as its public id tells.
bool IsOwn(const identity::Principal& caller, std::string_view token) {
  const std::optional<token::ParsedToken> parsed = token::ParseToken(token);
  return parsed.has_value() && parsed->public_id == caller.token_public_id;
}

UnaryMethod Revoke(domain::TokenVerifier* verifier,
                   domain::ServiceAccounts* accounts, const Clock* clock) {
  using Request = v1::RevokeTokenRequest;
  UnaryMethod method =
      NewMethod<Request>(kTokensService, "RevokeToken",
                         "service_account.revoke_token", std::nullopt, nullptr);
  method.ends_token = true;
  method.handle = [verifier, accounts, clock](MethodCall call,
                                              UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    // A token that is not live ends itself and nothing else.
    const identity::Principal& principal = call.caller->principal;
    if (!principal.live && !IsOwn(principal, request.token())) {
      std::move(done)(identity::TokenInvalidError());
      return;
    }
    domain::Violations violations;
    CheckToken("token", request.token(), violations);
    if (!violations.empty()) {
      std::move(done)(std::move(violations).ToStatus());
      return;
    }
    if (domain::TokenVerifier::IsOauth(request.token())) {
      std::move(done)(domain::UnsupportedTokenTypeError());
      return;
    }
    auto finish = [done = std::move(done)](const absl::Status& status) mutable {
      if (status.ok()) {
        std::move(done)(std::make_unique<v1::RevokeTokenResponse>());
      } else {
        std::move(done)(status);
      }
    };
    const WorkFor asked_by = call.caller->principal.work_for();
    verifier->Find(
        request.token(), clock->Now(), asked_by,
        [accounts, caller = std::move(call.caller), finish = std::move(finish)](
            const absl::StatusOr<identity::LookupResult>& found) mutable {
          if (!found.ok()) {
            std::move(finish)(found.status());
          } else if (!identity::MayBeEnded(found->state)) {
            std::move(finish)(caller->principal.live
                                  ? absl::OkStatus()
                                  : identity::TokenInvalidError());
          } else {
            accounts->RevokeToken(std::move(caller), found->snapshot,
                                  std::move(finish));
          }
        });
  };
  return method;
}

UnaryMethod Check(domain::TokenVerifier* verifier) {
  using Request = v1::CheckAccessRequest;
  UnaryMethod method = NewMethod<Request>(kTokensService, "CheckAccess",
                                          "token.check", std::nullopt, nullptr);
  method.handle = [verifier](const MethodCall& call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    domain::Violations violations;
    std::optional<Uuid> account_id;
    if (!request.account_id().empty()) {
      account_id = violations.TakeId("account_id", request.account_id());
    }
    const std::vector<std::string> keys(request.capability().begin(),
                                        request.capability().end());
    RequirementPtr requirement =
        domain::ReadAllOf(keys, request.account_id(), request.resource_type(),
                          request.resource_id(), violations);
    if (!violations.empty()) {
      std::move(done)(std::move(violations).ToStatus());
      return;
    }
    verifier->VerifyCaller(
        call.caller->principal, account_id, std::move(requirement),
        [done = std::move(done)](
            const absl::StatusOr<domain::TokenVerification>& found) mutable {
          if (!found.ok()) {
            std::move(done)(found.status());
          } else if (found->verdict ==
                     domain::TokenVerdict::kCapabilityMissing) {
            std::move(done)(domain::CapabilityMissingError(*found));
          } else {
            auto out = std::make_unique<v1::CheckAccessResponse>();
            ToProto(*found, *out);
            std::move(done)(std::move(out));
          }
        });
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> TokensMethods(
    domain::TokenVerifier* verifier, domain::ServiceAccounts* service_accounts,
    const Clock* clock) {
  std::vector<UnaryMethod> methods;
  methods.push_back(Verify(verifier, clock));
  methods.push_back(BatchVerify(verifier, clock));
  methods.push_back(Introspect(verifier, clock));
  methods.push_back(Revoke(verifier, service_accounts, clock));
  methods.push_back(Check(verifier));
  return methods;
}

}  // namespace signet::api
