// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_
#define SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_

#include <sqlite3.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"

namespace signet {

// An SQLite VFS (sqlite.org/vfs.html) over the default one whose disk fails on
// command. A sync that fails has nevertheless reached the disk, which is the
// case to be afraid of. Thread-safe. Outlives every connection through it.
class FaultVfs {
 public:
  enum Operation { kRead, kWrite, kSync, kOperations };
  enum File { kDatabase, kLog, kFiles };

  FaultVfs() : real_(sqlite3_vfs_find(nullptr)) {
    static std::atomic<int> count = 0;
    name_ = absl::StrCat("fault", ++count);
    vfs_ = *real_;
    vfs_.iVersion = 1;
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(FaultFile)) + real_->szOsFile;
    vfs_.xOpen = &Open;
    sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

  const std::string& name() const { return name_; }

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
  // The real file follows it in memory.
  struct FaultFile {
    sqlite3_file base;
    FaultVfs* vfs;
    File kind;
  };

  static FaultFile* Self(sqlite3_file* file) {
    return reinterpret_cast<FaultFile*>(file);
  }
  static sqlite3_file* Real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(Self(file) + 1);
  }
  static const sqlite3_io_methods* Methods(sqlite3_file* file) {
    return Real(file)->pMethods;
  }

  // What the operation is to end with, SQLITE_OK for as it will.
  static int Verdict(sqlite3_file* file, Operation operation) {
    FaultFile* self = Self(file);
    if (self->kind == kFiles) return SQLITE_OK;
    Fault& fault = self->vfs->faults_[self->kind][operation];
    ++fault.count;
    const int code = fault.code;
    return code == SQLITE_OK || fault.spared-- > 0 ? SQLITE_OK : code;
  }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file,
                  int flags, int* out_flags) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    FaultFile* opened = Self(file);
    opened->vfs = self;
    opened->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? kDatabase
                   : (flags & SQLITE_OPEN_WAL) != 0   ? kLog
                                                      : kFiles;
    const int code =
        self->real_->xOpen(self->real_, name, Real(file), flags, out_flags);
    opened->base.pMethods =
        Real(file)->pMethods == nullptr ? nullptr : &kMethods;
    return code;
  }

  static int Read(sqlite3_file* file, void* data, int size,
                  sqlite3_int64 offset) {
    const int code = Verdict(file, kRead);
    return code != SQLITE_OK
               ? code
               : Methods(file)->xRead(Real(file), data, size, offset);
  }
  static int Write(sqlite3_file* file, const void* data, int size,
                   sqlite3_int64 offset) {
    const int code = Verdict(file, kWrite);
    return code != SQLITE_OK
               ? code
               : Methods(file)->xWrite(Real(file), data, size, offset);
  }
  static int Sync(sqlite3_file* file, int flags) {
    const int code = Verdict(file, kSync);
    const int done = Methods(file)->xSync(Real(file), flags);
    return code != SQLITE_OK ? code : done;
  }

  // Everything else as it is.
  static int Close(sqlite3_file* f) { return Methods(f)->xClose(Real(f)); }
  static int Truncate(sqlite3_file* f, sqlite3_int64 size) {
    return Methods(f)->xTruncate(Real(f), size);
  }
  static int FileSize(sqlite3_file* f, sqlite3_int64* size) {
    return Methods(f)->xFileSize(Real(f), size);
  }
  static int Lock(sqlite3_file* f, int level) {
    return Methods(f)->xLock(Real(f), level);
  }
  static int Unlock(sqlite3_file* f, int level) {
    return Methods(f)->xUnlock(Real(f), level);
  }
  static int CheckReservedLock(sqlite3_file* f, int* out) {
    return Methods(f)->xCheckReservedLock(Real(f), out);
  }
  static int FileControl(sqlite3_file* f, int operation, void* argument) {
    return Methods(f)->xFileControl(Real(f), operation, argument);
  }
  static int SectorSize(sqlite3_file* f) {
    return Methods(f)->xSectorSize(Real(f));
  }
  static int DeviceCharacteristics(sqlite3_file* f) {
    return Methods(f)->xDeviceCharacteristics(Real(f));
  }
  static int ShmMap(sqlite3_file* f, int page, int size, int extend,
                    void volatile** out) {
    return Methods(f)->xShmMap(Real(f), page, size, extend, out);
  }
  static int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
    return Methods(f)->xShmLock(Real(f), offset, n, flags);
  }
  static void ShmBarrier(sqlite3_file* f) { Methods(f)->xShmBarrier(Real(f)); }
  static int ShmUnmap(sqlite3_file* f, int remove) {
    return Methods(f)->xShmUnmap(Real(f), remove);
  }

  static constexpr sqlite3_io_methods kMethods = {
      .iVersion = 2,  // Without memory mapping.
      .xClose = &Close,
      .xRead = &Read,
      .xWrite = &Write,
      .xTruncate = &Truncate,
      .xSync = &Sync,
      .xFileSize = &FileSize,
      .xLock = &Lock,
      .xUnlock = &Unlock,
      .xCheckReservedLock = &CheckReservedLock,
      .xFileControl = &FileControl,
      .xSectorSize = &SectorSize,
      .xDeviceCharacteristics = &DeviceCharacteristics,
      .xShmMap = &ShmMap,
      .xShmLock = &ShmLock,
      .xShmBarrier = &ShmBarrier,
      .xShmUnmap = &ShmUnmap,
      .xFetch = nullptr,
      .xUnfetch = nullptr,
  };

  sqlite3_vfs* const real_;
  std::string name_;
  sqlite3_vfs vfs_;
  Fault faults_[kFiles][kOperations];
};

}  // namespace signet

#endif  // SIGNET_TESTS_UNIT_STORAGE_SQLITE_FAULT_VFS_H_
