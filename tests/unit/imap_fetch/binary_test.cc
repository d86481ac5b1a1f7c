// BINARY (RFC 3516).
#include <gtest/gtest.h>

#include "tests/unit/imap_fetch/fetch_rig.h"
#include "tests/unit/imap_fetch/samples.h"

namespace gatepost::dataplane {
namespace {

using namespace std::string_literals;

std::string base64(std::string_view octets) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (size_t at = 0; at < octets.size(); at += 3) {
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (at + i < octets.size() ? static_cast<uint8_t>(octets[at + i]) : 0);
        for (size_t i = 0; i < 4; ++i)
            out += at + i > octets.size() ? '=' : kAlphabet[bits >> (18 - 6 * i) & 63];
        if (at / 3 % 19 == 18) out += "\r\n";
    }
    return out;
}

TEST(Binary, IsDecoded) {
    const NestedMessage nested = nested_message();
    const std::string message = nested.whole();
    const std::string image = "\0\1\2\3\0"s;
    EXPECT_EQ(fetch_text("BINARY[3]", message), "BINARY[3] ~" + literal(image));
    EXPECT_EQ(fetch_text("BINARY[2.1]", message),
              "BINARY[2.1] ~" + literal("J\xC3\xB6rg and so on"));
    EXPECT_EQ(fetch_text("BINARY[2.2]", message), "BINARY[2.2] ~" + literal("<b>Hello</b>"));
    EXPECT_EQ(fetch_text("BINARY[1]", message), "BINARY[1] ~" + literal(nested.text));
    EXPECT_EQ(fetch_text("BINARY[2]", message), "BINARY[2] ~" + literal(nested.message()));
    EXPECT_EQ(fetch_text("BINARY[]", message), "BINARY[] ~" + literal(message));
}

TEST(Binary, HasSizes) {
    const std::string message = nested_message().whole();
    EXPECT_EQ(fetch_text("BINARY.SIZE[3] UID BINARY.SIZE[2.2] BINARY.SIZE[]", message),
              "BINARY.SIZE[3] 5 UID 7 BINARY.SIZE[2.2] 12 BINARY.SIZE[] " +
                  std::to_string(message.size()));
    EXPECT_EQ(fetch_text("BINARY.SIZE[2.1] BINARY[2.1]", message),
              "BINARY.SIZE[2.1] 15 BINARY[2.1] ~" + literal("J\xC3\xB6rg and so on"));
}

TEST(Binary, InPartCountsDecodedOctets) {
    const std::string message = nested_message().whole();
    EXPECT_EQ(fetch_text("BINARY[2.2]<3.5>", message), "BINARY[2.2]<3> ~" + literal("Hello"));
    EXPECT_EQ(fetch_text("BINARY[2.2]<10.50>", message), "BINARY[2.2]<10> ~" + literal("b>"));
    EXPECT_EQ(fetch_text("BINARY[2.2]<12.1>", message), "BINARY[2.2]<12> ~" + literal(""));
}

TEST(Binary, OfAnUnknownEncodingIsRefusedBeforeAnythingIsWritten) {
    const std::string message =
        crlf("Content-Type: application/x\nContent-Transfer-Encoding: x-uuencode\n\nbegin\n");
    for (const std::string items : {"UID BINARY[1]", "BODY[HEADER] BINARY.SIZE[1]"}) {
        const Fetched fetched = fetch(items, message);
        EXPECT_EQ(fetched.result.status, FetchStatus::unknown_encoding);
        EXPECT_EQ(fetched.text, "");
    }
    EXPECT_EQ(fetch_text("BODY[1]", message), "BODY[1] " + literal("begin\r\n"));
    // RFC 2045 §6.4: a multipart has none of its own.
    const std::string multipart = crlf(
        "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: x-uuencode\n\n"
        "--b\n\ntext\n--b--\n");
    EXPECT_EQ(fetch_text("BINARY[1]", multipart), "BINARY[1] ~" + literal("text"));
}

TEST(Binary, ThatIsLongIsDecodedInPieces) {
    const std::string octets = pattern(700'001);
    const std::string message =
        crlf("Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n") +
        base64(octets);
    BodyStore store(message);
    const Fetching how{.pool_octets = size_t{512} << 10, .summary = encoded_summary_of(message)};
    const Fetched whole = fetch("BINARY[1]", store, message.size(), how);
    EXPECT_TRUE(same_octets(whole.text, "* 3 FETCH (BINARY[1] ~" + literal(octets) + ")\r\n"));
    EXPECT_EQ(whole.result.body_octets, octets.size());
    EXPECT_LE(store.largest_read, size_t{64} << 10);
    for (const size_t first : {0U, 1U, 49'151U, 49'152U, 350'000U, 700'000U, 700'001U}) {
        const std::string name = "BINARY[1]<" + std::to_string(first);
        const Fetched part = fetch(name + ".100000>", store, message.size(), how);
        EXPECT_TRUE(same_octets(part.text, "* 3 FETCH (" + name + "> ~" +
                                               literal(octets.substr(first, 100'000)) + ")\r\n"));
    }
    EXPECT_EQ(fetch("BINARY.SIZE[1] UID", store, message.size(), how).text,
              "* 3 FETCH (BINARY.SIZE[1] 700001 UID 7)\r\n");
}

}  // namespace
}  // namespace gatepost::dataplane
