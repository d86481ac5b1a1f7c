#include "dataplane/imap_syntax/response_line.h"

#include <gtest/gtest.h>

#include "dataplane/imap_syntax/literal_mark.h"

namespace gatepost::dataplane {
namespace {

TEST(ResponseLine, Status) {
    EXPECT_EQ(response_status("OK done"), ResponseStatus::ok);
    EXPECT_EQ(response_status("no"), ResponseStatus::no);
    EXPECT_EQ(response_status("BAD x"), ResponseStatus::bad);
    EXPECT_EQ(response_status("BYE"), ResponseStatus::bye);
    EXPECT_EQ(response_status("PREAUTH hello"), ResponseStatus::preauth);
    EXPECT_EQ(response_status("OKAY"), ResponseStatus::none);
    EXPECT_EQ(response_status(""), ResponseStatus::none);
}

TEST(ResponseLine, ALiteralFollows) {
    EXPECT_EQ(literal_behind("* 1 FETCH (BODY[] {12}\r\n"), 12U);
    EXPECT_EQ(literal_behind("* LIST () \"/\" {0}\r\n"), 0U);
    // RFC 3516 §4.4.
    EXPECT_EQ(literal_behind("* 2 FETCH (BINARY[1] ~{2}\r\n"), 2U);
    // The second of a response.
    EXPECT_EQ(literal_behind("* 3 FETCH (BODY[1] {5}\r\n BODY[2] {6}\r\n"), 6U);
    EXPECT_EQ(literal_behind("* 1 FETCH (BODY[] {99999999999999999999}\r\n"), kNumber64Max);
}

TEST(ResponseLine, TheResponseIsComplete) {
    for (std::string_view text :
         {"* SEARCH {}\r\n", "* 1 FETCH ({x}\r\n", "* X {-1}\r\n", "* X {5+}\r\n", "* X {5} \r\n",
          "* X 5}\r\n", "* 3 FETCH (BODY[1] {5}\r\n)\r\n", "* X {5\r\n}\r\n", "* X {5}", "",
          "\r\n"})
        EXPECT_FALSE(literal_behind(text)) << text;
    // RFC 9051 §7.1: text for people.
    for (std::string_view text : {"* OK see {5}\r\n", "* bye {5}\r\n", "* PREAUTH {5}\r\n",
                                  "a1 NO not {7}\r\n", "+ go on {5}\r\n"})
        EXPECT_FALSE(literal_behind(text)) << text;
}

}  // namespace
}  // namespace gatepost::dataplane
