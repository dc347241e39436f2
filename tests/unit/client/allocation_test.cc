// SPDX-License-Identifier: Apache-2.0
//
// A kept answer costs no memory: nothing is allocated on the way to it.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "client/token_client.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/client/fake_tokens_server.h"

namespace signet::client {
namespace {

constinit thread_local int allocations = 0;

void* Allocate(size_t size) {
  ++allocations;
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) std::abort();
  return block;
}

TEST(AllocationTest, AKeptAnswerTakesNone) {
  FakeTokensServer server;
  const std::string good = "hbx_sa_0123456789abcdef_" + std::string(49, 'x');
  const std::string bad = "hbx_sa_0123456789abcdef_" + std::string(49, 'y');
  server.Put(good, GoodAnswer(1));
  auto created = TokenClient::Create({.target = server.target()});
  ASSERT_THAT(created, IsOk());
  TokenClient& client = **created;
  ASSERT_TRUE(Eventually([&] { return client.FeedStatus().ok(); }));
  v1::Requirement wanted;
  v1::RequiredCapability& capability =
      *wanted.mutable_any_of()->add_requirements()->mutable_capability();
  capability.set_capability_key("mail.send");
  capability.set_account_id(SampleId(1).ToString());
  v1::Requirement missing;
  missing.mutable_capability()->set_capability_key("mail.read");

  ASSERT_THAT(client.VerifyAndWait(good, nullptr), IsOk());
  ASSERT_THAT(client.VerifyAndWait(bad, nullptr), IsOk());
  ASSERT_THAT(client.VerifyAndWait(good, &missing), IsOk());
  const int before = allocations;
  EXPECT_GT(before, 0);  // They are counted.
  for (int i = 0; i < 100; ++i) {
    for (const v1::Requirement* requirement :
         {static_cast<const v1::Requirement*>(nullptr),
          static_cast<const v1::Requirement*>(&wanted),
          static_cast<const v1::Requirement*>(&missing)}) {
      const auto answer = client.VerifyAndWait(good, requirement);
      if (!answer.ok() || (*answer)->active() != (requirement != &missing)) {
        std::abort();
      }
      client.Verify(bad, requirement,
                    [](const absl::StatusOr<TokenAnswer>& answer) {
                      if (!answer.ok() || (*answer)->active()) std::abort();
                    });
    }
  }
  EXPECT_EQ(allocations - before, 0);
}

}  // namespace
}  // namespace signet::client

void* operator new(size_t size) { return signet::client::Allocate(size); }
void* operator new[](size_t size) { return signet::client::Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return signet::client::Allocate(size);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t) noexcept { std::free(block); }
