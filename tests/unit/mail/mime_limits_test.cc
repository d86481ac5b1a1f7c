#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/mail/mail_limits.h"
#include "dataplane/mail/summary_codec.h"
#include "tests/unit/mail/read_message.h"

namespace gatepost::dataplane {
namespace {

std::string nested_multiparts(size_t depth) {
    std::string message;
    for (size_t i = 0; i < depth; ++i)
        message +=
            fmt::format("Content-Type: multipart/mixed; boundary=b{}\r\n\r\n--b{}\r\n", i, i);
    message += "\r\ninnermost";
    for (size_t i = depth; i-- > 0;) message += fmt::format("\r\n--b{}--", i);
    return message;
}

TEST(MimeLimits, OfDepth) {
    const MessageSummary within = read_message(nested_multiparts(kPartDepthMax - 1)).summary;
    EXPECT_EQ(within.parts.size(), kPartDepthMax);
    EXPECT_FALSE(within.truncated_structure);
    EXPECT_EQ(within.preview, "innermost");

    const Read beyond = read_message(nested_multiparts(1000));
    EXPECT_EQ(beyond.summary.parts.size(), kPartDepthMax);
    EXPECT_TRUE(beyond.summary.truncated_structure);
    EXPECT_TRUE(beyond.heard.bodies.empty()) << "what is deeper is of no part of its own";
}

TEST(MimeLimits, OfMessagesWithinMessages) {
    std::string message;
    for (int i = 0; i < 1000; ++i) message += "Content-Type: message/rfc822\r\n\r\n";
    const MessageSummary summary = read_message(message + "\r\nx").summary;
    EXPECT_EQ(summary.parts.size(), kPartDepthMax);
    EXPECT_EQ(summary.envelopes.size(), kPartDepthMax);
    EXPECT_TRUE(summary.truncated_structure);
    EXPECT_EQ(summary.parts.back().body_offset() + summary.parts.back().body_size, summary.size());
}

TEST(MimeLimits, OfParts) {
    std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (size_t i = 1; i < kPartsMax; ++i) message += fmt::format("--b\r\n\r\n{}\r\n", i);
    const MessageSummary within = read_message(message + "--b--").summary;
    EXPECT_EQ(within.parts.size(), kPartsMax);
    EXPECT_FALSE(within.truncated_structure);

    const Read beyond = read_message(message + "--b\r\n\r\none more\r\n--b\r\n\r\n--b--\r\n");
    EXPECT_EQ(beyond.summary.parts.size(), kPartsMax);
    EXPECT_TRUE(beyond.summary.truncated_structure);
    EXPECT_EQ(beyond.heard.bodies.at(kPartsMax - 1), fmt::format("{}", kPartsMax - 1));
    std::vector<uint8_t> encoded;
    encode_summary(beyond.summary, encoded);
    EXPECT_TRUE(decode_summary(encoded));
}

TEST(MimeLimits, OfOneField) {
    const std::string value(kFieldOctetsMax, 'x');
    const MessageSummary summary =
        read_message("Subject: " + value + "\r\nTo: a@b\r\n\r\nbody").summary;
    EXPECT_TRUE(summary.truncated_header);
    EXPECT_EQ(summary.envelopes.front().subject->size(),
              kFieldOctetsMax - std::string_view("Subject: ").size());
    EXPECT_EQ(summary.envelopes.front().to.size(), 1u) << "the fields behind it are read";
    EXPECT_EQ(summary.fields.front().size, value.size() + 11) << "its place is all of it";
}

TEST(MimeLimits, OfTheHeader) {
    std::string message;
    while (message.size() < kHeaderOctetsMax) message += "X: " + std::string(1000, 'x') + "\r\n";
    const Read read = read_message(message + "Subject: beyond\r\n\r\nbody");
    EXPECT_TRUE(read.summary.truncated_header);
    EXPECT_EQ(read.summary.envelopes.front().subject, std::nullopt);
    EXPECT_EQ(read.heard.bodies.at(0), "body");
}

TEST(MimeLimits, OfAllHeaders) {
    std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    const std::string field = "X: " + std::string(60'000, 'x') + "\r\n";
    for (size_t octets = 0; octets < kAllHeadersOctetsMax; octets += field.size())
        message += "--b\r\n" + field;
    const Read read = read_message(message + "--b\r\nContent-Type: text/html\r\n\r\n--b--");
    EXPECT_TRUE(read.summary.truncated_header);
    EXPECT_TRUE(read.summary.parts.back().is("text", "plain"));
    EXPECT_LE(read.heard.fields.size(), kAllHeadersOctetsMax / field.size() + 1);
}

TEST(MimeLimits, OfFields) {
    std::string message;
    for (size_t i = 0; i <= kHeaderFieldsMax; ++i) message += "X:\r\n";
    const Read read = read_message(message + "Subject: s\r\n\r\n");
    EXPECT_EQ(read.summary.fields.size(), kHeaderFieldsMax);
    EXPECT_TRUE(read.summary.truncated_header);
    EXPECT_EQ(read.summary.envelopes.front().subject, "s");
}

TEST(MimeLimits, OfAddresses) {
    std::string message;
    for (int part = 0; part < 12; ++part) {
        message += "To: a@b";
        for (size_t i = 1; i < kFieldAddressesMax; ++i) message += ",a@b";
        message += "\r\nContent-Type: message/rfc822\r\n\r\n";
    }
    const MessageSummary summary = read_message(message).summary;
    EXPECT_TRUE(summary.truncated_header);
    EXPECT_EQ(summary.envelopes[9].to.size(), kFieldAddressesMax);
    EXPECT_EQ(summary.envelopes[10].to.size(), 0u);

    message = "To: g:";
    for (size_t i = 0; i < kFieldAddressesMax; ++i) message += "a@b,";
    const auto to = read_message(message + ";\r\n\r\n").summary.envelopes.front().to;
    EXPECT_EQ(to.size(), kFieldAddressesMax);
    EXPECT_EQ(to.back().kind, AddressKind::group_end) << "a group that is begun ends";
}

TEST(MimeLimits, OfABoundary) {
    auto parts = [](size_t boundary, size_t blanks) {
        const std::string text(boundary, 'b');
        return read_message("Content-Type: multipart/mixed; boundary=" + text + "\r\n\r\n--" +
                            text + std::string(blanks, ' ') + "\r\n\r\nx")
            .summary.parts.size();
    };
    EXPECT_EQ(parts(kBoundaryMax, 0), 2u);
    EXPECT_EQ(parts(kBoundaryMax + 1, 0), 1u);
    EXPECT_EQ(parts(1, kDelimiterLineOctetsMax - 5), 2u);
    EXPECT_EQ(parts(1, kDelimiterLineOctetsMax - 4), 1u);
}

TEST(MimeLimits, OfAFieldName) {
    auto fields = [](size_t name) {
        return read_message(std::string(name, 'n') + ": x\r\n\r\n").summary.fields.size();
    };
    EXPECT_EQ(fields(kFieldNameOctetsMax), 1u);
    EXPECT_EQ(fields(kFieldNameOctetsMax + 1), 0u);
}

TEST(MimeLimits, LongLinesAreLines) {
    const std::string line(1 << 20, 'x');
    const std::string dashes = "--" + std::string(1 << 20, '-');
    const Read plain = read_message("\r\n" + line + "\r\n" + line);
    EXPECT_EQ(plain.heard.bodies.at(0).size(), 2 * line.size() + 2);
    EXPECT_EQ(plain.summary.parts.front().body_lines, 1u);
    const Read parts = read_message("Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n" +
                                    dashes + "\r\n--b--");
    EXPECT_EQ(parts.heard.bodies.at(1), dashes);
    const Read field = read_message("Subject: " + line + "\r\n\r\nx");
    EXPECT_EQ(field.heard.bodies.at(0), "x");
    const Read no_field = read_message(line + "\r\n\r\nx");
    EXPECT_EQ(no_field.summary.header_size(), 0u);
    const Read nuls = read_message("A: b\r\n\r\n" + std::string(1 << 20, '\0'));
    EXPECT_EQ(nuls.summary.body_size(), 1u << 20);
}

}  // namespace
}  // namespace gatepost::dataplane
