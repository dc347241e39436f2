// SPDX-License-Identifier: Apache-2.0
#include "server/api/convert_tokens.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "server/api/convert.h"
#include "server/domain/holdings.h"

namespace signet {
namespace {

class RequirementReader {
 public:
  explicit RequirementReader(Violations& violations)
      : violations_(violations) {}

  Requirement Read(const std::string& field, const v1::Requirement& in,
                   int depth) {
    Requirement out;
    if (++parts_ > Requirement::kMaxParts) {
      too_many_ = true;
      violations_.Add(field,
                      absl::StrCat("want at most ", Requirement::kMaxParts,
                                   " requirements in all"));
      return out;
    }
    if (depth > Requirement::kMaxDepth) {
      violations_.Add(field, absl::StrCat("want at most ",
                                          Requirement::kMaxDepth, " levels"));
      return out;
    }
    switch (in.kind_case()) {
      case v1::Requirement::kCapability:
        out.kind = Requirement::Kind::kCapability;
        Count(field);
        out.capability = ReadRequiredCapability(
            absl::StrCat(field, ".capability"),
            in.capability().capability_key(), in.capability().account_id(),
            in.capability().resource_type(), in.capability().resource_id(),
            violations_);
        break;
      case v1::Requirement::kAllOf:
        out.kind = Requirement::Kind::kAllOf;
        ReadList(absl::StrCat(field, ".all_of.requirements"), in.all_of(),
                 depth, out);
        break;
      case v1::Requirement::kAnyOf:
        out.kind = Requirement::Kind::kAnyOf;
        ReadList(absl::StrCat(field, ".any_of.requirements"), in.any_of(),
                 depth, out);
        break;
      case v1::Requirement::KIND_NOT_SET:
        violations_.Add(field, "want one of capability, all_of and any_of");
        break;
    }
    return out;
  }

 private:
  void ReadList(const std::string& field, const v1::RequirementList& in,
                int depth, Requirement& out) {
    for (int i = 0; i < in.requirements_size(); ++i) {
      if (too_many_ || violations_.full()) return;
      out.of.push_back(Read(absl::StrCat(field, "[", i, "]"),
                            in.requirements(i), depth + 1));
    }
  }

  void Count(const std::string& field) {
    if (++capabilities_ <= Requirement::kMaxCapabilities) return;
    too_many_ = true;
    violations_.Add(field,
                    absl::StrCat("want at most ", Requirement::kMaxCapabilities,
                                 " capabilities in all"));
  }

  Violations& violations_;
  int parts_ = 0;
  int capabilities_ = 0;
  bool too_many_ = false;  // The rest is not even looked at.
};

// Proxies take header fields of four or eight KiB in all.
constexpr size_t kMaxCapabilityListBytes = 2048;

std::string_view SubjectTypeOf(const TokenFacts& facts) {
  return facts.kind == PrincipalKind::kUser ? "user" : "service_account";
}

Holdings HoldingsOf(const TokenFacts& facts) {
  return SumHoldings(facts.account_id, facts.held);
}

// Of a user who was asked about on no account there is none.
std::string AccountOf(const TokenFacts& facts) {
  return facts.account_id == Uuid() ? std::string()
                                    : facts.account_id.ToString();
}

}  // namespace

std::vector<int> FirstOfEach(
    const google::protobuf::RepeatedPtrField<std::string>& tokens) {
  std::vector<int> first;
  first.reserve(static_cast<size_t>(tokens.size()));
  absl::flat_hash_map<std::string_view, int> seen;
  for (int i = 0; i < tokens.size(); ++i) {
    first.push_back(seen.try_emplace(tokens[i], i).first->second);
  }
  return first;
}

Requirement ReadRequirement(const std::string& field,
                            const v1::Requirement& requirement,
                            Violations& violations) {
  return RequirementReader(violations).Read(field, requirement, 1);
}

std::string RenderActive(const TokenFacts& facts) {
  v1::VerifyTokenResponse out;
  // Borrowed for as long as this call.
  const TokenFactsPtr borrowed(TokenFactsPtr(), &facts);
  ToProto({.verdict = TokenVerdict::kActive, .facts = borrowed},
          absl::InfinitePast(), out);
  return out.SerializeAsString();
}

std::optional<RenderedAnswer> RenderAnswer(
    const TokenVerification& verification, absl::Time now) {
  if (verification.verdict == TokenVerdict::kActive) {
    const TokenFacts& facts = *verification.facts;
    if (facts.rendered.empty() ||
        facts.death() - now < TokenVerifier::kCacheTtl) {
      return std::nullopt;
    }
    RenderedAnswer answer = {.text = facts.rendered, .rest = {}};
    if (facts.death() < absl::InfiniteFuture()) {
      answer.rest.Set(facts.death() - now);
    }
    return answer;
  }
  // By verdict. Made once, and never destroyed: calls may outlive main().
  static const auto* const inactive = [] {
    auto* const texts = new std::array<std::string, kTokenVerdicts>();
    for (size_t i = 0; i < texts->size(); ++i) {
      v1::VerifyTokenResponse out;
      if (static_cast<TokenVerdict>(i) == TokenVerdict::kActive) continue;
      ToProto({.verdict = static_cast<TokenVerdict>(i)}, absl::InfinitePast(),
              out);
      (*texts)[i] = out.SerializeAsString();
    }
    return texts;
  }();
  return RenderedAnswer{
      .text = (*inactive)[static_cast<size_t>(verification.verdict)],
      .rest = {}};
}

void RenderedExpiresIn::Set(absl::Duration expires_in) {
  using google::protobuf::io::CodedOutputStream;
  constexpr uint8_t kLengthDelimited = 2;
  constexpr uint8_t kVarint = 0;
  constexpr uint8_t kTag =
      v1::VerifyTokenResponse::kExpiresInFieldNumber << 3 | kLengthDelimited;
  const google::protobuf::Duration duration = ToProto(expires_in);
  uint8_t* out = bytes_.data() + 2;
  if (duration.seconds() != 0) {
    *out++ = google::protobuf::Duration::kSecondsFieldNumber << 3 | kVarint;
    out = CodedOutputStream::WriteVarint64ToArray(
        static_cast<uint64_t>(duration.seconds()), out);
  }
  if (duration.nanos() != 0) {
    *out++ = google::protobuf::Duration::kNanosFieldNumber << 3 | kVarint;
    out = CodedOutputStream::WriteVarint32SignExtendedToArray(duration.nanos(),
                                                              out);
  }
  bytes_[0] = kTag;
  bytes_[1] = static_cast<uint8_t>(out - bytes_.data() - 2);
  size_ = static_cast<size_t>(out - bytes_.data());
}

void ToProto(const TokenVerification& verification, absl::Time now,
             v1::VerifyTokenResponse& out) {
  absl::Duration ttl = TokenVerifier::kCacheTtl;
  if (verification.verdict != TokenVerdict::kActive) {
    out.set_reason(std::string(TokenVerdictName(verification.verdict)));
  } else {
    const TokenFacts& facts = *verification.facts;
    out.set_active(true);
    out.set_subject_type(std::string(SubjectTypeOf(facts)));
    out.set_subject_id(facts.subject_id.ToString());
    out.set_account_id(AccountOf(facts));
    out.set_token_public_id(facts.public_id);
    if (facts.death() < absl::InfiniteFuture()) {
      *out.mutable_expires_at() = ToProto(facts.death());
      // None was rendered before the beginning of time.
      if (now > absl::InfinitePast()) {
        *out.mutable_expires_in() = ToProto(facts.death() - now);
        ttl = std::min(ttl, facts.death() - now);
      }
    }
    if (!facts.held.empty()) ToProto(HoldingsOf(facts), out);
    for (const auto& [key, value] : facts.labels) {
      (*out.mutable_labels())[key] = value;
    }
  }
  *out.mutable_cache_ttl() = ToProto(ttl);
}

void ToProto(const TokenVerification& verification,
             v1::IntrospectTokenResponse& out) {
  if (verification.verdict != TokenVerdict::kActive) return;
  const TokenFacts& facts = *verification.facts;
  out.set_active(true);
  out.set_scope(absl::StrJoin(HoldingsOf(facts).capabilities, " "));
  out.set_token_type("Bearer");
  if (facts.death() < absl::InfiniteFuture()) {
    out.set_exp(absl::ToUnixSeconds(facts.death()));
  }
  out.set_sub(facts.subject_id.ToString());
  if (facts.kind == PrincipalKind::kServiceAccount) {
    out.set_client_id(out.sub());
    out.set_iat(absl::ToUnixSeconds(facts.issued_at));
    out.set_jti(facts.public_id);
  }
  out.set_subject_type(std::string(SubjectTypeOf(facts)));
  out.set_account_id(AccountOf(facts));
}

void ToProto(const TokenVerification& verification,
             v1::CheckAccessResponse& out) {
  const TokenFacts& facts = *verification.facts;
  out.set_subject_type(std::string(SubjectTypeOf(facts)));
  out.set_subject_id(facts.subject_id.ToString());
  out.set_account_id(AccountOf(facts));
  out.set_token_public_id(facts.public_id);
  std::string* const list = out.mutable_capabilities();
  for (const std::string& key : HoldingsOf(facts).capabilities) {
    if (list->size() + 1 + key.size() > kMaxCapabilityListBytes) break;
    absl::StrAppend(list, list->empty() ? "" : ",", key);
  }
}

}  // namespace signet
