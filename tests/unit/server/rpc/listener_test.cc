// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/listener.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/rpc/loopback.h"

namespace signet::rpc {
namespace {

// Keeps the connections it is handed.
class Connections {
 public:
  Listener::OnConnection Taker() {
    return [this](int fd) {
      absl::MutexLock lock(&mutex_);
      open_.emplace_back(fd);
    };
  }
  bool Await(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return open_.size() >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10));
  }
  std::vector<OwnedFd> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(open_, {});
  }

 private:
  absl::Mutex mutex_;
  std::vector<OwnedFd> open_ ABSL_GUARDED_BY(mutex_);
};

// Blocks until the peer closes; whether it did so without sending anything.
bool IsClosed(const OwnedFd& fd) {
  char byte;
  const ssize_t n = recv(fd.get(), &byte, 1, 0);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

TEST(Listener, HandsConnectionsOn) {
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(listener, IsOk());
  ASSERT_GT((*listener)->port(), 0);
  Connections connections;
  (*listener)->Start(connections.Taker());
  const OwnedFd client = ConnectTo((*listener)->port());
  ASSERT_GE(client.get(), 0);
  ASSERT_TRUE(connections.Await(1));
  ASSERT_EQ(send(connections.Take()[0].get(), "x", 1, 0), 1);
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Listener, ConnectionsWaitForTheStart) {
  auto listener = Listener::Listen("localhost:0");
  ASSERT_THAT(listener, IsOk());
  auto v4 = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(v4, IsOk());
  const OwnedFd early = ConnectTo((*v4)->port());
  EXPECT_GE(early.get(), 0);
  Connections connections;
  (*v4)->Start(connections.Taker());
  EXPECT_TRUE(connections.Await(1));
}

TEST(Listener, StopClosesThePortAndEndsAtOnce) {
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(listener, IsOk());
  const int port = (*listener)->port();
  Connections connections;
  (*listener)->Start(connections.Taker());
  (*listener)->Stop();
  EXPECT_EQ(ConnectTo(port).get(), -1);
  (*listener)->Stop();  // Idempotent.
  // The port can be had again.
  EXPECT_THAT(Listener::Listen(absl::StrCat("127.0.0.1:", port)), IsOk());
}

TEST(Listener, StopWithoutAStartClosesThePort) {
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(listener, IsOk());
  const int port = (*listener)->port();
  (*listener)->Stop();
  EXPECT_EQ(ConnectTo(port).get(), -1);
}

TEST(Listener, Ipv6IsWrittenInBrackets) {
  const auto listener = Listener::Listen("[::1]:0");
  if (absl::IsUnavailable(listener.status())) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  EXPECT_THAT(listener, IsOk());
}

TEST(Listener, APortThatIsTakenIsUnavailable) {
  const auto first = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(first, IsOk());
  const std::string address = absl::StrCat("127.0.0.1:", (*first)->port());
  EXPECT_THAT(Listener::Listen(address),
              StatusIs(absl::StatusCode::kUnavailable));
}

class BadAddress : public testing::TestWithParam<const char*> {};

TEST_P(BadAddress, IsInvalid) {
  EXPECT_THAT(Listener::Listen(GetParam()),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(Addresses, BadAddress,
                         testing::Values("", "127.0.0.1", ":8080",
                                         "nowhere.invalid:1", "127.0.0.1:http",
                                         "127.0.0.1:", "127.0.0.1:65536",
                                         "127.0.0.1:+80", "::1:80"));

TEST(Listener, AnAddressOfAnotherMachineIsUnavailable) {
  EXPECT_THAT(Listener::Listen("192.0.2.1:0"),  // TEST-NET-1, RFC 5737.
              StatusIs(absl::StatusCode::kUnavailable));
}

// Lowers the limit on file descriptors while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower = {limit, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

TEST(Listener, LeavesDescriptorsForOthersAndRecovers) {
  const DescriptorLimit limit(200);
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(listener, IsOk());
  Connections connections;
  (*listener)->Start(connections.Taker());

  // Each costs two descriptors of this process; the last ones are refused.
  std::vector<OwnedFd> clients;
  for (int i = 0; i < 100; ++i) {
    OwnedFd client = ConnectTo((*listener)->port());
    if (client.get() < 0) break;
    clients.push_back(std::move(client));
  }
  ASSERT_TRUE(IsClosed(clients.back()));
  for (const OwnedFd& taken : connections.Take()) {
    EXPECT_LT(taken.get(), 200 - Listener::kSpareDescriptors);
  }

  clients.clear();
  const OwnedFd client = ConnectTo((*listener)->port());
  ASSERT_GE(client.get(), 0);
  EXPECT_TRUE(connections.Await(1));
}

TEST(Listener, SurvivesTheLackOfAnyDescriptor) {
  const DescriptorLimit limit(100);
  auto listener = Listener::Listen("127.0.0.1:0");
  ASSERT_THAT(listener, IsOk());
  Connections connections;
  (*listener)->Start(connections.Taker());
  OwnedFd client(socket(AF_INET, SOCK_STREAM, 0));
  std::vector<OwnedFd> hoard;
  while (true) {
    OwnedFd fd(dup(client.get()));
    if (fd.get() < 0) break;
    hoard.push_back(std::move(fd));
  }
  // The kernel completes it; accept(2) fails with EMFILE until the hoard goes.
  ASSERT_TRUE(ConnectWith(client, (*listener)->port()));
  hoard.clear();
  EXPECT_TRUE(connections.Await(1));
}

}  // namespace
}  // namespace signet::rpc
