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
#include "server/domain/effective_grants.h"

namespace signet::api {
namespace {

class RequirementReader {
 public:
  explicit RequirementReader(domain::Violations& violations)
      : violations_(violations) {}

  domain::Requirement Read(const std::string& field, const v1::Requirement& in,
                           int depth) {
    domain::Requirement out;
    if (++parts_ > domain::Requirement::kMaxParts) {
      too_many_ = true;
      violations_.Add(
          field, absl::StrCat("want at most ", domain::Requirement::kMaxParts,
                              " requirements in all"));
      return out;
    }
    if (depth > domain::Requirement::kMaxDepth) {
      violations_.Add(
          field, absl::StrCat("want at most ", domain::Requirement::kMaxDepth,
                              " levels"));
      return out;
    }
    switch (in.kind_case()) {
      case v1::Requirement::kCapability:
        out.kind = domain::Requirement::Kind::kCapability;
        Count(field);
        out.capability = domain::ReadRequiredCapability(
            absl::StrCat(field, ".capability"),
            in.capability().capability_key(), in.capability().account_id(),
            in.capability().resource_type(), in.capability().resource_id(),
            violations_);
        break;
      case v1::Requirement::kAllOf:
        out.kind = domain::Requirement::Kind::kAllOf;
        ReadList(absl::StrCat(field, ".all_of.requirements"), in.all_of(),
                 depth, out);
        break;
      case v1::Requirement::kAnyOf:
        out.kind = domain::Requirement::Kind::kAnyOf;
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
                int depth, domain::Requirement& out) {
    for (int i = 0; i < in.requirements_size(); ++i) {
      if (too_many_ || violations_.full()) return;
      out.of.push_back(Read(absl::StrCat(field, "[", i, "]"),
                            in.requirements(i), depth + 1));
    }
  }

  void Count(const std::string& field) {
    if (++capabilities_ <= domain::Requirement::kMaxCapabilities) return;
    too_many_ = true;
    violations_.Add(field, absl::StrCat("want at most ",
                                        domain::Requirement::kMaxCapabilities,
                                        " capabilities in all"));
  }

  domain::Violations& violations_;
  int parts_ = 0;
  int capabilities_ = 0;
  bool too_many_ = false;  // The rest is not even looked at.
};

// Proxies take header fields of four or eight KiB in all.
constexpr size_t kMaxCapabilityListBytes = 2048;

std::string_view SubjectTypeOf(const identity::TokenSnapshot& snapshot) {
  return snapshot.kind == identity::PrincipalKind::kUser ? "user"
                                                         : "service_account";
}

domain::EffectiveGrants EffectiveGrantsOf(
    const identity::TokenSnapshot& snapshot) {
  return domain::SumGrants(snapshot.account_id, snapshot.held);
}

// Of a user who was asked about on no account there is none.
std::string AccountOf(const identity::TokenSnapshot& snapshot) {
  return snapshot.account_id == Uuid() ? std::string()
                                       : snapshot.account_id.ToString();
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

domain::Requirement ReadRequirement(const std::string& field,
                                    const v1::Requirement& requirement,
                                    domain::Violations& violations) {
  return RequirementReader(violations).Read(field, requirement, 1);
}

std::string RenderActive(const identity::TokenSnapshot& snapshot) {
  v1::VerifyTokenResponse out;
  // Borrowed for as long as this call.
  const identity::TokenSnapshotPtr borrowed(identity::TokenSnapshotPtr(),
                                            &snapshot);
  ToProto({.verdict = domain::TokenVerdict::kActive, .snapshot = borrowed},
          absl::InfinitePast(), out);
  return out.SerializeAsString();
}

std::optional<RenderedAnswer> RenderAnswer(
    const domain::TokenVerification& verification, absl::Time now) {
  if (verification.verdict == domain::TokenVerdict::kActive) {
    const identity::TokenSnapshot& snapshot = *verification.snapshot;
    if (snapshot.rendered.empty() ||
        snapshot.death() - now < domain::TokenVerifier::kCacheTtl) {
      return std::nullopt;
    }
    RenderedAnswer answer = {.text = snapshot.rendered, .rest = {}};
    if (snapshot.death() < absl::InfiniteFuture()) {
      answer.rest.Set(snapshot.death() - now);
    }
    return answer;
  }
  // By verdict. Made once, and never destroyed: calls may outlive main().
  static const auto* const inactive = [] {
    auto* const texts = new std::array<std::string, domain::kTokenVerdicts>();
    for (size_t i = 0; i < texts->size(); ++i) {
      v1::VerifyTokenResponse out;
      if (static_cast<domain::TokenVerdict>(i) == domain::TokenVerdict::kActive)
        continue;
      ToProto({.verdict = static_cast<domain::TokenVerdict>(i)},
              absl::InfinitePast(), out);
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

void ToProto(const domain::TokenVerification& verification, absl::Time now,
             v1::VerifyTokenResponse& out) {
  absl::Duration ttl = domain::TokenVerifier::kCacheTtl;
  if (verification.verdict != domain::TokenVerdict::kActive) {
    out.set_reason(std::string(domain::TokenVerdictName(verification.verdict)));
  } else {
    const identity::TokenSnapshot& snapshot = *verification.snapshot;
    out.set_active(true);
    out.set_subject_type(std::string(SubjectTypeOf(snapshot)));
    out.set_subject_id(snapshot.subject_id.ToString());
    out.set_account_id(AccountOf(snapshot));
    out.set_token_public_id(snapshot.public_id);
    if (snapshot.death() < absl::InfiniteFuture()) {
      *out.mutable_expires_at() = ToProto(snapshot.death());
      // None was rendered before the beginning of time.
      if (now > absl::InfinitePast()) {
        *out.mutable_expires_in() = ToProto(snapshot.death() - now);
        ttl = std::min(ttl, snapshot.death() - now);
      }
    }
    if (!snapshot.held.empty()) ToProto(EffectiveGrantsOf(snapshot), out);
    for (const auto& [key, value] : snapshot.labels) {
      (*out.mutable_labels())[key] = value;
    }
  }
  *out.mutable_cache_ttl() = ToProto(ttl);
}

void ToProto(const domain::TokenVerification& verification,
             v1::IntrospectTokenResponse& out) {
  if (verification.verdict != domain::TokenVerdict::kActive) return;
  const identity::TokenSnapshot& snapshot = *verification.snapshot;
  out.set_active(true);
  out.set_scope(absl::StrJoin(EffectiveGrantsOf(snapshot).capabilities, " "));
  out.set_token_type("Bearer");
  if (snapshot.death() < absl::InfiniteFuture()) {
    out.set_exp(absl::ToUnixSeconds(snapshot.death()));
  }
  out.set_sub(snapshot.subject_id.ToString());
  if (snapshot.kind == identity::PrincipalKind::kServiceAccount) {
    out.set_client_id(out.sub());
    out.set_iat(absl::ToUnixSeconds(snapshot.issued_at));
    out.set_jti(snapshot.public_id);
  }
  out.set_subject_type(std::string(SubjectTypeOf(snapshot)));
  out.set_account_id(AccountOf(snapshot));
}

void ToProto(const domain::TokenVerification& verification,
             v1::CheckAccessResponse& out) {
  const identity::TokenSnapshot& snapshot = *verification.snapshot;
  out.set_subject_type(std::string(SubjectTypeOf(snapshot)));
  out.set_subject_id(snapshot.subject_id.ToString());
  out.set_account_id(AccountOf(snapshot));
  out.set_token_public_id(snapshot.public_id);
  std::string* const list = out.mutable_capabilities();
  for (const std::string& key : EffectiveGrantsOf(snapshot).capabilities) {
    if (list->size() + 1 + key.size() > kMaxCapabilityListBytes) break;
    absl::StrAppend(list, list->empty() ? "" : ",", key);
  }
}

}  // namespace signet::api
