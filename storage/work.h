// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_WORK_H_
#define SIGNET_STORAGE_WORK_H_

#include <optional>

#include "absl/functional/any_invocable.h"
#include "base/uuid.h"
#include "base/work_for.h"

namespace signet::storage {

// What a read costs. The cheap ones never wait for the others.
enum class ReadKind {
  kIdentify,  // Finds who calls, so that nobody is known that it is for.
  kLookup,    // A few rows by their keys.
  kScan,      // A page of a listing or of the audit log.
};

// Whether who asked has gone away, so that the work would be for nothing. May
// be null. Asked on a thread of the engine's right before a body runs.
using Expired = absl::AnyInvocable<bool()>;

struct ReadOptions {
  WorkFor work_for = {};
  ReadKind kind = ReadKind::kLookup;
  Expired expired = nullptr;
};

struct WriteOptions {
  WorkFor work_for = {};
  // The account whose rows it is mostly about, if it is one: an engine that
  // other processes share may queue the writes of one account, which would
  // collide. Whatever else the body touches, the outcome is the same.
  std::optional<Uuid> account_id = {};
  // Whether it takes something from somebody and gives nothing: an engine keeps
  // room for these, so that they are stored where a full disk takes no others.
  bool revocation = false;
  Expired expired = nullptr;
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_WORK_H_
