// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/page_token.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;

class ListServiceAccounts : public testing::Test {
 protected:
  // In order: a, b, c, d; and before them kHome's program.
  void SetUp() override {
    for (const char* name : {"c", "a", "d", "b"}) {
      ServiceAccounts::CreateRequest request = world_.Good();
      request.name = name;
      if (*name == 'd') {
        request.expires_at = RawTimestamp{
            .seconds = absl::ToUnixSeconds(world_.clock.Now()) + 3600};
      }
      absl::StatusOr<IssuedServiceAccount> issued =
          world_.Create(world_.owner, request);
      ASSERT_THAT(issued, IsOk());
      ids_[*name] = issued->record.id.ToString();
      world_.clock.Advance(absl::Milliseconds(1));
    }
  }

  absl::StatusOr<ServiceAccounts::Page> List(
      ServiceAccounts::ListRequest request) {
    if (request.account_id.empty()) request.account_id = home_;
    Outcome<ServiceAccounts::Page> outcome;
    world_.accounts.List(CallerFor(world_.viewer), request, outcome.Done());
    return outcome.Take();
  }

  // The names of all pages, those of one parted from those of the next by `|`.
  std::string Names(ServiceAccounts::ListRequest request) {
    std::string names;
    for (int pages = 0; pages < 20; ++pages) {
      const auto page = List(request);
      if (!page.ok()) return page.status().ToString();
      for (const storage::ServiceAccountRecord& record : page->records) {
        names += record.name == "service account 15" ? "P" : record.name;
      }
      if (page->next_page_token.empty()) return names;
      names += "|";
      request.page_token = page->next_page_token;
    }
    return names + " and no end";
  }

  DomainWorld world_;
  const std::string home_ = world_.kHome.ToString();
  std::map<char, std::string> ids_;
};

// What the documentation has is a bare array; who pages gets smaller ones.
TEST_F(ListServiceAccounts, APageHasAThousandAtTheStartAndAHundredBehindIt) {
  EXPECT_THAT(storage::WriteAndWait(
                  world_.store,
                  [this](storage::WriteTxn& txn) {
                    absl::Status status;
                    for (uint32_t i = 0; i < 1200; ++i) {
                      status.Update(txn.InsertServiceAccount(
                          SampleServiceAccount(world_.kHome, 1000 + i)));
                    }
                    return status;
                  }),
              IsOk());
  auto page = List({});
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->records.size(), 1000u);
  page = List({.page_token = page->next_page_token});
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->records.size(), 100u);
  page = List({.page_size = 105, .page_token = page->next_page_token});
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->records.size(), 105u);
  EXPECT_EQ(page->next_page_token, "");
}

TEST_F(ListServiceAccounts, APageEndsWithAMebibyte) {
  EXPECT_THAT(storage::WriteAndWait(
                  world_.store,
                  [this](storage::WriteTxn& txn) {
                    absl::Status status;
                    for (uint32_t i = 0; i < 200; ++i) {
                      storage::ServiceAccountRecord record =
                          SampleServiceAccount(world_.kHome, 1000 + i);
                      record.labels = {{"wide", std::string(8000, 'x')}};
                      status.Update(txn.InsertServiceAccount(record));
                    }
                    return status;
                  }),
              IsOk());
  size_t all = 0;
  ServiceAccounts::ListRequest request = {.page_size = 1000};
  do {
    const auto page = List(request);
    ASSERT_THAT(page, IsOk());
    int64_t bytes = 0;
    for (const storage::ServiceAccountRecord& record : page->records) {
      bytes += storage::BytesOf(record);
    }
    EXPECT_LT(bytes, kMaxPageBytes + 10'000);
    all += page->records.size();
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty());
  EXPECT_EQ(all, 205u);
}

TEST_F(ListServiceAccounts, NewestFirst) {
  // SampleId(15) is of 2024, before the others.
  EXPECT_EQ(Names({}), "bdacP");
}

TEST_F(ListServiceAccounts, PagesFollowEachOtherInEveryOrder) {
  EXPECT_EQ(Names({.page_size = 2}), "bd|ac|P");
  EXPECT_EQ(Names({.order_by = "created_at", .page_size = 3}), "Pca|db");
  EXPECT_EQ(Names({.order_by = "name", .page_size = 2}), "ab|cd|P");
  EXPECT_EQ(Names({.order_by = "name desc", .page_size = 4}), "Pdcb|a");
  EXPECT_EQ(Names({.order_by = "last_used_at", .page_size = 1}), "P|c|a|d|b");
  EXPECT_EQ(Names({.order_by = "last_used_at desc", .page_size = 1}),
            "b|d|a|c|P");
}

TEST_F(ListServiceAccounts, RevokedOnesOnlyWhenAskedFor) {
  Outcome<storage::ServiceAccountRecord> outcome;
  world_.accounts.Revoke(CallerFor(world_.owner),
                         {.account_id = home_, .service_account_id = ids_['a']},
                         outcome.Done());
  ASSERT_THAT(outcome.Take(), IsOk());
  EXPECT_EQ(Names({}), "bdcP");
  EXPECT_EQ(Names({.conditions = {.include_revoked = true}}), "bdacP");
  EXPECT_EQ(Names({.conditions = {.state = "revoked"}}), "a");
  EXPECT_EQ(Names({.conditions = {.state = "active"}}), "bdcP");
}

TEST_F(ListServiceAccounts, FiltersMeetAllTheirConditions) {
  EXPECT_EQ(Names({.conditions = {.name_prefix = "service"}}), "P");
  const int64_t soon = absl::ToUnixSeconds(world_.clock.Now()) + 7200;
  EXPECT_EQ(
      Names({.conditions = {.expires_before = RawTimestamp{.seconds = soon}}}),
      "d");
  EXPECT_EQ(Names({.conditions = {.state = "expired"}}), "");
  world_.clock.Advance(absl::Hours(2));
  EXPECT_EQ(Names({.conditions = {.state = "expired"}}), "d");
  EXPECT_EQ(
      Names({.conditions = {.unused_since = RawTimestamp{.seconds = soon}}}),
      "bdacP");
}

TEST_F(ListServiceAccounts, APageTokenBelongsToItsQuestion) {
  const auto page = List({.page_size = 2});
  ASSERT_THAT(page, IsOk());
  const std::string token = page->next_page_token;
  const auto refused = [](const absl::Status& status) {
    const ErrorDetail detail = GetErrorDetail(status);
    return detail.violations.size() == 1 &&
           detail.violations[0].field == "page_token";
  };
  // Of another size it is the same question.
  EXPECT_THAT(List({.page_size = 1, .page_token = token}), IsOk());
  EXPECT_TRUE(
      refused(List({.order_by = "name", .page_size = 2, .page_token = token})
                  .status()));
  EXPECT_TRUE(refused(List({.conditions = {.include_revoked = true},
                            .page_size = 2,
                            .page_token = token})
                          .status()));
  for (size_t i = 0; i < token.size(); ++i) {
    std::string altered = token;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(refused(List({.page_token = altered}).status())) << i;
  }
  EXPECT_TRUE(refused(List({.page_token = "x"}).status()));
  EXPECT_TRUE(refused(List({.page_token = token + token}).status()));
}

TEST_F(ListServiceAccounts, FaultsAreNamed) {
  const absl::Status status =
      List({.conditions = {.name_prefix = "\x01",
                           .state = "asleep",
                           .expires_before = RawTimestamp{.nanos = -1}},
            .order_by = "age",
            .page_size = 1001})
          .status();
  EXPECT_THAT(GetErrorDetail(status).violations,
              ElementsAre(Field(&FieldViolation::field, "name_prefix"),
                          Field(&FieldViolation::field, "state"),
                          Field(&FieldViolation::field, "expires_before"),
                          Field(&FieldViolation::field, "order_by"),
                          Field(&FieldViolation::field, "page_size")));
}

TEST_F(ListServiceAccounts, OthersLearnNothing) {
  EXPECT_THAT(List({.account_id = world_.kAbsent.ToString()}),
              ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
}

TEST_F(ListServiceAccounts, ATokensHandleFindsItsOwnerEvenWhenReplaced) {
  const auto get = [this](const std::string& public_id) {
    Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Get(CallerFor(world_.viewer),
                        {.account_id = home_, .token_public_id = public_id},
                        outcome.Done());
    return outcome.Take();
  };
  const auto before = world_.Get(world_.owner, home_, ids_['a']);
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(get(before->token.public_id), IsOkAndHolds(*before));
  Outcome<IssuedServiceAccount> rotated;
  world_.accounts.Rotate(CallerFor(world_.owner),
                         {.account_id = home_, .service_account_id = ids_['a']},
                         rotated.Done());
  ASSERT_THAT(rotated.Take(), IsOk());
  const auto after = get(before->token.public_id);
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->id, before->id);
  EXPECT_NE(after->token.public_id, before->token.public_id);
  EXPECT_THAT(get("0000000000000099"), ErrorIs(absl::StatusCode::kNotFound,
                                               "SERVICE_ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(GetErrorDetail(get("short").status()).violations,
              ElementsAre(Field(&FieldViolation::field, "token_public_id")));
}

}  // namespace
}  // namespace signet::domain
