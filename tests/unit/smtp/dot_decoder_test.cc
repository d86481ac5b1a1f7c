#include "dataplane/smtp/dot_decoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "dataplane/smtp/line_end_check.h"
#include "tests/unit/stream/stream_rig.h"

namespace gatepost::dataplane {

namespace {

struct Decoded {
    std::string content;
    bool ended = false;
    bool bare = false;
    std::string rest;  // behind the end
    bool operator==(const Decoded&) const = default;
};

// As a session does it, with `piece` octets more each time nothing can be said.
Decoded decode(std::string_view octets, size_t piece) {
    DotDecoder decoder;
    Decoded all;
    std::string input;
    size_t given = 0;
    while (!all.ended) {
        const DotDecoder::Piece next = decoder.next(octets_of(input));
        all.content += text_of(next.content);
        input.erase(0, next.used);
        all.ended = next.end;
        if (next.used != 0 || next.end) continue;
        EXPECT_LE(input.size(), 3U);
        if (given == octets.size()) break;
        const size_t more = std::min(piece, octets.size() - given);
        input += octets.substr(given, more);
        given += more;
    }
    all.bare = decoder.found_bare();
    all.rest = input + std::string(octets.substr(given));
    return all;
}

// What RFC 5321 §4.5.2 says, written without a thought for speed.
Decoded expected(std::string_view octets) {
    Decoded all;
    bool line_start = true;
    for (size_t i = 0; i < octets.size(); ++i) {
        if (line_start && octets.substr(i).starts_with(".\r\n")) {
            all.ended = true;
            all.rest = octets.substr(i + 3);
            break;
        }
        if (line_start && octets[i] == '.') {
            line_start = false;
            continue;
        }
        const char before = i == 0 ? '\0' : octets[i - 1];
        const char after = i + 1 == octets.size() ? '\0' : octets[i + 1];
        if (octets[i] == '\n' && before != '\r') all.bare = true;
        if (octets[i] == '\r' && after != '\n') all.bare = true;
        line_start = octets[i] == '\n' && before == '\r';
        all.content += octets[i];
    }
    return all;
}

TEST(DotDecoder, TakesDotsAway) {
    EXPECT_EQ(decode(".\r\n", 99), (Decoded{"", true, false, ""}));
    EXPECT_EQ(decode("a\r\n..b\r\n.c\r\n.\r\nQUIT\r\n", 99),
              (Decoded{"a\r\n.b\r\nc\r\n", true, false, "QUIT\r\n"}));
    EXPECT_EQ(decode("a.b\r\n.\r", 99), (Decoded{"a.b\r\n", false, false, ".\r"}));
}

TEST(DotDecoder, EndsWithNothingButTheEnd) {
    // What other servers were found to take for it (SMTP smuggling).
    constexpr std::string_view kVectors[] = {
        "\n.\n",         "\n.\r\n",    "\r.\r\n",     "\r\n.\n",     "\r\n.\r", "\r.\r",
        "\r\r\n.\r\r\n", "\n\n.\n\n",  "\r\n\0.\r\n", "\r\n.\0\r\n", "\n.\r",   "\r.\n",
        "\r\n.\r\r\n",   "\r\n .\r\n", "\r\n. \r\n",  "\r\n..\r\n",
    };
    for (std::string_view vector : kVectors) {
        const std::string octets = "text" + std::string(vector) + "MAIL FROM:<a@b.example>\r\n";
        EXPECT_FALSE(decode(octets, 99).ended) << testing::PrintToString(octets);
        EXPECT_EQ(decode(octets + ".\r\n", 99).rest, "") << testing::PrintToString(octets);
    }
}

// Every text of up to so many octets of the signs that matter, in pieces of every size.
TEST(DotDecoder, IsWhatTheStandardSays) {
    constexpr std::string_view kSigns = "\r\n.x";
    constexpr size_t kLength = 7;
    size_t count = 1;
    for (size_t length = 0; length <= kLength; ++length, count *= kSigns.size()) {
        for (size_t number = 0; number < count; ++number) {
            std::string octets;
            for (size_t i = 0, left = number; i < length; ++i, left /= kSigns.size())
                octets += kSigns[left % kSigns.size()];
            Decoded wanted = expected(octets);
            for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, kLength}) {
                Decoded is = decode(octets, piece);
                // What is left undecided counts when more comes, or never.
                if (!wanted.ended) {
                    ASSERT_TRUE(wanted.content.starts_with(is.content) || is.content.empty())
                        << testing::PrintToString(octets);
                    ASSERT_FALSE(is.ended) << testing::PrintToString(octets);
                    continue;
                }
                ASSERT_EQ(is.content, wanted.content) << testing::PrintToString(octets);
                ASSERT_EQ(is.rest, wanted.rest) << testing::PrintToString(octets);
                ASSERT_EQ(is.bare, wanted.bare) << testing::PrintToString(octets);
                ASSERT_TRUE(is.ended) << testing::PrintToString(octets);
            }
        }
    }
}

TEST(LineEndCheck, FindsThemInPiecesOfEverySize) {
    constexpr std::string_view kSigns = "\r\nx";
    for (size_t number = 0; number < 729; ++number) {
        std::string octets;
        for (size_t i = 0, left = number; i < 6; ++i, left /= 3) octets += kSigns[left % 3];
        bool bare = false;
        for (size_t i = 0; i < octets.size(); ++i) {
            bare = bare || (octets[i] == '\n' && (i == 0 || octets[i - 1] != '\r'));
            bare = bare || (octets[i] == '\r' && (i + 1 == octets.size() || octets[i + 1] != '\n'));
        }
        for (size_t piece = 1; piece <= octets.size(); ++piece) {
            LineEndCheck check;
            for (size_t i = 0; i < octets.size(); i += piece)
                check.take(octets_of(std::string_view(octets).substr(i, piece)));
            check.finish();
            ASSERT_EQ(check.found_bare(), bare) << testing::PrintToString(octets);
        }
    }
}

}  // namespace

}  // namespace gatepost::dataplane
