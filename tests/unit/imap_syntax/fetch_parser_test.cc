// FETCH and STORE.
#include <gtest/gtest.h>

#include "dataplane/imap_syntax/argument_parsers.h"
#include "tests/unit/imap_syntax/command_shape.h"

namespace gatepost::dataplane {
namespace {

struct FetchCase {
    std::string_view wire;
    std::string_view shape;
};

TEST(Fetch, ReadsItems) {
    const FetchCase cases[] = {
        {"A654 FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
         "FETCH 2:4 (flags BODY[:FIELDS DATE,FROM]!)"},
        {"a FETCH 1 ALL", "FETCH 1 (flags date size envelope)"},
        {"a FETCH 1 fast", "FETCH 1 (flags date size)"},
        {"a FETCH 1 FULL", "FETCH 1 (flags date size envelope body)"},
        {"a FETCH 1 BODY", "FETCH 1 (body)"},
        {"a FETCH 1 (BODYSTRUCTURE INTERNALDATE RFC822.SIZE ENVELOPE UID)",
         "FETCH 1 (structure date size envelope uid)"},
        {"a FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT)",
         "FETCH 1 (rfc822! rfc822header rfc822text!)"},
        {"a FETCH 1 BODY[]", "FETCH 1 (BODY[]!)"},
        {"a FETCH 1 BODY.PEEK[]<0.1024>", "FETCH 1 (BODY[]<0.1024>)"},
        {"a FETCH 1 BODY[]<4294967296.9223372036854775807>",
         "FETCH 1 (BODY[]<4294967295.4294967295>!)"},
        {"a FETCH 1 (BODY[TEXT] BODY[HEADER] BODY[1] BODY[1.2.3.TEXT])",
         "FETCH 1 (BODY[:TEXT]! BODY[:HEADER]! BODY[1]! BODY[1.2.3:TEXT]!)"},
        {"a FETCH 1 (body.peek[4.2.2.mime] body.peek[3.header])",
         "FETCH 1 (BODY[4.2.2:MIME] BODY[3:HEADER])"},
        {"a FETCH 1 BODY.PEEK[1.HEADER.FIELDS.NOT (\"X-A\" {3}\r\nX-B)]",
         "FETCH 1 (BODY[1:NOT X-A,X-B])"},
        // RFC 3516 §4
        {"a FETCH 1 (BINARY[1.2]<1.2> BINARY.PEEK[] BINARY.SIZE[3])",
         "FETCH 1 (BINARY[1.2]<1.2>! BINARY[] BINARYSIZE[3])"},
        // RFC 7162 §3.1, RFC 8514 §4.1, RFC 8474 §5, RFC 8970 §3
        {"a FETCH * (MODSEQ SAVEDATE EMAILID THREADID)",
         "FETCH * (modseq savedate emailid threadid)"},
        {"a FETCH 1 (PREVIEW (LAZY) UID)", "FETCH 1 (preview lazy uid)"},
        {"a FETCH 1 PREVIEW (LAZY)", "FETCH 1 (preview lazy)"},
        {"a FETCH 1 PREVIEW (CHANGEDSINCE 5)", "FETCH 1 (modseq preview) since 5"},
        {"a FETCH 1:*,3,*:9 (FLAGS  FLAGS flags )", "FETCH 1:*,3,*:9 (flags)"},
        {"a FETCH $ UID", "FETCH $ (uid)"},
        {"a UID FETCH 1 FLAGS", "UID FETCH 1 (uid flags)"},
        {"a UID FETCH 1 (FLAGS UID)", "UID FETCH 1 (flags uid)"},
        {"s100 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)",
         "UID FETCH 1:* (uid modseq flags) since 12345"},
        {"s100 UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)",
         "UID FETCH 300:500 (uid modseq flags) since 12345 vanished"},
        // RFC 9394 §3.3
        {"10 UID FETCH 25900:26600 (UID FLAGS) (PARTIAL -1:-100)",
         "UID FETCH 25900:26600 (uid flags) partial -1:-100"},
        {"a UID FETCH 1:* UID (PARTIAL 500:1)", "UID FETCH 1:* (uid) partial 1:500"},
    };
    for (const FetchCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
}

TEST(Fetch, RefusesWhatIsNone) {
    for (std::string_view wire : {
             "a FETCH",
             "a FETCH 1",
             "a FETCH 1 ()",
             "a FETCH 1 FOO",
             "a FETCH 1 (ALL)",
             "a FETCH 1 (FLAGS",
             "a FETCH 1 FLAGS UID",
             "a FETCH 1 FLAGS)",
             "a FETCH a FLAGS",
             "a FETCH 1 (FLAGS,UID)",
             "a FETCH 1 BODY[",
             "a FETCH 1 BODY[]]",
             "a FETCH 1 BODY[0]",
             "a FETCH 1 BODY[1.]",
             "a FETCH 1 BODY[.1]",
             "a FETCH 1 BODY[1.0]",
             "a FETCH 1 BODY[1TEXT]",
             "a FETCH 1 BODY[MIME]",
             "a FETCH 1 BODY[FOO]",
             "a FETCH 1 BODY[1.FOO]",
             "a FETCH 1 BODY[TEXT.1]",
             "a FETCH 1 BODY[HEADER.FIELDS]",
             "a FETCH 1 BODY[HEADER.FIELDS ()]",
             "a FETCH 1 BODY[HEADER.FIELDS (A:B)]",
             "a FETCH 1 BODY[HEADER.FIELDS (\"\")]",
             "a FETCH 1 BODY[HEADER.FIELDS (\"a b\")]",
             "a FETCH 1 BODY[HEADER.FIELDS (A]",
             "a FETCH 1 BODY[4294967296]",
             "a FETCH 1 BODY[]<0>",
             "a FETCH 1 BODY[]<0.0>",
             "a FETCH 1 BODY[]<.1>",
             "a FETCH 1 BODY[]<-1.1>",
             "a FETCH 1 BODY[]<0.1",
             "a FETCH 1 BODY[]<0.9223372036854775808>",
             "a FETCH 1 BODY.PEEK",
             "a FETCH 1 FLAGS[]",
             "a FETCH 1 BINARY",
             "a FETCH 1 BINARY[TEXT]",
             "a FETCH 1 BINARY[1.TEXT]",
             "a FETCH 1 BINARY.SIZE[1]<0.1>",
             "a FETCH 1 PREVIEW (LAZY FOO)",
             "a FETCH 1 FLAGS ()",
             "a FETCH 1 FLAGS (FOO)",
             "a FETCH 1 FLAGS (CHANGEDSINCE)",
             "a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
             "a UID FETCH 1 FLAGS (VANISHED)",
             "a FETCH 1 FLAGS (PARTIAL 1:2)",
             "a UID FETCH 1 FLAGS (PARTIAL 1:-2)",
             "a UID FETCH 1 FLAGS (PARTIAL 0:2)",
             "a UID FETCH 1 FLAGS (PARTIAL 1)",
         })
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
}

TEST(Fetch, BoundsItems) {
    std::string wire = "a FETCH 1 (";
    for (size_t i = 1; i <= kFetchItemsMax; ++i) wire += "BODY[" + std::to_string(i) + "] ";
    EXPECT_EQ(parsed(wire + ")").substr(0, 6), "FETCH ");
    EXPECT_EQ(parsed(wire + "BODY[1])").substr(0, 6), "FETCH ");
    EXPECT_EQ(parsed(wire + "UID)").substr(0, 10), "NO [LIMIT]");
}

TEST(Store, ReadsFlags) {
    const FetchCase cases[] = {
        {"A003 STORE 2:4 +FLAGS (\\Deleted)", "STORE 2:4 +(\\Deleted)"},
        {"a STORE 1 -flags.silent (\\seen $Forwarded NonJunk)",
         "STORE 1 -(\\Seen $Forwarded NonJunk) silent"},
        {"a STORE 1 FLAGS ()", "STORE 1 =()"},
        {"a STORE 1 FLAGS \\Answered \\Draft x", "STORE 1 =(\\Answered \\Draft x)"},
        {"a UID STORE 1:* +FLAGS (\\Flagged)", "UID STORE 1:* +(\\Flagged)"},
        {"a STORE 1 +FLAGS (a A b a)", "STORE 1 +(a b)"},
        // RFC 7162 §3.1.3
        {"d105 STORE 7,5,9 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Deleted)",
         "STORE 7,5,9 +(\\Deleted) silent since 320162338"},
        {"a STORE 1 (UNCHANGEDSINCE 0) FLAGS ()", "STORE 1 =() since 0"},
    };
    for (const FetchCase& c : cases) EXPECT_EQ(parsed(c.wire), c.shape) << c.wire;
    for (std::string_view wire :
         {"a STORE", "a STORE 1", "a STORE 1 FLAGS", "a STORE 1 FOO (\\Seen)",
          "a STORE 1 *FLAGS (\\Seen)", "a STORE 1 FLAGS (\\Foo)", "a STORE 1 FLAGS (\\*)",
          "a STORE 1 FLAGS (a]b)", "a STORE 1 FLAGS (\\Recent)", "a STORE 1 +FLAGS \\Seen \\recent",
          "a STORE 1 FLAGS (\"a\")", "a STORE 1 FLAGS (\\Seen", "a STORE 1 FLAGS (\\Seen) x",
          "a STORE 1 () FLAGS ()", "a STORE 1 (FOO 1) FLAGS ()",
          "a STORE 1 (UNCHANGEDSINCE) FLAGS ()", "a STORE 1 FLAGS ((\\Seen))"})
        EXPECT_EQ(parsed(wire).substr(0, 4), "BAD ") << wire;
    std::string many = "a STORE 1 FLAGS (";
    for (int i = 0; i < 65; ++i) many += "k" + std::to_string(i) + " ";
    EXPECT_EQ(parsed(many + ")").substr(0, 10), "NO [LIMIT]");
}

}  // namespace
}  // namespace gatepost::dataplane
