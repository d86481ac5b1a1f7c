#include "dataplane/imap_search/base_subject.h"

#include <gtest/gtest.h>

#include "dataplane/imap_search/message_ids.h"

namespace gatepost::dataplane {
namespace {

std::string base(std::string_view subject) {
    static const Charsets charsets;
    return base_subject(subject, charsets).text;
}
bool is_reply(std::string_view subject) {
    static const Charsets charsets;
    return base_subject(subject, charsets).is_reply;
}

TEST(BaseSubject, IsThatOfRfc5256) {
    EXPECT_EQ(base("Test"), "Test");
    EXPECT_EQ(base("Re: Test"), "Test");
    EXPECT_EQ(base("RE : \t re:Fwd: FW: Test"), "Test");
    EXPECT_EQ(base("Re[2]: Test"), "Test");
    EXPECT_EQ(base("[list] Test"), "Test");
    EXPECT_EQ(base("[list] Re: [other] fwd [x] : Test"), "Test");
    EXPECT_EQ(base("Test (fwd) (FWD)  "), "Test");
    EXPECT_EQ(base("Test(fwd)"), "Test");
    EXPECT_EQ(base("[fwd: Test]"), "Test");
    EXPECT_EQ(base("[Fwd: Re: [list] Test (fwd)] (fwd)"), "Test");
    EXPECT_EQ(base("[fwd: [fwd: Re: Test]]"), "Test");
    EXPECT_EQ(base("a \t\r\n b"), "a b");
}

TEST(BaseSubject, KeepsABlobThatIsAllThereIs) {
    EXPECT_EQ(base("[only]"), "[only]");
    EXPECT_EQ(base("[one][two]"), "[two]");
    EXPECT_EQ(base("Re: [one] [two]"), "[two]");
    EXPECT_EQ(base("[open Test"), "[open Test");
    EXPECT_EQ(base("[a[b] Test"), "[a[b] Test");
}

TEST(BaseSubject, TakesNothingElse) {
    EXPECT_EQ(base("Reply: Test"), "Reply: Test");
    EXPECT_EQ(base("forward: Test"), "forward: Test");
    EXPECT_EQ(base("Re Test"), "Re Test");
    EXPECT_EQ(base("Re[a]"), "Re[a]");
    EXPECT_EQ(base("[fwd: Test"), "[fwd: Test");
    EXPECT_EQ(base("AW: Test"), "AW: Test");
    EXPECT_EQ(base(""), "");
    EXPECT_EQ(base("Re:"), "");
    EXPECT_EQ(base("(fwd)"), "");
}

TEST(BaseSubject, DecodesWordsFirst) {
    EXPECT_EQ(base("=?utf-8?q?Re=3A_Gr=C3=BC=C3=9Fe?="), "Grüße");
    EXPECT_EQ(base("Re: =?iso-8859-1?q?=5Bfwd=3A_caf=E9=5D?="), "café");
}

TEST(BaseSubject, TellsRepliesAndForwards) {
    EXPECT_TRUE(is_reply("Re: a"));
    EXPECT_TRUE(is_reply("[x] fwd: a"));
    EXPECT_TRUE(is_reply("a (fwd)"));
    EXPECT_TRUE(is_reply("[fwd: a]"));
    EXPECT_FALSE(is_reply("[x] a "));
    EXPECT_FALSE(is_reply("[x]"));
}

TEST(BaseSubject, TakesLongOnesInTheTimeOfTheirLength) {
    std::string blobs, forwards, ends, spaces(200'000, ' ');
    for (int i = 0; i < 100'000; ++i) {
        blobs += "[a]";
        forwards += "[fwd:";
        ends += "]";
    }
    EXPECT_EQ(base(blobs), "[a]");
    EXPECT_EQ(base(blobs + "re: x"), "x");
    EXPECT_EQ(base(forwards + "x" + ends), "x");
    EXPECT_EQ(base("x" + spaces + "(fwd)"), "x");
    EXPECT_EQ(base(forwards + blobs).substr(0, 5), "[fwd:");
}

TEST(MessageIds, AreReadOutOfFields) {
    using Ids = std::vector<std::string>;
    EXPECT_EQ(message_ids("<a@b> <c@d>\r\n\t<e@f>"), (Ids{"a@b", "c@d", "e@f"}));
    EXPECT_EQ(message_ids("Your message of Monday (\"x\") <a@b>"), (Ids{"a@b"}));
    EXPECT_EQ(message_ids("<\"a\"@b><\"x\\\"y\"@z>"), (Ids{"a@b", "x\"y@z"}));
    EXPECT_EQ(message_ids("<no.at> <@x> <x@> <> <cut@off"), Ids{});
    EXPECT_EQ(message_ids("<a <b@c>"), (Ids{"b@c"}));
    EXPECT_EQ(message_ids("<a@[192.0.2.1]>"), (Ids{"a@[192.0.2.1]"}));
}

}  // namespace
}  // namespace gatepost::dataplane
