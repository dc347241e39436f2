// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwk_set.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"

namespace signet::oauth {

absl::StatusOr<JwkSet> JwkSet::Parse(std::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return json.status();
  const auto keys = json->find("keys");
  if (!json->is_object() || keys == json->end() || !keys->is_array()) {
    return absl::InvalidArgumentError(
        "JWK Set: want an object with an array `keys`");
  }
  if (keys->size() > kMaxKeys) {
    return absl::InvalidArgumentError(
        absl::StrCat("keys: got ", keys->size(), ", want at most ", kMaxKeys));
  }

  JwkSet set;
  for (size_t i = 0; i < keys->size(); ++i) {
    const Json& member = (*keys)[i];
    absl::StatusOr<Jwk> key =
        member.is_object() ? ParseJwk(member)
                           : absl::InvalidArgumentError("want an object");
    if (key.ok()) {
      if (set.Has(*key)) {
        set.notes_.push_back(
            absl::StrCat("keys[", i,
                         "]: want another kid or alg than an earlier key; "
                         "none of them is used"));
      }
      set.keys_.push_back(*std::move(key));
      continue;
    }
    set.notes_.push_back(
        absl::StrCat("keys[", i, "]: ", key.status().message()));
    if (member.is_object() && HoldsSecret(member)) set.holds_secrets_ = true;
  }
  return set;
}

bool JwkSet::Has(const Jwk& like) const {
  return std::any_of(keys_.begin(), keys_.end(), [&like](const Jwk& key) {
    return key.key_id == like.key_id && key.algorithm == like.algorithm;
  });
}

std::shared_ptr<const crypto::PublicKey> JwkSet::Find(
    const KeyQuery& query) const {
  const Jwk* found = nullptr;
  for (const Jwk& key : keys_) {
    if (key.algorithm != query.algorithm) continue;
    if (query.key_id.has_value() && key.key_id != query.key_id) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found == nullptr ? nullptr : found->key;
}

}  // namespace signet::oauth
