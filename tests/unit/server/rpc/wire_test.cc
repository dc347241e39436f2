// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/wire.h"

#include <string>
#include <vector>

#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/support/slice.h"
#include "gtest/gtest.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "tests/support/freed_memory_watch.h"

namespace signet::rpc {
namespace {

using v1::CreateServiceAccountRequest;

// A buffer of `pieces` slices.
grpc::ByteBuffer Buffer(const std::string& bytes, size_t pieces = 1) {
  std::vector<grpc::Slice> slices;
  for (size_t i = 0; i < pieces; ++i) {
    const size_t begin = bytes.size() * i / pieces;
    const size_t end = bytes.size() * (i + 1) / pieces;
    slices.emplace_back(bytes.substr(begin, end - begin));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

TEST(ParseMessage, ReadsOnePieceAndMany) {
  CreateServiceAccountRequest request;
  request.set_name(std::string(1000, 'n'));
  for (const size_t pieces : {1, 7}) {
    CreateServiceAccountRequest read;
    EXPECT_TRUE(
        ParseMessage(Buffer(request.SerializeAsString(), pieces), read));
    EXPECT_EQ(read.name(), request.name());
  }
}

TEST(ParseMessage, NothingIsAnEmptyMessage) {
  CreateServiceAccountRequest read;
  EXPECT_TRUE(ParseMessage(Buffer(""), read));
  EXPECT_EQ(read.ByteSizeLong(), 0u);
}

TEST(ParseMessage, LetsUnknownFieldsPass) {
  CreateServiceAccountRequest request;
  request.set_name("n");
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(99, 1);
  CreateServiceAccountRequest read;
  EXPECT_TRUE(ParseMessage(Buffer(request.SerializeAsString()), read));
  EXPECT_EQ(read.name(), "n");
}

TEST(ParseMessage, RefusesWhatIsNoMessage) {
  CreateServiceAccountRequest read;
  EXPECT_FALSE(ParseMessage(grpc::ByteBuffer(), read)) << "no buffer at all";
  EXPECT_FALSE(ParseMessage(Buffer("\x12\x05"
                                   "ab"),
                            read))
      << "cut short";
  EXPECT_FALSE(ParseMessage(Buffer("\x12\x02\xC0\xAF"), read)) << "not UTF-8";
  EXPECT_FALSE(ParseMessage(Buffer("\x1A\x02\x12\x05"), read)) << "inner one";
  EXPECT_FALSE(ParseMessage(Buffer("\xFF\xFF\xFF"), read)) << "noise";
}

TEST(SerializeMessage, IsWhatProtobufWrites) {
  v1::IssuedServiceAccount issued;
  issued.set_name("n");
  issued.set_token("t");
  EXPECT_EQ(Bytes(SerializeMessage(issued)), issued.SerializeAsString());
  EXPECT_EQ(Bytes(SerializeMessage(v1::IssuedServiceAccount())), "");
}

TEST(SerializeMessage, LeavesNoCopyOfATokenBehind) {
  const std::string token = "canary-of-the-wire-test-0123456789";
  const FreedMemoryWatch watch(token);
  {
    v1::IssuedServiceAccount issued;
    issued.set_token(token);
    const grpc::ByteBuffer body = SerializeMessage(issued);
    WipeToken(issued);
    EXPECT_EQ(issued.token(), "");
  }
  EXPECT_EQ(watch.count(), 0);
}

TEST(WipeToken, LetsOtherMessagesBe) {
  v1::ServiceAccount account;
  account.set_name("n");
  WipeToken(account);
  EXPECT_EQ(account.name(), "n");
}

}  // namespace
}  // namespace signet::rpc
