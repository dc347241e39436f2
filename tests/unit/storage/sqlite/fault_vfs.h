// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_
#define SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_

#include <sqlite3.h>

#include <atomic>

#include "tests/support/vfs_shim.h"

namespace signet::sqlite {

// A disk that fails on command. A sync that fails has nevertheless reached the
// disk, which is the case to be afraid of. Thread-safe.
class FaultVfs : public VfsShim {
 public:
  enum Operation { kRead, kWrite, kSync, kOperations };

  // From now on `operation` on `file` ends with `code`, after `spared` more
  // that go well. SQLITE_OK heals.
  void Fail(File file, Operation operation, int code, int spared = 0) {
    faults_[file][operation].spared = spared;
    faults_[file][operation].code = code;
  }

  // How often `operation` was tried on `file`.
  int Count(File file, Operation operation) const {
    return faults_[file][operation].count;
  }

 private:
  struct Fault {
    std::atomic<int> code = SQLITE_OK;
    std::atomic<int> spared = 0;
    std::atomic<int> count = 0;
  };

  // What the operation is to end with, SQLITE_OK for as it will.
  int Verdict(File file, Operation operation) {
    if (file == kFiles) return SQLITE_OK;
    Fault& fault = faults_[file][operation];
    ++fault.count;
    const int code = fault.code;
    return code == SQLITE_OK || fault.spared-- > 0 ? SQLITE_OK : code;
  }

  int OnRead(Opened& file, void* data, int size,
             sqlite3_int64 offset) override {
    const int code = Verdict(file.kind, kRead);
    return code != SQLITE_OK ? code : VfsShim::OnRead(file, data, size, offset);
  }
  int OnWrite(Opened& file, const void* data, int size,
              sqlite3_int64 offset) override {
    const int code = Verdict(file.kind, kWrite);
    return code != SQLITE_OK ? code
                             : VfsShim::OnWrite(file, data, size, offset);
  }
  int OnSync(Opened& file, int flags) override {
    const int code = Verdict(file.kind, kSync);
    const int done = VfsShim::OnSync(file, flags);
    return code != SQLITE_OK ? code : done;
  }

  Fault faults_[kFiles][kOperations];
};

}  // namespace signet::sqlite

#endif  // SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_
