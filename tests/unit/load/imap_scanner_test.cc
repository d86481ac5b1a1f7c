#include "tools/load/imap/imap_scanner.h"

#include <gtest/gtest.h>

#include <vector>

namespace gatepost::tools {
namespace {

using Kind = ImapResponse::Kind;

struct Heard {
    Kind kind;
    std::string tag;
    std::string text;
    uint64_t literal_octets;

    bool operator==(const Heard&) const = default;
};

// nullopt: malformed.
std::optional<std::vector<Heard>> hear(std::string_view octets, size_t piece) {
    std::vector<Heard> heard;
    ImapScanner scanner;
    ImapResponse response;
    while (!octets.empty()) {
        // In memory of its own, so that a response cannot look at octets that are gone.
        const std::string part(octets.substr(0, piece));
        octets.remove_prefix(part.size());
        std::string_view rest = part;
        for (;;) {
            const ImapScanner::Found found = scanner.take(rest, response);
            if (found == ImapScanner::Found::malformed) return std::nullopt;
            if (found == ImapScanner::Found::nothing) break;
            heard.push_back({response.kind, std::string(response.tag), std::string(response.text),
                             response.literal_octets});
        }
    }
    return heard;
}

TEST(ImapScanner, ResponsesHoweverTheyAreCut) {
    const std::string octets =
        "* OK [CAPABILITY IMAP4rev1] ready\r\n"
        "+ \r\n"
        "+\r\n"
        "* 1 FETCH (BODY[] {12}\r\na1 OK no\r\n\r\n FLAGS ())\r\n"
        "* 2 FETCH (BINARY[1] ~{2}\r\n\r\n BODY[TEXT] {0}\r\n)\r\n"
        "a12 OK done\r\n";
    const std::vector<Heard> wanted = {
        {Kind::untagged, "", "OK [CAPABILITY IMAP4rev1] ready", 0},
        {Kind::continuation, "", "", 0},
        {Kind::continuation, "", "", 0},
        {Kind::untagged, "", "1 FETCH (BODY[] {12}\r\n FLAGS ())", 12},
        {Kind::untagged, "", "2 FETCH (BINARY[1] ~{2}\r\n BODY[TEXT] {0}\r\n)", 2},
        {Kind::tagged, "a12", "OK done", 0}};
    for (size_t piece = 1; piece <= octets.size(); ++piece) {
        const auto heard = hear(octets, piece);
        ASSERT_TRUE(heard) << piece;
        EXPECT_EQ(*heard, wanted) << piece;
    }
}

TEST(ImapScanner, TextForPeopleMayEndLikeALiteral) {
    const auto heard = hear("* OK see {5}\r\na1 NO not {7}\r\na2 OK\r\n", 64);
    ASSERT_TRUE(heard);
    ASSERT_EQ(heard->size(), 3u);
    EXPECT_EQ((*heard)[0].text, "OK see {5}");
    EXPECT_EQ((*heard)[1].text, "NO not {7}");
    EXPECT_EQ((*heard)[2].text, "OK");
}

TEST(ImapScanner, BracesThatAnnounceNothing) {
    const auto heard = hear("* SEARCH {}\r\n* 1 FETCH ({x}\r\n* X {-1}\r\n", 64);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->size(), 3u);
}

TEST(ImapScanner, WhatIsNoImap) {
    for (const char* octets : {"* OK bare\n", "\r\n", " OK no tag\r\n", "tag\r\n",
                               "a-tag-that-is-far-longer-than-any-of-ours OK\r\n",
                               "* 1 FETCH (BODY[] {99999999999999999999}\r\n"})
        EXPECT_FALSE(hear(octets, 7)) << octets;
}

TEST(ImapScanner, ALineHasAnEnd) {
    ImapScanner scanner;
    ImapResponse response;
    const std::string part(1 << 20, 'x');
    ImapScanner::Found found = ImapScanner::Found::nothing;
    size_t given = 0;
    while (found == ImapScanner::Found::nothing && given <= 2 * ImapScanner::kTextMax) {
        std::string_view rest = part;
        found = scanner.take(rest, response);
        given += part.size();
    }
    EXPECT_EQ(found, ImapScanner::Found::malformed);
    EXPECT_LE(given, ImapScanner::kTextMax + part.size());
}

TEST(ImapScanner, BeginsAnewWithAnotherConnection) {
    ImapScanner scanner;
    ImapResponse response;
    std::string_view half = "* 1 FETCH (BODY[] {100}\r\nabc";
    EXPECT_EQ(scanner.take(half, response), ImapScanner::Found::nothing);
    scanner.clear();
    std::string_view whole = "* OK hello\r\n";
    ASSERT_EQ(scanner.take(whole, response), ImapScanner::Found::response);
    EXPECT_EQ(response.text, "OK hello");
    EXPECT_EQ(response.literal_octets, 0u);
}

}  // namespace
}  // namespace gatepost::tools
