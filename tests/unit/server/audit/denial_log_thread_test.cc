// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/denial_log.h"
#include "server/domain/access.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::audit {
namespace {

// On a clock that goes, with the thread.
TEST(DenialLogThread, WritesBehindAndAStopWritesTheRest) {
  domain::DomainWorld world;
  SystemClock clock;
  DenialLog log(&world.store, &world.audit, &clock, &world.logger,
                {.pause = absl::Milliseconds(1)});
  const auto count = [&] {
    uint64_t last = 0;
    EXPECT_THAT(storage::ReadAndWait(world.store,
                                     [&](storage::ReadTxn& txn) {
                                       const auto chain =
                                           txn.GetAuditChain(world.kHome);
                                       if (chain.ok())
                                         last = chain->last_sequence;
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return last;
  };
  const auto note = [&] {
    log.Note(*domain::CallerFor(world.nobody), world.kHome.ToString(),
             {.action = "a.read"},
             domain::AccessDeniedError(domain::Right::kView));
  };
  log.Start();
  note();
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (count() == 0 && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(count(), 1u);
  note();
  note();
  log.Stop();
  EXPECT_EQ(count(), 2u);
}

}  // namespace
}  // namespace signet::audit
