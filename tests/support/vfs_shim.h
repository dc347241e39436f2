// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_VFS_SHIM_H_
#define SIGNET_TESTS_SUPPORT_VFS_SHIM_H_

#include <sqlite3.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"

namespace signet {

// An SQLite VFS (sqlite.org/vfs.html) over the default one, for tests that bend
// what a disk does. What is overridden is called on any thread. Outlives every
// connection through it.
class VfsShim {
 public:
  enum File { kDatabase, kLog, kFiles };  // kFiles: any other.

  VfsShim() : real_(sqlite3_vfs_find(nullptr)) {
    static std::atomic<int> count = 0;
    name_ = absl::StrCat("shim", ++count);
    vfs_ = *real_;
    vfs_.iVersion = 1;
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(Opened)) + real_->szOsFile;
    vfs_.xOpen = &Open;
    sqlite3_vfs_register(&vfs_, /*makeDflt=*/0);
  }
  VfsShim(const VfsShim&) = delete;
  VfsShim& operator=(const VfsShim&) = delete;
  virtual ~VfsShim() { sqlite3_vfs_unregister(&vfs_); }

  const std::string& name() const { return name_; }

 protected:
  // An open file; the real one follows it in memory.
  struct Opened {
    sqlite3_file base;
    VfsShim* vfs;
    File kind;
    const char* path;  // Null: a temporary one.

    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    const sqlite3_io_methods* methods() { return real()->pMethods; }
  };

  virtual void OnOpen(Opened&) {}
  virtual int OnRead(Opened& file, void* data, int size, sqlite3_int64 offset) {
    return file.methods()->xRead(file.real(), data, size, offset);
  }
  virtual int OnWrite(Opened& file, const void* data, int size,
                      sqlite3_int64 offset) {
    return file.methods()->xWrite(file.real(), data, size, offset);
  }
  virtual int OnSync(Opened& file, int flags) {
    return file.methods()->xSync(file.real(), flags);
  }
  virtual int OnTruncate(Opened& file, sqlite3_int64 size) {
    return file.methods()->xTruncate(file.real(), size);
  }

 private:
  static Opened& Self(sqlite3_file* file) {
    return *reinterpret_cast<Opened*>(file);
  }
  static sqlite3_file* Real(sqlite3_file* file) { return Self(file).real(); }
  static const sqlite3_io_methods* Methods(sqlite3_file* file) {
    return Self(file).methods();
  }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file,
                  int flags, int* out_flags) {
    auto* self = static_cast<VfsShim*>(vfs->pAppData);
    Opened& opened = Self(file);
    opened.vfs = self;
    opened.kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? kDatabase
                  : (flags & SQLITE_OPEN_WAL) != 0   ? kLog
                                                     : kFiles;
    opened.path = name;
    const int code =
        self->real_->xOpen(self->real_, name, Real(file), flags, out_flags);
    opened.base.pMethods =
        Real(file)->pMethods == nullptr ? nullptr : &kMethods;
    if (code == SQLITE_OK) self->OnOpen(opened);
    return code;
  }

  static int Read(sqlite3_file* f, void* data, int size, sqlite3_int64 offset) {
    return Self(f).vfs->OnRead(Self(f), data, size, offset);
  }
  static int Write(sqlite3_file* f, const void* data, int size,
                   sqlite3_int64 offset) {
    return Self(f).vfs->OnWrite(Self(f), data, size, offset);
  }
  static int Sync(sqlite3_file* f, int flags) {
    return Self(f).vfs->OnSync(Self(f), flags);
  }
  static int Truncate(sqlite3_file* f, sqlite3_int64 size) {
    return Self(f).vfs->OnTruncate(Self(f), size);
  }

  // Everything else as it is.
  static int Close(sqlite3_file* f) { return Methods(f)->xClose(Real(f)); }
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
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_VFS_SHIM_H_
