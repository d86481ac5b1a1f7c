#include <gtest/gtest.h>

#include <utility>

#include "dataplane/imap_search/message_ids.h"
#include "dataplane/imap_search/sort_keys.h"
#include "tests/unit/imap_search/search_rig.h"

namespace gatepost::tests {
namespace {

using namespace dataplane;
using Uids = std::vector<uint32_t>;
using By = SortCriterion::Kind;

std::string mail(std::string_view fields) {
    return std::string(fields) + "\r\n\r\ntext\r\n";
}

class Sort : public ::testing::Test {
  protected:
    Uids sorted(const std::vector<SortCriterion>& criteria) {
        SearchResult result = rig.sort(criteria);
        EXPECT_EQ(result.status, SearchStatus::ok);
        return result.uids;
    }
    SearchRig rig;
};

TEST_F(Sort, ByWhatTheIndexHas) {
    rig.add({.octets = "333", .internal_date_s = 30});
    rig.add({.octets = "1", .internal_date_s = 10});
    rig.add({.octets = "333", .internal_date_s = 20});
    EXPECT_EQ(sorted({{By::arrival, false}}), (Uids{2, 3, 1}));
    EXPECT_EQ(sorted({{By::size, false}}), (Uids{2, 1, 3}));
    // Equal ones by their numbers, in reverse order as well.
    EXPECT_EQ(sorted({{By::size, true}}), (Uids{1, 3, 2}));
    EXPECT_EQ(sorted({{By::size, true}, {By::arrival, false}}), (Uids{3, 1, 2}));
    EXPECT_EQ(rig.reads, 0U);
}

TEST_F(Sort, BySubjectsAndAddresses) {
    rig.add({.octets = mail("Subject: Re: banana\r\nFrom: zoe@a\r\nTo: x@b")});
    rig.add({.octets = mail("Subject: Apple\r\nFrom: \"Anna\" <Yves@c>\r\nCc: k@d")});
    rig.add({.octets = mail("Subject: [fwd: BANANA]\r\nFrom: =?utf-8?q?=C3=84gir?= <a@d>")});
    rig.add({.octets = mail("From: group: a@b;\r\nTo: \"Bob\" <z@b>")});
    EXPECT_EQ(sorted({{By::subject, false}}), (Uids{4, 2, 1, 3}));
    EXPECT_EQ(sorted({{By::from, false}}), (Uids{3, 4, 2, 1}));
    EXPECT_EQ(sorted({{By::to, false}}), (Uids{2, 3, 1, 4}));
    EXPECT_EQ(sorted({{By::cc, true}}), (Uids{2, 1, 3, 4}));
    // RFC 5957 §3: "ANNA", "A\u0308GIR", "GROUP", "ZOE@A".
    EXPECT_EQ(sorted({{By::display_from, false}}), (Uids{2, 3, 4, 1}));
    EXPECT_EQ(sorted({{By::display_to, false}}), (Uids{2, 3, 4, 1}));
}

// While one message is read, the mailbox goes from the index: the others are not expunged.
TEST_F(Sort, OfAMailboxThatIsEvictedMeanwhile) {
    rig.add({.octets = mail("Subject: b"), .summary = SummaryPlace::nowhere});
    rig.add({.octets = mail("Subject: c"), .summary = SummaryPlace::nowhere});
    rig.add({.octets = mail("Subject: a"), .summary = SummaryPlace::nowhere});
    rig.on_read = [&] { rig.evict(); };
    EXPECT_EQ(sorted({{By::subject, false}}), (Uids{3, 1, 2}));
    bool is_expunged = false;
    rig.on_read = [&] {
        if (!std::exchange(is_expunged, true)) rig.expunge(2);
        rig.evict();
    };
    EXPECT_EQ(sorted({{By::subject, false}}), (Uids{3, 1}));
    rig.on_read = [&] {
        rig.evict();
        rig.is_database_there = false;
    };
    EXPECT_EQ(rig.sort({{By::subject, false}}).status, SearchStatus::unreadable);
}

TEST_F(Sort, ByTheBeginningOfLongTexts) {
    const std::string same(kKeyOctetsMax - 1, 's');
    rig.add({.octets = mail("Subject: " + same + "bz")});
    rig.add({.octets = mail("Subject: " + same + "ba")});
    rig.add({.octets = mail("Subject: " + same + "az")});
    EXPECT_EQ(sorted({{By::subject, false}}), (Uids{3, 1, 2}));
    EXPECT_EQ(sort_key(same + "abc").size(), kKeyOctetsMax);
}

TEST(MessageIds, LeaveOutThoseLongerThanALine) {
    const std::string longest = std::string(994, 'a') + "@b.c";
    EXPECT_EQ(message_ids("<" + longest + "> <x@y>"), (std::vector<std::string>{longest, "x@y"}));
    EXPECT_EQ(message_ids("<a" + longest + "> <x@y>"), std::vector<std::string>{"x@y"});
}

// RFC 5256 §2.2: in UTC; without a Date field the internal date.
TEST_F(Sort, BySentDates) {
    rig.add({.octets = mail("Date: Thu, 1 Jan 2009 12:00:00 +0000"), .internal_date_s = 1});
    rig.add({.octets = mail("Date: Thu, 1 Jan 2009 12:30:00 +0100"), .internal_date_s = 2});
    rig.add({.octets = mail("Subject: x"), .internal_date_s = 3});
    rig.add({.octets = mail("Date: soon"), .internal_date_s = 2'000'000'000});
    EXPECT_EQ(sorted({{By::date, false}}), (Uids{3, 2, 1, 4}));
    EXPECT_EQ(sorted({{By::date, true}}), (Uids{4, 1, 2, 3}));
}

TEST_F(Sort, LoadsSummaries) {
    for (const char* subject : {"c", "a", "b"})
        rig.add({.octets = mail(std::string("Subject: ") + subject),
                 .summary = SummaryPlace::database});
    EXPECT_EQ(sorted({{By::subject, false}}), (Uids{2, 3, 1}));
    EXPECT_EQ(rig.reads, 0U);
}

class Thread : public Sort {
  protected:
    void add_conversation(SummaryPlace place) {
        rig.add({.octets = mail("Message-ID: <1@x>\r\nSubject: S"), .summary = place});
        rig.add({.octets = mail("Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nSubject: Re: S"),
                 .summary = place});
        rig.add({.octets = mail("Message-ID: <3@x>\r\nReferences: <1@x>\r\n <2@x>\r\n"
                                "In-Reply-To: <9@x>\r\nSubject: Other"),
                 .summary = place});
        rig.add({.octets = mail("Message-ID: <4@x>\r\nReferences: none\r\nIn-Reply-To: <\"1\"@x>"),
                 .summary = place});
        rig.add({.octets = mail("Subject: Re: S"), .internal_date_s = 1, .summary = place});
    }
};

TEST_F(Thread, ByReferences) {
    add_conversation(SummaryPlace::loaded);
    EXPECT_EQ(rig.thread(ThreadAlgorithm::references), "(1 (2 3)(4)(5))");
    const size_t reads = rig.reads;
    EXPECT_EQ(reads, 1U);
    EXPECT_EQ(rig.thread(ThreadAlgorithm::references), "(1 (2 3)(4)(5))");
    EXPECT_EQ(rig.reads, reads);  // what has been read is kept
}

TEST_F(Thread, ByReferencesWithoutSummaries) {
    rig.is_database_there = false;
    add_conversation(SummaryPlace::database);
    EXPECT_EQ(rig.thread(ThreadAlgorithm::references), "(1 (2 3)(4)(5))");
}

TEST_F(Thread, BySubject) {
    add_conversation(SummaryPlace::loaded);
    EXPECT_EQ(rig.thread(ThreadAlgorithm::ordered_subject), "(1 (2)(5))(3)(4)");
}

TEST_F(Thread, ReadsWhatHasMoved) {
    add_conversation(SummaryPlace::loaded);
    rig.broken_segments = {1};
    rig.on_read = [&] {
        if (rig.reads == 1) rig.move(3, 2);
        if (rig.reads == 1) rig.expunge(4);
    };
    EXPECT_EQ(rig.thread(ThreadAlgorithm::references), "(1 (2 3)(4)(5))");
}

}  // namespace
}  // namespace gatepost::tests
