// SPDX-License-Identifier: Apache-2.0
#include "server/config/config.h"

#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::config {
namespace {

ServerConfig GoodServer() {
  ServerConfig config;
  config.data_dir = "/data";
  return config;
}

ServerConfig GoodGateway() {
  ServerConfig config;
  config.mode = ServerMode::kGateway;
  config.grpc_target = "signet.example:9090";
  return config;
}

ServerConfig GoodOauth() {
  ServerConfig config = GoodServer();
  config.oauth.issuer = "https://issuer.example";
  config.oauth.audiences = {"https://signet.example"};
  return config;
}

TEST(ServerConfigTest, AcceptsServerGatewayAndOauth) {
  EXPECT_THAT(GoodServer().Validate(), IsOk());
  EXPECT_THAT(GoodGateway().Validate(), IsOk());
  EXPECT_THAT(GoodOauth().Validate(), IsOk());
}

TEST(ServerConfigTest, MemoryNeedsAPlaceForKeysOnly) {
  ServerConfig config;
  config.storage = StorageEngine::kMemory;
  EXPECT_THAT(config.Validate(),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  config.token_keys_file = "/keys";
  EXPECT_THAT(config.Validate(), IsOk());
}

TEST(ServerConfigTest, KeysAreInTheDataDirectoryUnlessSaid) {
  ServerConfig config = GoodServer();
  EXPECT_EQ(config.TokenKeysPath(), "/data/token_keys");
  config.token_keys_file = "/keys";
  EXPECT_EQ(config.TokenKeysPath(), "/keys");
}

struct BadConfig {
  std::string name;
  std::string flag;  // The one that the message must name.
  ServerConfig base;
  std::function<void(ServerConfig&)> spoil;
};

class BadConfigTest : public testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedByTheFlagsName) {
  ServerConfig config = GetParam().base;
  ASSERT_THAT(config.Validate(), IsOk());
  GetParam().spoil(config);
  const absl::Status status = config.Validate();
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_TRUE(absl::StartsWith(status.message(), "--" + GetParam().flag + ": "))
      << status;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadConfigTest,
    testing::Values(
        BadConfig{"NoDataDir", "data_dir", GoodServer(),
                  [](auto& c) { c.data_dir = ""; }},
        BadConfig{"RestAddressWithoutPort", "rest_address", GoodServer(),
                  [](auto& c) { c.rest_address = "127.0.0.1"; }},
        BadConfig{"GrpcAddressBareV6", "grpc_address", GoodServer(),
                  [](auto& c) { c.grpc_address = "::1:80"; }},
        BadConfig{"TargetWithoutGateway", "grpc_target", GoodServer(),
                  [](auto& c) { c.grpc_target = "a:1"; }},
        BadConfig{"TwoSchemes", "public_url", GoodServer(),
                  [](auto& c) { c.public_url = "https://http://x"; }},
        BadConfig{"UrlWithPath", "public_url", GoodServer(),
                  [](auto& c) { c.public_url = "https://x/signet"; }},
        BadConfig{"UrlWithoutScheme", "public_url", GoodServer(),
                  [](auto& c) { c.public_url = "signet.example"; }},
        BadConfig{"NoConnections", "max_connections", GoodServer(),
                  [](auto& c) { c.max_connections = 0; }},
        BadConfig{"NegativeDrain", "drain_timeout_ms", GoodServer(),
                  [](auto& c) { c.drain_timeout_ms = -1; }},
        BadConfig{"NoQueue", "write_queue_limit", GoodServer(),
                  [](auto& c) { c.write_queue_limit = 0; }},
        BadConfig{"HugeBatch", "write_batch_limit", GoodServer(),
                  [](auto& c) { c.write_batch_limit = 1'000'000; }},
        BadConfig{"NoReaders", "read_connections", GoodServer(),
                  [](auto& c) { c.read_connections = 0; }},
        BadConfig{"PrefixWithDash", "token_prefix", GoodServer(),
                  [](auto& c) { c.token_prefix = "a-b"; }},
        BadConfig{"DefaultOverMaximum", "default_token_ttl", GoodServer(),
                  [](auto& c) {
                    c.default_token_ttl = absl::Hours(2);
                    c.max_token_ttl = absl::Hours(1);
                  }},
        BadConfig{"NoFlushes", "last_used_flush_interval", GoodServer(),
                  [](auto& c) { c.last_used_flush_interval.reset(); }},
        BadConfig{"RareFlushes", "last_used_flush_interval", GoodServer(),
                  [](auto& c) { c.last_used_flush_interval = absl::Hours(2); }},
        BadConfig{"PurgeOfTheLiving", "purge_after", GoodServer(),
                  [](auto& c) {
                    c.purge_after = *c.max_rotation_overlap - absl::Seconds(1);
                  }},
        BadConfig{"NewDatabaseInMemory", "accept_new_database", GoodServer(),
                  [](auto& c) {
                    c.accept_new_database = true;
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"VerifyOfMemory", "verify_audit", GoodServer(),
                  [](auto& c) {
                    c.verify_audit = true;
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"GatewayThatVerifies", "verify_audit", GoodGateway(),
                  [](auto& c) { c.verify_audit = true; }},
        BadConfig{"SuperAdminOfMemory", "issue_super_admin", GoodServer(),
                  [](auto& c) {
                    c.issue_super_admin = true;
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"SealOfMemory", "seal_database", GoodServer(),
                  [](auto& c) {
                    c.seal_database = true;
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"HeadOfMemory", "audit_head_file", GoodServer(),
                  [](auto& c) {
                    c.audit_head_file = "/head";
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"SealAndVerify", "seal_database", GoodServer(),
                  [](auto& c) { c.seal_database = c.verify_audit = true; }},
        BadConfig{"GatewayThatSeals", "seal_database", GoodGateway(),
                  [](auto& c) { c.seal_database = true; }},
        BadConfig{"GatewayWithAHead", "audit_head_file", GoodGateway(),
                  [](auto& c) { c.audit_head_file = "/head"; }},
        BadConfig{"GatewayThatIssues", "issue_super_admin", GoodGateway(),
                  [](auto& c) { c.issue_super_admin = true; }},
        BadConfig{"TwoErrands", "issue_super_admin", GoodServer(),
                  [](auto& c) { c.verify_audit = c.issue_super_admin = true; }},
        BadConfig{"TimeMarkOfMemory", "set_time_mark", GoodServer(),
                  [](auto& c) {
                    c.set_time_mark = "now";
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"GatewayThatSetsTheTimeMark", "set_time_mark", GoodGateway(),
                  [](auto& c) { c.set_time_mark = "now"; }},
        BadConfig{"BackupOfMemory", "backup", GoodServer(),
                  [](auto& c) {
                    c.backup = "/backup";
                    c.storage = StorageEngine::kMemory;
                  }},
        BadConfig{"GatewayThatBacksUp", "backup", GoodGateway(),
                  [](auto& c) { c.backup = "/backup"; }},
        BadConfig{"BackupBesideAnotherErrand", "backup", GoodServer(),
                  [](auto& c) {
                    c.verify_audit = true;
                    c.backup = "/backup";
                  }},
        BadConfig{"TimeMarkIsNoTime", "set_time_mark", GoodServer(),
                  [](auto& c) { c.set_time_mark = "yesterday"; }},
        BadConfig{"TimeMarkBesideAnotherErrand", "set_time_mark", GoodServer(),
                  [](auto& c) {
                    c.issue_super_admin = true;
                    c.set_time_mark = "2026-01-31T12:00:00Z";
                  }},
        BadConfig{"AccountIsNoUuid", "bootstrap_account_id", GoodServer(),
                  [](auto& c) { c.bootstrap_account_id = "1234"; }},
        BadConfig{"TwoFilesInOne", "bootstrap_file", GoodServer(),
                  [](auto& c) {
                    c.bootstrap_file = "/f";
                    c.port_file = "/x/../f";
                  }},
        BadConfig{"PortFileOverTheKeys", "port_file", GoodServer(),
                  [](auto& c) { c.port_file = c.TokenKeysPath(); }},
        BadConfig{"PortFileOverTheHead", "port_file", GoodServer(),
                  [](auto& c) { c.port_file = c.data_dir + "/./audit_head"; }},
        BadConfig{"PortFileOverTheLog", "port_file", GoodServer(),
                  [](auto& c) { c.port_file = c.data_dir + "/signet.db-wal"; }},
        BadConfig{
            "BackupOverTheJournal", "backup", GoodServer(),
            [](auto& c) { c.backup = c.data_dir + "/signet.db-journal"; }},
        BadConfig{
            "BootstrapFileOverTheLock", "bootstrap_file", GoodServer(),
            [](auto& c) { c.bootstrap_file = c.data_dir + "/signet.lock"; }},
        BadConfig{"JwksWithoutIssuer", "oauth_jwks_file", GoodServer(),
                  [](auto& c) { c.oauth.jwks_file = "/jwks"; }},
        BadConfig{"AudienceWithoutIssuer", "oauth_audience", GoodServer(),
                  [](auto& c) { c.oauth.audiences = {"a"}; }},
        BadConfig{"ScopeWithoutIssuer", "oauth_required_scope", GoodServer(),
                  [](auto& c) { c.oauth.required_scope = "a"; }},
        BadConfig{"IssuerWithoutAudience", "oauth_audience", GoodOauth(),
                  [](auto& c) { c.oauth.audiences = {}; }},
        BadConfig{"EmptyAudience", "oauth_audience", GoodOauth(),
                  [](auto& c) { c.oauth.audiences.push_back(""); }},
        BadConfig{"UnknownTyp", "oauth_accepted_typ", GoodOauth(),
                  [](auto& c) { c.oauth.accepted_typ = "id+jwt"; }},
        BadConfig{"GatewayWithoutTarget", "grpc_target", GoodGateway(),
                  [](auto& c) { c.grpc_target = ""; }},
        BadConfig{"GatewayWithData", "data_dir", GoodGateway(),
                  [](auto& c) { c.data_dir = "/data"; }},
        BadConfig{"GatewayWithIssuer", "oauth_issuer", GoodGateway(),
                  [](auto& c) { c.oauth.issuer = "https://i"; }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::config
