#include "dataplane/smtp/header_filter.h"

#include <gtest/gtest.h>

#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {

namespace {

// The message as it is stored; in pieces of that size.
std::string filter(HeaderFilter& header, std::string_view message, size_t piece) {
    std::vector<uint8_t> out;
    while (!message.empty() && !header.has_ended()) {
        const auto octets = message.substr(0, piece);
        const size_t used = header.take(octets_of(octets), out);
        EXPECT_TRUE(used == octets.size() || header.has_ended());
        message.remove_prefix(used);
    }
    if (!header.has_ended()) header.finish(out);
    return text_of(out) + std::string(message);
}

// In pieces of all sizes; the same each time.
std::string filter(std::string_view message) {
    HeaderFilter whole("mx.example.org");
    const std::string result = filter(whole, message, SIZE_MAX);
    for (size_t piece = 1; piece < message.size() && piece < 40; ++piece) {
        HeaderFilter header("mx.example.org");
        EXPECT_EQ(filter(header, message, piece), result) << "in pieces of " << piece;
    }
    return result;
}

TEST(HeaderFilter, LetsAMessagePass) {
    for (std::string_view message : {
             "Subject: x\r\nTo : y\r\n\r\nbody\r\n",
             "Subject:\r\n folded\r\n\tagain\r\n\r\n",
             "\r\nbody\r\n",
             "Subject: x\r\n",
             "",
             "Authentication-Results: elsewhere.example; spf=pass\r\n\r\n",
             "Authentication-Results-2: mx.example.org; spf=pass\r\n\r\n",
         })
        EXPECT_EQ(filter(message), message);
}

TEST(HeaderFilter, RenamesWhatSpeaksInOurName) {
    for (std::string_view results : {
             "Authentication-Results: mx.example.org; spf=pass\r\n\r\n",
             "authentication-results \t: mx.example.org. ; spf=pass\r\n\r\n",
             "Authentication-Results:\r\n MX.EXAMPLE.ORG 1; spf=pass\r\n\r\n",
             "Authentication-Results: (a(b)\\) c) \"mx\\.example.org\"; spf=pass\r\n\r\n",
             "Authentication-Results: mx.example.org\r\n\r\n",
             "Authentication-Results: mx.example.org",
             "Authentication-Results:\r\n\r\n",
             "Authentication-Results: (mx.example.org; spf=pass\r\n\r\n",
             "X-Gatepost-Filter: score=0\r\n\r\n",
         })
        EXPECT_EQ(filter(results), "X-Old-" + std::string(results));
}

// The name in the middle of what fits into memory.
TEST(HeaderFilter, RenamesWhatIsTooLongToTell) {
    for (size_t length = 980; length < 1010; ++length) {
        const std::string results = "Authentication-Results: (" + std::string(length, 'x') +
                                    ") mx.example.org; spf=pass\r\n\r\n";
        HeaderFilter header("mx.example.org");
        EXPECT_EQ(filter(header, results, 1), "X-Old-" + results);
    }
}

TEST(HeaderFilter, PutsTheLineThatIsMissingIn) {
    EXPECT_EQ(filter("no field\r\n"), "\r\nno field\r\n");
    EXPECT_EQ(filter(" folded from the start\r\n"), "\r\n folded from the start\r\n");
    EXPECT_EQ(filter("A: b\r\nno field\r\nC: d\r\n"), "A: b\r\n\r\nno field\r\nC: d\r\n");
    EXPECT_EQ(filter("A: b\r\n: no name\r\n"), "A: b\r\n\r\n: no name\r\n");
    EXPECT_EQ(filter("A: b\r\nFrom x y: z\r\n"), "A: b\r\n\r\nFrom x y: z\r\n");
    EXPECT_EQ(filter("A: b\r\nunended"), "A: b\r\n\r\nunended");
    EXPECT_EQ(filter(std::string(200, 'n') + ": b\r\n"),
              "\r\n" + std::string(200, 'n') + ": b\r\n");
}

TEST(HeaderFilter, SeesWhatItIsAskedFor) {
    HeaderFilter header("mx.example.org");
    filter(header, "received: a\r\nReceived : b\r\nDATE: x\r\nMessage-Id: y\r\n\r\nReceived: c\r\n",
           7);
    EXPECT_EQ(header.received_fields(), 2U);
    EXPECT_TRUE(header.has_date());
    EXPECT_TRUE(header.has_message_id());
    EXPECT_FALSE(header.has_nul());
    EXPECT_FALSE(header.found_bare());

    HeaderFilter nul("mx.example.org");
    filter(nul, std::string_view("A: \0\r\n\r\n", 8), 3);
    EXPECT_TRUE(nul.has_nul());
    for (std::string_view bare : {"A: b\nC: d\r\n\r\n", "A: b\r\rC: d\r\n\r\n", "A: b\r\n\rbody"}) {
        HeaderFilter found("mx.example.org");
        filter(found, bare, 1);
        EXPECT_TRUE(found.found_bare()) << testing::PrintToString(bare);
    }
}

TEST(HeaderFilter, IsBoundedByItsInput) {
    HeaderFilter header("mx.example.org");
    std::vector<uint8_t> out;
    const std::string line = "Authentication-Results: " + std::string(500, ' ') + "\r\n";
    for (int i = 0; i < 1000; ++i) {
        out.clear();
        ASSERT_EQ(header.take(octets_of(line), out), line.size());
        ASSERT_LE(out.size(), 2 * line.size());
    }
}

}  // namespace

}  // namespace gatepost::dataplane
