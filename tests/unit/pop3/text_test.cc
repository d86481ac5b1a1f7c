#include "dataplane/pop3/pop3_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace gatepost::tests {

namespace {

using dataplane::Pop3Text;

std::string dot_stuffed(std::string_view message, uint64_t lines = Pop3Text::kAllLines,
                        size_t piece = SIZE_MAX) {
    Pop3Text text(lines);
    std::string out;
    for (size_t at = 0; at < message.size();) {
        const size_t size = std::min(piece, message.size() - at);
        if (!text.add({reinterpret_cast<const uint8_t*>(message.data()) + at, size}, out)) break;
        at += size;
    }
    text.finish(out);
    return out;
}

TEST(Pop3Text, DoublesDotsAtTheBeginningOfLines) {
    EXPECT_EQ(dot_stuffed(".a\r\n\r\n.\r\n..\r\na.\r\n"), "..a\r\n\r\n..\r\n...\r\na.\r\n.\r\n");
}

TEST(Pop3Text, EndsTheLastLine) {
    EXPECT_EQ(dot_stuffed(""), ".\r\n");
    EXPECT_EQ(dot_stuffed("a"), "a\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\r"), "a\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("."), "..\r\n.\r\n");
}

TEST(Pop3Text, MakesLinesOfBareLineFeeds) {
    EXPECT_EQ(dot_stuffed("a\n.\n+OK\n"), "a\r\n..\r\n+OK\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\rb\r\r\n"), "a\rb\r\r\n.\r\n");
}

TEST(Pop3Text, GivesTheTop) {
    constexpr std::string_view kMessage = "A: b\r\nC: d\r\n\r\n.1\r\n\r\n3\r\n";
    EXPECT_EQ(dot_stuffed(kMessage, 0), "A: b\r\nC: d\r\n\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(kMessage, 1), "A: b\r\nC: d\r\n\r\n..1\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(kMessage, 2), "A: b\r\nC: d\r\n\r\n..1\r\n\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(kMessage, 9), dot_stuffed(kMessage));
    EXPECT_EQ(dot_stuffed("A: b\r\n", 0), "A: b\r\n.\r\n");
}

TEST(Pop3Text, IsTheSameInPieces) {
    constexpr std::string_view kMessage = ".A: b\n\r\n.\r\n\r..\r\n.\n\n\r\r\n.x\r\ny";
    for (const uint64_t lines : {Pop3Text::kAllLines, uint64_t{0}, uint64_t{3}})
        for (size_t piece = 1; piece < kMessage.size(); ++piece)
            EXPECT_EQ(dot_stuffed(kMessage, lines, piece), dot_stuffed(kMessage, lines)) << piece;
}

}  // namespace

}  // namespace gatepost::tests
