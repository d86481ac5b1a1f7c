#include "dataplane/imap_syntax/search_parser.h"

#include <gtest/gtest.h>

#include "dataplane/imap_syntax/command_parser.h"
#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

struct SearchCase {
    std::string_view wire;
    std::string_view shape;
};

TEST(Search, ReadsKeys) {
    const SearchCase cases[] = {
        {"a SEARCH ALL", "SEARCH (all)"},
        {"A282 SEARCH FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
         "SEARCH (\\Flagged 7:8797 not(from~Smith))"},
        {"a SEARCH 2:4,$", "BAD A number is missing (at octet 14)"},
        {"a SEARCH 1,3:* UID 5:* $", "SEARCH (1,3:* uid 5:* $)"},
        {"a UID SEARCH SEEN UNSEEN DELETED UNDELETED",
         "UID SEARCH (\\Seen not(\\Seen) \\Deleted not(\\Deleted))"},
        {"a SEARCH ANSWERED UNANSWERED UNFLAGGED DRAFT UNDRAFT",
         "SEARCH (\\Answered not(\\Answered) not(\\Flagged) \\Draft not(\\Draft))"},
        {"a SEARCH NEW OLD RECENT", "SEARCH (recent not(recent) recent)"},
        {"a SEARCH KEYWORD $Junk UNKEYWORD x", "SEARCH (-2:$Junk not(-2:x))"},
        {"a SEARCH SUBJECT a FROM b TO c CC d BCC e", "SEARCH (subject~a from~b to~c cc~d bcc~e)"},
        {"a SEARCH HEADER X-Foo \"\" HEADER \"Message-ID\" <a@b>",
         "SEARCH (x-foo~ message-id~<a@b>)"},
        {"a SEARCH BODY x TEXT y", "SEARCH (1:x 2:y)"},
        {"a SEARCH LARGER 0 SMALLER 9223372036854775807", "SEARCH (3:0 4:9223372036854775807)"},
        {"a SEARCH BEFORE 2-Jan-1970 ON \"03-jan-1970\" SINCE 31-DEC-1969",
         "SEARCH (5:1 6:2 7:-1)"},
        {"a SEARCH SENTBEFORE 2-Jan-1970 SENTON 29-Feb-2024 SENTSINCE 1-Jan-1970",
         "SEARCH (8:1 9:19782 10:0)"},
        {"a SEARCH SAVEDBEFORE 2-Jan-1970 SAVEDON 3-Jan-1970 SAVEDSINCE 4-Jan-1970 "
         "SAVEDATESUPPORTED",
         "SEARCH (11:1 12:2 13:3 14:0)"},
        {"a SEARCH OLDER 3600 YOUNGER 1", "SEARCH (15:3600 16:1)"},
        {"a SEARCH MODSEQ 620162338", "SEARCH (17:620162338) modseq"},
        {"a SEARCH MODSEQ \"/flags/\\\\draft\" all 620162338", "SEARCH (17:620162338) modseq"},
        {"a SEARCH EMAILID M001 THREADID T-1", "SEARCH (18:M001 19:T-1)"},
        {"a SEARCH (SEEN DELETED) ((UID 1))", "SEARCH ((\\Seen \\Deleted) ((uid 1)))"},
        {"a SEARCH OR SEEN (FLAGGED DRAFT)", "SEARCH (any(\\Seen (\\Flagged \\Draft)))"},
        {"a SEARCH OR OR TO a TO b OR TO c TO d", "SEARCH (any(to~a to~b to~c to~d))"},
        {"a SEARCH OR TO a OR TO b TO c TO d", "SEARCH (any(to~a to~b to~c) to~d)"},
        {"a SEARCH NOT NOT SEEN", "SEARCH (\\Seen)"},
        {"a SEARCH NOT NOT NOT OR SEEN NOT DRAFT", "SEARCH (not(any(\\Seen not(\\Draft))))"},
        {"a SEARCH  SEEN  ( DRAFT ) ", "SEARCH (\\Seen (\\Draft))"},
        {"a SEARCH TEXT {6}\r\nнеп SEEN", "SEARCH (2:неп \\Seen)"},
        {"A284 SEARCH CHARSET UTF-8 TEXT {12}\r\nмамала", "SEARCH (2:мамала)"},
        {"a SEARCH CHARSET \"us-ascii\" TEXT x", "SEARCH (2:x)"},
        // RFC 9051 §6.4.4, RFC 9394 §3.1
        {"A282 SEARCH RETURN (MIN COUNT) FLAGGED", "SEARCH return min count (\\Flagged)"},
        {"A283 SEARCH RETURN () FLAGGED", "SEARCH return all (\\Flagged)"},
        {"A301 SEARCH RETURN (SAVE) SMALLER 4096", "SEARCH return save (4:4096)"},
        {"a SEARCH RETURN (MAX ALL) CHARSET UTF-8 ALL", "SEARCH return max all (all)"},
        {"A01 UID SEARCH RETURN (PARTIAL 1:500) UNDELETED",
         "UID SEARCH return partial 1:500 (not(\\Deleted))"},
        {"a SEARCH RETURN (PARTIAL -100:-1 COUNT) ALL",
         "SEARCH return count partial -1:-100 (all)"},
    };
    for (const SearchCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
}

TEST(Search, RefusesWhatIsNone) {
    for (std::string_view wire : {
             "a SEARCH",
             "a SEARCH FOO",
             "a SEARCH ()",
             "a SEARCH (ALL",
             "a SEARCH ALL)",
             "a SEARCH (ALL)(ALL)",
             "a SEARCH NOT",
             "a SEARCH OR ALL",
             "a SEARCH OR",
             "a SEARCH FROM",
             "a SEARCH HEADER x",
             "a SEARCH KEYWORD \\Seen",
             "a SEARCH LARGER x",
             "a SEARCH LARGER 9223372036854775808",
             "a SEARCH OLDER 0",
             "a SEARCH BEFORE 32-Jan-1970",
             "a SEARCH BEFORE 29-Feb-2023",
             "a SEARCH BEFORE 1-Foo-1970",
             "a SEARCH BEFORE 1-Jan-70",
             "a SEARCH BEFORE \"1-Jan-1970",
             "a SEARCH BEFORE 0-Jan-1970",
             "a SEARCH BEFORE",
             "a SEARCH MODSEQ x",
             "a SEARCH MODSEQ \"/flags/x\" some 1",
             "a SEARCH TEXT \"\xff\"",
             "a SEARCH RETURN MIN ALL",
             "a SEARCH RETURN (FOO) ALL",
             "a SEARCH RETURN (PARTIAL 1:2 ALL) ALL",
             "a SEARCH RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL",
             "a SEARCH RETURN (ALL)",
             "a SEARCH CHARSET",
             "a SEARCH CHARSET UTF-8",
             "a SEARCH ALL CHARSET UTF-8",
         })
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(Search, ConvertsFromOtherCharsets) {
    const Charsets charsets = Charsets::open_all();
    const ParseContext context{.logged_in = true, .charsets = &charsets};
    EXPECT_EQ(parsed("a SEARCH CHARSET iso-8859-1 SUBJECT {1}\r\n\xe9", context),
              "SEARCH (subject~\xc3\xa9)");
    EXPECT_EQ(parsed("a SEARCH CHARSET KOI8-R TEXT \"\xcd\xc9\xd2\"", context), "SEARCH (2:мир)");
    for (std::string_view wire : {"a SEARCH CHARSET x-unknown ALL", "a SORT (DATE) BOGUS ALL"})
        EXPECT_EQ(parsed(wire, context),
                  "NO [BADCHARSET (UTF-8 US-ASCII)] That charset is not known here.");
    EXPECT_EQ(parsed("a SEARCH CHARSET iso-8859-1 ALL").substr(0, 15), "NO [BADCHARSET ");
    // RFC 6855 §3
    const ParseContext utf8{.logged_in = true, .utf8_accepted = true};
    EXPECT_EQ(parsed("a SEARCH CHARSET UTF-8 ALL", utf8).substr(0, 4), "BAD ");
    const ParseContext rev2{.logged_in = true, .utf8_accepted = true, .rev2 = true};
    EXPECT_EQ(parsed("a SEARCH CHARSET UTF-8 ALL", rev2), "SEARCH (all)");
}

TEST(Search, SortAndThread) {
    const SearchCase cases[] = {
        // RFC 5256 §3, RFC 5957 §3, RFC 5267 §3
        {"A282 SORT (SUBJECT) UTF-8 SINCE 2-Jan-1970", "SORT by 5 (7:1)"},
        {"A283 SORT (SUBJECT REVERSE DATE) UTF-8 ALL", "SORT by 5 -2 (all)"},
        {"a UID SORT (ARRIVAL CC FROM SIZE TO) US-ASCII MODSEQ 1",
         "UID SORT by 0 1 3 4 6 (17:1) modseq"},
        {"a SORT (DISPLAYFROM REVERSE DISPLAYTO) UTF-8 ALL", "SORT by 7 -8 (all)"},
        {"a SORT RETURN (PARTIAL 23500:24000) (REVERSE DATE) UTF-8 ALL",
         "SORT return partial 23500:24000 by -2 (all)"},
        {"A283 THREAD ORDEREDSUBJECT UTF-8 SINCE 2-Jan-1970", "THREAD orderedsubject (7:1)"},
        {"A284 UID THREAD references US-ASCII TEXT \"gewp\"", "UID THREAD references (2:gewp)"},
    };
    for (const SearchCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a SORT", "a SORT () UTF-8 ALL", "a SORT (FOO) UTF-8 ALL", "a SORT DATE UTF-8 ALL",
          "a SORT (REVERSE) UTF-8 ALL", "a SORT (DATE) UTF-8", "a SORT (DATE)",
          "a SORT (REVERSE REVERSE DATE) UTF-8 ALL", "a THREAD", "a THREAD FOO UTF-8 ALL",
          "a THREAD REFERENCES ALL"})
        EXPECT_NE(parsed(wire).find("BAD"), std::string::npos) << wire;
}

TEST(Search, SortsByEachCriterionOnce) {
    EXPECT_EQ(parsed("a SORT (DATE REVERSE DATE SIZE DATE) UTF-8 ALL"), "SORT by 2 4 (all)");
    EXPECT_EQ(parsed("a SORT (REVERSE SIZE SIZE) UTF-8 ALL"), "SORT by -4 (all)");
    std::string many = "a SORT (CC";
    for (int i = 0; i < 1000; ++i) many += " DATE REVERSE CC";
    EXPECT_EQ(parsed(many + ") UTF-8 ALL"), "SORT by 1 2 (all)");
}

int depth_of(const SearchKey& key) {
    int depth = 0;
    for (const SearchKey& child : key.children) depth = std::max(depth, 1 + depth_of(child));
    return depth;
}

int depth_of(const std::string& keys) {
    const auto command = parse_command(text_of("a SEARCH " + keys), {.logged_in = true});
    return command ? depth_of(std::get<SearchArguments>(command->arguments).key) : -1;
}

std::string repeated(std::string_view text, size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out += text;
    return out;
}

TEST(Search, BoundsDepthAndCount) {
    constexpr size_t kMax = kSearchDepthMax;
    EXPECT_EQ(depth_of(repeated("(", kMax - 1) + "ALL" + repeated(")", kMax - 1)), 32);
    EXPECT_EQ(depth_of(repeated("(", kMax) + "ALL" + repeated(")", kMax)), -1);
    EXPECT_EQ(depth_of(repeated("(", kMax - 1) + "UNSEEN" + repeated(")", kMax - 1)), -1);
    EXPECT_EQ(depth_of(repeated("(NOT ", 15) + "UNSEEN" + repeated(")", 15)), 32);
    EXPECT_EQ(depth_of(repeated("(NOT ", 16) + "SEEN" + repeated(")", 16)), -1);
    // However long they are, these are flat.
    EXPECT_EQ(depth_of(repeated("OR TO a ", 900) + "TO b"), 2);
    EXPECT_EQ(depth_of(repeated("OR ", 900) + "TO b" + repeated(" TO a", 900)), 2);
    EXPECT_EQ(depth_of(repeated("NOT ", 10'001) + "SEEN"), 2);
    EXPECT_EQ(depth_of(repeated("ALL ", kSearchKeysMax)), 1);
    EXPECT_EQ(depth_of(repeated("ALL ", kSearchKeysMax + 1)), -1);
    // What has no end is refused as soon as it is too deep.
    EXPECT_EQ(depth_of(repeated("(", 60'000)), -1);
    EXPECT_EQ(depth_of(repeated("OR ", 20'000)), -1);
    EXPECT_EQ(depth_of(repeated("(OR ALL NOT ", 5'000)), -1);
}

}  // namespace
}  // namespace gatepost::dataplane
