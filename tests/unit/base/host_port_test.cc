// SPDX-License-Identifier: Apache-2.0
#include "base/host_port.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace signet {
namespace {

struct Address {
  std::string name;
  std::string text;
  std::optional<HostPort> want;
};

class HostPortTest : public testing::TestWithParam<Address> {};

TEST_P(HostPortTest, Parses) {
  EXPECT_EQ(ParseHostPort(GetParam().text), GetParam().want);
  if (GetParam().want) {
    EXPECT_EQ(GetParam().want->ToString(), GetParam().text);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HostPortTest,
    testing::Values(
        Address{"V4", "127.0.0.1:8080", HostPort{"127.0.0.1", 8080}},
        Address{"V6", "[::1]:0", HostPort{"::1", 0}},
        Address{"Name", "localhost:65535", HostPort{"localhost", 65535}},
        Address{"BareV6", "::1:80", std::nullopt},
        Address{"EmptyBrackets", "[]:80", std::nullopt},
        Address{"NoHost", ":80", std::nullopt},
        Address{"NoPort", "localhost:", std::nullopt},
        Address{"NoColon", "localhost", std::nullopt},
        Address{"PortTooBig", "localhost:65536", std::nullopt},
        Address{"PortWithSign", "localhost:+80", std::nullopt},
        Address{"PortInHex", "localhost:0x50", std::nullopt}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet
