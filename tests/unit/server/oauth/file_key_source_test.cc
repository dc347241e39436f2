// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/file_key_source.h"

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/server/identity/good_token.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class FileKeySourceTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    std::string path = dir_.File("keys.json");
    std::ofstream(path) << text;
    return path;
  }

  static absl::StatusOr<KeySource::Key> Find(FileKeySource& source,
                                             const KeyQuery& query) {
    absl::StatusOr<KeySource::Key> result;
    source.FindKey(query, [&result](absl::StatusOr<KeySource::Key> key) {
      result = std::move(key);
    });
    return result;
  }

  const JwtSigner signer_{JwtSigner::Kind::kEdDsa};
  TempDir dir_;
  RecordingLogger logger_;
};

TEST_F(FileKeySourceTest, AnswersAtOnce) {
  const auto source = FileKeySource::Load(
      Write(signer_.PublicJwkSet(identity::kKeyId)), logger_);
  ASSERT_THAT(source, IsOk());
  EXPECT_THAT(
      Find(**source, {identity::kKeyId, crypto::SignatureAlgorithm::kEdDsa}),
      IsOk());
  EXPECT_THAT(Find(**source, {"other", crypto::SignatureAlgorithm::kEdDsa}),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(logger_.lines(), IsEmpty());
}

TEST_F(FileKeySourceTest, AReloadReadsTheFileAgain) {
  const auto source =
      FileKeySource::Load(Write(signer_.PublicJwkSet("old")), logger_);
  ASSERT_THAT(source, IsOk());
  const KeyQuery old = {"old", crypto::SignatureAlgorithm::kEdDsa};
  const KeyQuery fresh = {"fresh", crypto::SignatureAlgorithm::kEdDsa};

  Write(signer_.PublicJwkSet("fresh"));
  EXPECT_THAT(Find(**source, old), IsOk());
  (*source)->Reload();
  EXPECT_THAT(Find(**source, fresh), IsOk());
  EXPECT_THAT(Find(**source, old), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(logger_.LinesOf("issuer keys loaded"), 1);

  Write("<html>");
  (*source)->Reload();
  EXPECT_THAT(Find(**source, fresh), IsOk());
  EXPECT_EQ(logger_.LinesOf("issuer keys not loaded"), 1);
  EXPECT_EQ(logger_.LinesOf("issuer keys loaded"), 1);
}

TEST_F(FileKeySourceTest, ReportsWhatItLeavesOut) {
  Json set = ParseJson(signer_.PublicJwkSet(identity::kKeyId)).value();
  set["keys"].push_back({{"kty", "PQ"}});
  ASSERT_THAT(FileKeySource::Load(Write(set.dump()), logger_), IsOk());
  ASSERT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_THAT(logger_.lines()[0].fields.at("why"), HasSubstr("keys[1]: kty"));
}

TEST_F(FileKeySourceTest, RefusesAFileWithSecrets) {
  for (const char* secret :
       {R"({"kty":"oct","k":"canary"})",
        R"({"kty":"OKP","crv":"Ed25519","x":"AA","d":"canary"})"}) {
    Json set = ParseJson(signer_.PublicJwkSet(identity::kKeyId)).value();
    set["keys"].push_back(ParseJson(secret).value());
    const auto source = FileKeySource::Load(Write(set.dump()), logger_);
    EXPECT_THAT(source, StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(std::string(source.status().message()),
                Not(HasSubstr("canary")));
  }
}

TEST_F(FileKeySourceTest, RefusesAFileWithoutKeys) {
  for (const char* text :
       {"", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"PQ"}]})", "<html>"}) {
    EXPECT_THAT(FileKeySource::Load(Write(text), logger_),
                StatusIs(StatusCode::kInvalidArgument))
        << text;
  }
}

TEST_F(FileKeySourceTest, RefusesWhatIsNoFile) {
  EXPECT_THAT(FileKeySource::Load(dir_.File("absent"), logger_),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(FileKeySource::Load(dir_.path(), logger_),
              StatusIs(StatusCode::kInvalidArgument));
  // Opening it would wait for a writer.
  const std::string fifo = dir_.File("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(FileKeySource::Load(fifo, logger_),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(FileKeySourceTest, RefusesAHugeFile) {
  std::string text = signer_.PublicJwkSet(identity::kKeyId);
  text.append(1024 * 1024 - text.size(), ' ');
  EXPECT_THAT(FileKeySource::Load(Write(text), logger_), IsOk());
  EXPECT_THAT(FileKeySource::Load(Write(text + " "), logger_),
              StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::oauth
