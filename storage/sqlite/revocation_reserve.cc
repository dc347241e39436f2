// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/revocation_reserve.h"

#include <utility>

namespace signet::sqlite {

RevocationReserve::RevocationReserve(ReserveFile file, bool in_use,
                                     absl::Duration look_interval,
                                     Logger* logger)
    : file_(std::move(file)),
      look_interval_(absl::ToChronoNanoseconds(look_interval)),
      logger_(logger) {
  if (in_use) {
    Use();
  } else {
    file_.Fill();
  }
  if (file_.bytes() == 0 && logger_ != nullptr) {
    logger_->Warning("the disk has no room for the reserve of revocations");
  }
}

bool RevocationReserve::LookForRoom() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now < next_look_) return in_use_;
  next_look_ = now + look_interval_;
  if (!file_.Fill() || !in_use_) return in_use_;
  in_use_ = false;
  said_empty_ = false;
  if (logger_ != nullptr) {
    logger_->Info("the reserve of revocations is there again",
                  {{"bytes", file_.bytes()}});
  }
  return false;
}

void RevocationReserve::Use() {
  if (in_use_) return;
  in_use_ = true;
  if (logger_ != nullptr) {
    logger_->Error(
        "the disk is full; only revocations are stored, in what was reserved",
        {{"bytes_left", file_.bytes()}});
  }
}

bool RevocationReserve::MakeRoom() {
  const bool made = file_.GiveUpSlice();
  if (logger_ != nullptr && !made && !said_empty_) {
    logger_->Error(
        "the disk is full and the reserve used up; not even revocations are "
        "stored");
    said_empty_ = true;
  }
  return made;
}

}  // namespace signet::sqlite
