// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_STORE_H_
#define SIGNET_STORAGE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/changes.h"
#include "storage/txn.h"
#include "storage/work.h"

namespace signet::storage {

// How a store is, as of its latest work.
struct StoreHealth {
  enum class State {
    kServing,
    kDegraded,  // Some of the writes are refused, for now; reads go on.
    kFailed,    // Refuses everything for good: it has failed, or was drained.
  };

  State state = State::kServing;
  // OK while it serves; otherwise what is wrong.
  //   FAILED_PRECONDITION / DATABASE_REFUSED: what it keeps is not where it was
  //     any more, or somebody else has changed it.
  absl::Status reason;

  // The reason if it has failed; else OK.
  absl::Status failure() const {
    return state == State::kFailed ? reason : absl::OkStatus();
  }
};

// A lock that is held. Lets go when it is destroyed, which is before the store
// is.
class StoreLock {
 public:
  virtual ~StoreLock() = default;
};

// Durable records. Thread-safe. Engines never read a clock or draw randomness:
// time and ids come as values. Every engine passes tests/conformance/. Written
// for engines in this process (memory, SQLite) and for a database server shared
// by several processes, hence asynchronous throughout.
class Store {
 public:
  // A body may run more than once (an engine retries serialization failures)
  // and each run starts afresh; it must not block, call the store, or keep the
  // transaction. It returns OK to commit, anything else to leave no trace.
  using ReadBody = absl::AnyInvocable<absl::Status(ReadTxn&)>;
  using WriteBody = absl::AnyInvocable<absl::Status(WriteTxn&)>;
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  virtual ~Store() = default;

  // Runs `body` on a snapshot that includes every write acknowledged before
  // this call, then calls `done` once with its status. Both run on a thread of
  // the engine, so that no caller waits for storage; only a refusal may be told
  // on a caller's thread, before this returns. `done` must not block. The
  // engine's own:
  //   RESOURCE_EXHAUSTED / READ_QUEUE_FULL: too many reads wait, of whom it is
  //     for or of all; a retry hint.
  //   DEADLINE_EXCEEDED: `options.expired` said true before the body ran.
  //   UNAVAILABLE / STORAGE_UNAVAILABLE: the store cannot be read now.
  //   DATA_LOSS: damage was found.
  virtual void Read(ReadBody body, Done done, ReadOptions options = {}) = 0;

  // Runs `body` in a serializable transaction and calls `done` once, on the
  // same threads as Read, when the outcome is known; `done` must not block. OK
  // means: committed, on stable storage, seen by every Read that starts from
  // now on, and told to every subscriber. A status of the body's comes back
  // unchanged, with nothing written. The engine's own:
  //   RESOURCE_EXHAUSTED / WRITE_QUEUE_FULL: nothing written, since too many
  //     writes wait, of whom it is for or of all; a retry hint.
  //   DEADLINE_EXCEEDED: `options.expired` said true before the body ran.
  //   UNAVAILABLE / STORAGE_UNAVAILABLE: nothing written. The disk is full, the
  //     database locked, the store stopped or failed.
  //   UNAVAILABLE / WRITE_CONFLICT: nothing written. Others changed the same at
  //     the same time, and the engine has tried often enough; a retry hint.
  //   UNAVAILABLE / WRITE_OUTCOME_UNKNOWN: the commit failed half-way, the
  //     write may or may not be there. Health() tells whether the store has
  //     failed.
  //   DATA_LOSS: damage was found, nothing written. The store has failed.
  virtual void Write(WriteBody body, Done done, WriteOptions options = {}) = 0;

  // Tells `sink` of every change behind `position`, from now on until Drain()
  // has returned; with no position, of what is committed after this call. A
  // change is told once it is committed, also where the outcome is unknown, and
  // before it is acknowledged, so that by then every subscriber knows of it.
  // Where the store does not know any more what is behind `position`, it says
  // so first (ChangeNotice::everything). The sink is called on a thread of the
  // engine, or on this one before this returns.
  virtual void Subscribe(std::optional<uint64_t> position, ChangeSink sink) = 0;

  // The lock of that name, or null where somebody holds it: one at a time of
  // all that use the database, in whatever process. It saves work that need not
  // be done twice; nothing may go wrong if it is. May wait for the database, so
  // it is not for request handlers.
  //   UNAVAILABLE / STORAGE_UNAVAILABLE: the database cannot be asked now.
  virtual absl::StatusOr<std::unique_ptr<StoreLock>> TryLock(
      std::string_view name) = 0;

  virtual StoreHealth Health() const = 0;

  // Refuses whatever comes from now on with STORAGE_UNAVAILABLE, and reads that
  // wait too; finishes every accepted write. Blocks until the last `done` has
  // returned, so it must not be called from one. Idempotent. The destructor
  // calls it.
  virtual void Drain() = 0;
};

// What engines answer when ReadOptions::expired or WriteOptions::expired says
// true.
absl::Status CallerGoneError();

// UNAVAILABLE / WRITE_CONFLICT.
absl::Status WriteConflictError();

// Blocking forms, for start-up and tests. Not for request handlers.
absl::Status ReadAndWait(Store& store, Store::ReadBody body,
                         ReadKind kind = ReadKind::kLookup);
absl::Status WriteAndWait(Store& store, Store::WriteBody body,
                          WriteOptions options = {});

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_STORE_H_
