// SPDX-License-Identifier: Apache-2.0
#include "server/domain/audit_reader.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDeniedCode = absl::StatusCode::kPermissionDenied;

// Nine events on kHome, a second apart: actions a, b and c by turns.
class AuditReaderTest : public testing::Test, protected DomainWorld {
 protected:
  AuditReaderTest() {
    for (int i = 1; i <= 9; ++i) {
      const identity::CallerPtr caller =
          CallerFor(i % 2 == 0 ? owner : super_admin);
      EXPECT_THAT(storage::WriteAndWait(
                      store,
                      [&](storage::WriteTxn& txn) {
                        return audit.Append(
                            txn, kHome, *caller, SampleTime(i),
                            {.action = std::string(1, "cab"[i % 3]),
                             .resource_id = SampleId(i).ToString()},
                            i == 9 ? audit::kDenied : audit::kAllowed);
                      }),
                  IsOk());
    }
  }

  absl::StatusOr<AuditReader::Page> List(const identity::Principal& principal,
                                         AuditReader::ListRequest request) {
    Outcome<AuditReader::Page> outcome;
    reader.List(CallerFor(principal), request, outcome.Done());
    return outcome.Take();
  }

  // The sequence numbers of a page, and where it ends.
  std::vector<uint64_t> Sequences(AuditReader::ListRequest request,
                                  std::string* next = nullptr) {
    const absl::StatusOr<AuditReader::Page> page = List(owner, request);
    EXPECT_THAT(page, IsOk());
    std::vector<uint64_t> sequences;
    if (!page.ok()) return sequences;
    for (const storage::AuditEventRecord& event : page->records) {
      sequences.push_back(event.sequence);
    }
    if (next != nullptr) *next = page->next_page_token;
    return sequences;
  }

  static RawTimestamp At(int64_t seconds) {
    const absl::Time time = SampleTime(seconds);
    const int64_t whole = absl::ToUnixSeconds(time);
    return {.seconds = whole,
            .nanos = static_cast<int32_t>(
                absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(whole)))};
  }

  const std::string home = kHome.ToString();
  AuditReader reader{&store, keyring.get()};
};

TEST_F(AuditReaderTest, ListsTheNewestFirst) {
  std::string next = "x";
  EXPECT_THAT(Sequences({.account_id = home}, &next),
              ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_EQ(next, "");
}

TEST_F(AuditReaderTest, TakesEveryCondition) {
  EXPECT_THAT(Sequences({.account_id = home, .actor = owner.ToString()}),
              ElementsAre(8, 6, 4, 2));
  EXPECT_THAT(Sequences({.account_id = home, .action = "a"}),
              ElementsAre(7, 4, 1));
  EXPECT_THAT(
      Sequences({.account_id = home, .resource_id = SampleId(4).ToString()}),
      ElementsAre(4));
  EXPECT_THAT(Sequences({.account_id = home, .outcome = "denied"}),
              ElementsAre(9));
  EXPECT_THAT(Sequences({.account_id = home, .from = At(3), .until = At(6)}),
              ElementsAre(6, 5, 4));
  EXPECT_THAT(Sequences({.account_id = home,
                         .actor = owner.ToString(),
                         .action = "a",
                         .outcome = "allowed"}),
              ElementsAre(4));
  EXPECT_THAT(Sequences({.account_id = home, .action = "none"}), IsEmpty());
}

TEST_F(AuditReaderTest, IdsAreAskedForInAnyLetterCase) {
  std::string id = SampleId(4).ToString();
  for (char& c : id) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  EXPECT_THAT(Sequences({.account_id = home, .resource_id = id}),
              ElementsAre(4));
}

TEST_F(AuditReaderTest, AnActorIsAskedForInAnyLetterCase) {
  std::string id = owner.id.ToString();
  for (char& c : id) c = absl::ascii_toupper(static_cast<unsigned char>(c));
  EXPECT_THAT(Sequences({.account_id = home, .actor = "user:" + id}),
              ElementsAre(8, 6, 4, 2));
  EXPECT_THAT(Sequences({.account_id = home, .actor = "system"}), IsEmpty());
  EXPECT_THAT(Sequences({.account_id = home, .actor = "service_account:" + id}),
              IsEmpty());
}

TEST_F(AuditReaderTest, AnActorThatNoEventCanHaveIsAFault) {
  for (const std::string& actor :
       {std::string("user:alice"), std::string("foo"), owner.id.ToString(),
        "group:" + owner.id.ToString(), std::string("user:"),
        std::string("System")}) {
    const absl::Status status =
        List(owner, {.account_id = home, .actor = actor}).status();
    EXPECT_THAT(status, ErrorIs(kInvalid, "FIELD_INVALID")) << actor;
    EXPECT_EQ(status.message(),
              "actor: want service_account:ID, user:ID (the id that auth/self "
              "tells, not the sub) or system");
  }
}

TEST_F(AuditReaderTest, ATimeThatEndsBeforeItBeginsIsAFault) {
  for (const int64_t until : {2, 3}) {
    const absl::Status status =
        List(owner, {.account_id = home, .from = At(3), .until = At(until)})
            .status();
    EXPECT_THAT(status, ErrorIs(kInvalid, "FIELD_INVALID"));
    EXPECT_EQ(status.message(),
              "until: got a time not after from, want a later one");
  }
}

TEST_F(AuditReaderTest, PagesJoinUp) {
  std::string next;
  EXPECT_THAT(Sequences({.account_id = home, .page_size = 4}, &next),
              ElementsAre(9, 8, 7, 6));
  EXPECT_THAT(
      Sequences({.account_id = home, .page_size = 4, .page_token = next},
                &next),
      ElementsAre(5, 4, 3, 2));
  EXPECT_THAT(
      Sequences({.account_id = home, .page_size = 4, .page_token = next},
                &next),
      ElementsAre(1));
  EXPECT_EQ(next, "");
}

TEST_F(AuditReaderTest, APageTokenIsGoodForItsQuestionAlone) {
  std::string next;
  Sequences({.account_id = home, .action = "a", .page_size = 1}, &next);
  ASSERT_NE(next, "");
  for (const AuditReader::ListRequest& request :
       std::vector<AuditReader::ListRequest>{
           {.account_id = home, .page_token = next},
           {.account_id = home, .action = "b", .page_token = next},
           {.account_id = home,
           .action = "a",
           .from = At(0),
           .page_token = next},
           {.account_id = home, .action = "a", .page_token = next + "A"},
           {.account_id = home, .action = "a", .page_token = "!"}}) {
    const absl::Status status = List(owner, request).status();
    EXPECT_THAT(status, ErrorIs(kInvalid, "FIELD_INVALID"));
    EXPECT_THAT(
        GetErrorDetail(status).violations,
        ElementsAre(testing::Field(&FieldViolation::field, "page_token")));
  }
}

TEST_F(AuditReaderTest, NeedsTheRightToManage) {
  for (const identity::Principal& principal : {viewer, nobody}) {
    EXPECT_THAT(List(principal, {.account_id = home}),
                ErrorIs(kDeniedCode, "ACCESS_DENIED"));
  }
  EXPECT_EQ(Told(List(owner, {.account_id = kAbsent.ToString()}).status()),
            Told(List(nobody, {.account_id = home}).status()));
  EXPECT_THAT(List(super_admin, {.account_id = home}), IsOk());
  EXPECT_THAT(List(program, {.account_id = home}), IsOk());
}

TEST_F(AuditReaderTest, NamesEveryFault) {
  const absl::Status status =
      List(owner, {.account_id = home,
                   .outcome = "maybe",
                   .from = RawTimestamp{.seconds = 0, .nanos = -1},
                   .until = RawTimestamp{.seconds = int64_t{1} << 60},
                   .page_size = 1001,
                   .page_token = "x"})
          .status();
  EXPECT_THAT(status, ErrorIs(kInvalid, "FIELD_INVALID"));
  std::vector<std::string> fields;
  for (const FieldViolation& fault : GetErrorDetail(status).violations) {
    fields.push_back(fault.field);
  }
  EXPECT_THAT(fields, ElementsAre("outcome", "from", "until", "page_size",
                                  "page_token"));
}

TEST_F(AuditReaderTest, TheBodyMayRunAgain) {
  store.run_bodies_twice = true;
  EXPECT_THAT(Sequences({.account_id = home, .page_size = 2}),
              ElementsAre(9, 8));
}

TEST_F(AuditReaderTest, TheStoresErrorsPassUnchanged) {
  const absl::Status down = absl::UnavailableError("down");
  store.read_outcomes = {down};
  EXPECT_EQ(List(owner, {.account_id = home}).status(), down);
}

}  // namespace
}  // namespace signet::domain
