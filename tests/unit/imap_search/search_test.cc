#include <gtest/gtest.h>

#include "tests/unit/imap_search/search_keys.h"
#include "tests/unit/imap_search/search_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using Uids = std::vector<uint32_t>;

constexpr int64_t kSecondsOfDay = 86400;

constexpr std::string_view kPlain =
    "From: Ada Lovelace <ada@example.org>\r\n"
    "To: friends: \"Bob, the builder\" <bob@example.net>, carol@example.net;\r\n"
    "Cc: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.de>\r\n"
    "Subject: The analytical\r\n engine\r\n"
    "Date: Thu, 1 Jan 2009 23:30:00 -0500\r\n"
    "Message-ID: <engine.1@example.org>\r\n"
    "List-Id: Engines\r\n <engines.lists.example.org>\r\n"
    "\r\n"
    "It weaves algebraic patterns\r\njust as the Jacquard loom.\r\n";

constexpr std::string_view kMixed =
    "From: =?iso-8859-1?q?Fran=E7ois?= <francois@example.fr>\r\n"
    "Bcc: hidden@example.fr\r\n"
    "Subject: =?utf-8?b?R3LDvMOfZQ==?= aus =?utf-8?q?K=C3=B6ln?=\r\n"
    "In-Reply-To: <engine.1@example.org>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "preamble\r\n"
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "na=EFve caf=E9 in=\r\nvisible\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n"
    "PGI+0J/RgNC40LLQtdGCPC9iPg==\r\n"
    "--b\r\nContent-Type: application/octet-stream; name=secret.bin\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nUG9zdA==\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner subject\r\n\r\ninner text\r\n"
    "--b--\r\nepilogue\r\n";

class Search : public ::testing::Test {
  protected:
    Uids uids(const SearchKey& wanted) {
        SearchResult result = rig.search(wanted);
        EXPECT_EQ(result.status, SearchStatus::ok);
        return result.uids;
    }
    void add_both(SummaryPlace place = SummaryPlace::loaded) {
        rig.add({.octets = std::string(kPlain), .summary = place});
        rig.add({.octets = std::string(kMixed), .summary = place});
    }
    SearchRig rig;
};

TEST_F(Search, Flags) {
    rig.add({.flags = storage::kFlagSeen});
    rig.add({.flags = storage::kFlagSeen | storage::kFlagFlagged, .keywords = {"$Junk"}});
    rig.add({.keywords = {"$Forwarded", "$Junk"}});
    EXPECT_EQ(uids(key(Kind::all)), (Uids{1, 2, 3}));
    EXPECT_EQ(uids(flag_key(storage::kFlagSeen)), (Uids{1, 2}));
    EXPECT_EQ(uids(not_key(flag_key(storage::kFlagSeen))), (Uids{3}));
    EXPECT_EQ(uids(list_key(Kind::all_of, {flag_key(storage::kFlagSeen),
                                           not_key(flag_key(storage::kFlagFlagged))})),
              (Uids{1}));
    EXPECT_EQ(uids(list_key(Kind::all_of,
                            {flag_key(storage::kFlagSeen), not_key(flag_key(storage::kFlagSeen))})),
              Uids{});
    EXPECT_EQ(uids(not_key(list_key(
                  Kind::all_of, {flag_key(storage::kFlagSeen), flag_key(storage::kFlagFlagged)}))),
              (Uids{1, 3}));
    EXPECT_EQ(uids(text_key(Kind::keyword, "$JUNK")), (Uids{2, 3}));
    EXPECT_EQ(uids(text_key(Kind::keyword, "unheard")), Uids{});
    EXPECT_EQ(uids(not_key(text_key(Kind::keyword, "$forwarded"))), (Uids{1, 2}));
    EXPECT_EQ(uids(key(Kind::recent)), Uids{});
    EXPECT_EQ(rig.reads, 0U);
}

TEST_F(Search, NumbersAndSizes) {
    for (int i = 1; i <= 5; ++i) rig.add({.octets = std::string(static_cast<size_t>(i), 'x')});
    rig.expunge(2);
    rig.numbers.remove(2);
    EXPECT_EQ(uids(set_key(Kind::sequence, {{2, 3}})), (Uids{3, 4}));
    EXPECT_EQ(uids(set_key(Kind::uid, {{2, 3}, {kStar, 100}})), (Uids{3, 5}));
    EXPECT_EQ(uids(not_key(set_key(Kind::sequence, {{1, 3}}))), (Uids{5}));
    rig.saved = {{3, 4}};
    EXPECT_EQ(uids(set_key(Kind::sequence, {}, true)), (Uids{3, 4}));
    EXPECT_EQ(rig.search(set_key(Kind::sequence, {{5, 5}})).status, SearchStatus::bad_set);
    EXPECT_EQ(rig.search(not_key(set_key(Kind::sequence, {{7, 7}}))).status, SearchStatus::bad_set);
    EXPECT_EQ(uids(number_key(Kind::larger, 3)), (Uids{4, 5}));
    EXPECT_EQ(uids(number_key(Kind::smaller, 3)), (Uids{1}));
    EXPECT_EQ(uids(number_key(Kind::larger, UINT64_MAX)), Uids{});
    EXPECT_EQ(uids(number_key(Kind::smaller, 0)), Uids{});
    EXPECT_EQ(uids(number_key(Kind::modseq, 5)), (Uids{4, 5}));
    EXPECT_EQ(rig.search(number_key(Kind::smaller, 5)).modseq, 5U);
}

TEST_F(Search, MessagesThatTheSessionDoesNotKnow) {
    rig.add({});
    rig.add({});
    const MessageNumbers known = rig.numbers;
    rig.add({});
    rig.numbers = known;
    rig.expunge(1);
    EXPECT_EQ(uids(key(Kind::all)), (Uids{2}));
}

TEST_F(Search, Dates) {
    rig.add({.internal_date_s = 10 * kSecondsOfDay - 1, .save_date_s = 20 * kSecondsOfDay});
    rig.add({.internal_date_s = 10 * kSecondsOfDay, .save_date_s = 20 * kSecondsOfDay - 1});
    rig.add({.internal_date_s = 11 * kSecondsOfDay - 1, .save_date_s = 21 * kSecondsOfDay});
    rig.add({.internal_date_s = -1, .save_date_s = 0});
    EXPECT_EQ(uids(day_key(Kind::before, 10)), (Uids{1, 4}));
    EXPECT_EQ(uids(day_key(Kind::on, 10)), (Uids{2, 3}));
    EXPECT_EQ(uids(day_key(Kind::since, 10)), (Uids{2, 3}));
    EXPECT_EQ(uids(day_key(Kind::on, -1)), (Uids{4}));
    EXPECT_EQ(uids(day_key(Kind::saved_before, 20)), (Uids{2, 4}));
    EXPECT_EQ(uids(day_key(Kind::saved_on, 20)), (Uids{1}));
    EXPECT_EQ(uids(day_key(Kind::saved_since, 20)), (Uids{1, 3}));
    EXPECT_EQ(uids(key(Kind::save_date_supported)), (Uids{1, 2, 3, 4}));
    rig.now_s = 10 * kSecondsOfDay + 100;
    EXPECT_EQ(uids(number_key(Kind::older, 100)), (Uids{1, 2, 4}));
    EXPECT_EQ(uids(number_key(Kind::younger, 100)), (Uids{2, 3}));
    EXPECT_EQ(uids(number_key(Kind::younger, UINT64_MAX)), (Uids{1, 2, 3, 4}));
}

// RFC 9051 §6.4.4: without the time and the zone: the first of January, though it is the second
// in UTC.
TEST_F(Search, SentDates) {
    constexpr int32_t kFirstOfJanuary = 14245;
    add_both();
    EXPECT_EQ(uids(day_key(Kind::sent_on, kFirstOfJanuary)), (Uids{1}));
    EXPECT_EQ(uids(day_key(Kind::sent_on, kFirstOfJanuary + 1)), Uids{});
    EXPECT_EQ(uids(day_key(Kind::sent_before, kFirstOfJanuary + 1)), (Uids{1}));
    EXPECT_EQ(uids(day_key(Kind::sent_before, kFirstOfJanuary)), Uids{});
    EXPECT_EQ(uids(day_key(Kind::sent_since, kFirstOfJanuary)), (Uids{1}));
    EXPECT_EQ(rig.reads, 0U);
}

TEST_F(Search, Ids) {
    add_both();
    const auto entry = *rig.index()->mailbox(kSearchedMailbox)->find(2);
    EXPECT_EQ(uids(text_key(Kind::email_id, entry.blob.text())), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::email_id, "no-id")), Uids{});
    EXPECT_EQ(uids(text_key(Kind::thread_id, entry.blob.text())), Uids{});
}

TEST_F(Search, EnvelopesWithoutBodies) {
    add_both();
    EXPECT_EQ(uids(header_key("subject", "ANALYTICAL ENGINE")), (Uids{1}));
    EXPECT_EQ(uids(header_key("subject", "grüsse")), Uids{});
    EXPECT_EQ(uids(header_key("subject", "grüße aus köln")), (Uids{2}));
    EXPECT_EQ(uids(header_key("from", "love")), (Uids{1}));
    EXPECT_EQ(uids(header_key("from", "Lovelace <ada@")), (Uids{1}));
    EXPECT_EQ(uids(header_key("from", "FRANÇOIS")), (Uids{2}));
    EXPECT_EQ(uids(header_key("to", "bob, the")), (Uids{1}));
    EXPECT_EQ(uids(header_key("to", "example.net>, carol")), (Uids{1}));
    EXPECT_EQ(uids(header_key("to", "friends")), (Uids{1}));
    EXPECT_EQ(uids(header_key("cc", "jörg")), (Uids{1}));
    EXPECT_EQ(uids(header_key("bcc", "hidden")), (Uids{2}));
    EXPECT_EQ(uids(header_key("message-id", "engine.1")), (Uids{1}));
    EXPECT_EQ(uids(header_key("in-reply-to", "<engine.1@example.org>")), (Uids{2}));
    EXPECT_EQ(uids(header_key("x-none", "a")), Uids{});
    EXPECT_EQ(rig.reads, 0U);
}

TEST_F(Search, OtherFields) {
    add_both();
    EXPECT_EQ(uids(header_key("list-id", "engines <engines.lists")), (Uids{1}));
    EXPECT_EQ(rig.reads, 1U);  // the message that has none is not read
    EXPECT_EQ(uids(header_key("list-id", "")), (Uids{1}));
    EXPECT_EQ(uids(header_key("bcc", "")), (Uids{2}));
    EXPECT_EQ(uids(header_key("subject", "")), (Uids{1, 2}));
    EXPECT_EQ(uids(header_key("mime-version", "1.0")), (Uids{2}));
    EXPECT_EQ(uids(not_key(header_key("list-id", "engines"))), (Uids{2}));
}

TEST_F(Search, BodiesAndTexts) {
    add_both();
    EXPECT_EQ(uids(text_key(Kind::body, "PATTERNS")), (Uids{1}));
    EXPECT_EQ(uids(text_key(Kind::body, "analytical")), Uids{});
    EXPECT_EQ(uids(text_key(Kind::text, "analytical engine")), (Uids{1}));
    EXPECT_EQ(uids(text_key(Kind::body, "naïve CAFÉ invisible")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::body, "привет")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::body, "post")), Uids{});  // no text
    EXPECT_EQ(uids(text_key(Kind::body, "inner text")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::body, "inner subject")), Uids{});
    EXPECT_EQ(uids(text_key(Kind::text, "inner subject")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::text, "secret.bin")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::text, "subject: grüße")), (Uids{2}));
    EXPECT_EQ(uids(text_key(Kind::body, "")), (Uids{1, 2}));
    EXPECT_EQ(uids(list_key(Kind::any_of,
                            {text_key(Kind::body, "loom"), text_key(Kind::body, "visible")})),
              (Uids{1, 2}));
    EXPECT_EQ(uids(not_key(text_key(Kind::body, "loom"))), (Uids{2}));
}

TEST_F(Search, ReadsNoMoreThanIsNeeded) {
    add_both();
    rig.add({.octets = std::string(kPlain), .flags = storage::kFlagSeen});
    const SearchKey body = text_key(Kind::body, "loom");
    EXPECT_EQ(uids(list_key(Kind::all_of, {body, header_key("subject", "no such")})), Uids{});
    EXPECT_EQ(rig.reads, 0U);
    EXPECT_EQ(uids(list_key(Kind::any_of, {body, key(Kind::all)})), (Uids{1, 2, 3}));
    EXPECT_EQ(rig.reads, 0U);
    EXPECT_EQ(uids(list_key(Kind::all_of, {body, flag_key(storage::kFlagSeen)})), (Uids{3}));
    EXPECT_EQ(rig.counters.searched, 1U);
    // Those that lie together are read at once.
    rig.reads = 0;
    EXPECT_EQ(uids(body), (Uids{1, 3}));
    EXPECT_EQ(rig.reads, 1U);
}

TEST_F(Search, SummariesFromTheDatabase) {
    add_both(SummaryPlace::database);
    EXPECT_EQ(uids(header_key("subject", "engine")), (Uids{1}));
    EXPECT_EQ(rig.reads, 0U);
    EXPECT_EQ(uids(text_key(Kind::body, "visible")), (Uids{2}));
}

class SearchWithoutSummaries : public Search, public ::testing::WithParamInterface<SummaryPlace> {};

TEST_P(SearchWithoutSummaries, ReadsMessages) {
    rig.is_database_there = false;
    add_both(GetParam());
    EXPECT_EQ(uids(header_key("subject", "engine")), (Uids{1}));
    EXPECT_EQ(uids(header_key("list-id", "engines")), (Uids{1}));
    EXPECT_EQ(uids(text_key(Kind::body, "visible")), (Uids{2}));
    EXPECT_EQ(uids(day_key(Kind::sent_since, 0)), (Uids{1}));
    EXPECT_EQ(uids(flag_key(storage::kFlagSeen)), Uids{});
    rig.octets_max = 7;
    EXPECT_EQ(uids(text_key(Kind::text, "inner subject")), (Uids{2}));
    EXPECT_EQ(rig.sort({{SortCriterion::Kind::subject, false}}).uids, (Uids{2, 1}));
}
INSTANTIATE_TEST_SUITE_P(Places, SearchWithoutSummaries,
                         ::testing::Values(SummaryPlace::database, SummaryPlace::nowhere,
                                           SummaryPlace::damaged));

TEST_F(Search, MessagesThatGoWhileBodiesAreRead) {
    add_both();
    add_both();
    rig.on_read = [&] {
        if (rig.reads == 1) rig.expunge(1);
    };
    EXPECT_EQ(uids(text_key(Kind::body, "loom")), (Uids{3}));
}

TEST_F(Search, MessagesThatMoveWhileBodiesAreRead) {
    add_both();
    rig.broken_segments = {1};
    rig.on_read = [&] {
        if (rig.reads == 1) rig.move(1, 2);
        if (rig.reads == 1) rig.move(2, 2);
    };
    EXPECT_EQ(uids(text_key(Kind::body, "loom")), (Uids{1}));
    rig.on_read = [] {};
    rig.move(1, 1);
    EXPECT_EQ(rig.search(text_key(Kind::body, "loom")).status, SearchStatus::unreadable);
    EXPECT_EQ(rig.search(header_key("list-id", "x")).status, SearchStatus::unreadable);
}

// While the disk is waited for, the index is another one, or the session ends.
TEST_F(Search, WaitsForBodies) {
    add_both();
    rig.holds_reads = true;
    const SearchScope scope = rig.scope();
    const SearchKey wanted = text_key(Kind::text, "engine");
    Task<SearchResult> ended = search_messages(scope, wanted);
    ended.start();
    EXPECT_FALSE(ended.is_done());
    ended.reset();

    std::optional<SearchResult> result;
    const auto search = [&]() -> Task<> {
        SearchResult found = co_await search_messages(scope, wanted);
        result = std::move(found);
    };
    Task<> task = search();
    task.start();
    rig.expunge(1);
    rig.add({.octets = std::string(kPlain)});
    rig.held.resume();
    ASSERT_TRUE(task.is_done());
    EXPECT_EQ(result->uids, (Uids{2}));
}

TEST_F(Search, EndsWhenProgressSaysSo) {
    const std::string lines(200'000, 'x');
    for (int i = 0; i < 100; ++i) rig.add({.octets = std::string(kPlain) + lines});
    EXPECT_EQ(uids(text_key(Kind::body, "no such text")), Uids{});
    EXPECT_GT(rig.progress_calls, 0U);
    rig.goes_on = false;
    const SearchResult result = rig.search(text_key(Kind::body, "loom"));
    EXPECT_EQ(result.status, SearchStatus::ended);
    EXPECT_TRUE(result.uids.empty());
}

}  // namespace
}  // namespace gatepost::tests
