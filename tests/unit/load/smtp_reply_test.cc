#include "tools/load/mail/smtp_reply.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

using Found = ReplyReader::Found;

// Everything that comes of the octets, in pieces of `piece` octets: "code text|" for each reply,
// "!" for malformed.
std::string read(std::string_view octets, size_t piece = SIZE_MAX) {
    ReplyReader reader;
    SmtpReply reply;
    std::string out;
    while (!octets.empty()) {
        std::string_view part = octets.substr(0, piece);
        octets.remove_prefix(part.size());
        for (;;) {
            const Found found = reader.take(part, reply);
            if (found == Found::malformed) return out + "!";
            if (found == Found::nothing) break;
            out += std::to_string(reply.code) + " " + reply.text + "|";
        }
    }
    return out;
}

TEST(SmtpReply, OneLine) {
    EXPECT_EQ(read("220 mx.example ready\r\n"), "220 mx.example ready|");
    EXPECT_EQ(read("250\r\n"), "250 |");
    EXPECT_EQ(read("250 \r\n"), "250 |");
    EXPECT_EQ(read("354 go on\n"), "354 go on|");
}

TEST(SmtpReply, SeveralLines) {
    EXPECT_EQ(read("250-mx.example\r\n250-SIZE 1000\r\n250 PIPELINING\r\n"),
              "250 mx.example\nSIZE 1000\nPIPELINING|");
    EXPECT_EQ(read("250-\r\n250 \r\n"), "250 \n|");
}

TEST(SmtpReply, SeveralRepliesInAnyPieces) {
    const std::string_view octets = "250 a\r\n250-b\r\n250 c\r\n550 5.1.1 no\r\n";
    for (size_t piece = 1; piece <= octets.size(); ++piece)
        EXPECT_EQ(read(octets, piece), "250 a|250 b\nc|550 5.1.1 no|") << piece;
}

TEST(SmtpReply, WhatIsNone) {
    for (std::string_view octets : {"hello\r\n", "25\r\n", "\r\n", "2x0 a\r\n", "150 a\r\n",
                                    "650 a\r\n", "250_a\r\n", "250-a\r\n251 b\r\n"})
        EXPECT_EQ(read(octets), "!") << octets;
}

TEST(SmtpReply, LimitsOfLineAndReply) {
    const std::string line = "250-" + std::string(ReplyReader::kLineMax - 5, 'x') + "\n";
    EXPECT_EQ(read("250 " + std::string(ReplyReader::kLineMax - 4, 'x') + "\n").back(), '|');
    EXPECT_EQ(read("250 " + std::string(ReplyReader::kLineMax - 3, 'x') + "\n"), "!");
    // Also without an end of the line.
    EXPECT_EQ(read(std::string(ReplyReader::kLineMax + 1, '2'), 1), "!");
    std::string reply;
    for (size_t length = 0; length <= ReplyReader::kReplyMax; length += line.size()) reply += line;
    EXPECT_EQ(read(reply + "250 end\r\n"), "!");
}

TEST(SmtpReply, PositiveIsWhatBeginsWithTwo) {
    EXPECT_TRUE((SmtpReply{250, ""}).positive());
    EXPECT_TRUE((SmtpReply{299, ""}).positive());
    EXPECT_FALSE((SmtpReply{354, ""}).positive());
    EXPECT_FALSE((SmtpReply{421, ""}).positive());
}

}  // namespace
}  // namespace gatepost::tools
