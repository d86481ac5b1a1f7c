#include "storage/zone/rdata.h"

#include <gtest/gtest.h>

#include <string>

#include "rdata_samples.h"
#include "storage/zone/rdata_encoding.h"

namespace gatepost::storage {
namespace {

using std::string_literals::operator""s;

Dname origin() {
    return *dname_from_text("example.com.");
}

std::string hex(Bytes octets) {
    std::string text;
    hex_to_text(octets, text);
    return text;
}

std::vector<uint8_t> octets_of(std::string_view hex_text) {
    std::vector<uint8_t> octets;
    HexDecoder decoder(octets);
    EXPECT_TRUE(decoder.feed(hex_text) && decoder.finish());
    return octets;
}

std::vector<uint8_t> rdata_of(std::string_view type, std::string_view text) {
    std::vector<uint8_t> rdata;
    Status status = rdata_from_text(*rrtype_from_text(type), text, origin(), rdata);
    if (!status) ADD_FAILURE() << type << " " << text << ": " << status.error().message;
    return rdata;
}

TEST(Rdata, TextToWireToText) {
    for (const RdataSample& sample : rdata_samples()) {
        SCOPED_TRACE(std::string(sample.type) + " " + sample.text);
        RRType type = *rrtype_from_text(sample.type);
        std::vector<uint8_t> rdata = rdata_of(sample.type, sample.text);
        EXPECT_EQ(hex(rdata), sample.wire);
        EXPECT_TRUE(rdata_check(type, rdata));
        std::string text = rdata_to_text(type, rdata);
        EXPECT_EQ(text, *sample.shown == '\0' ? sample.text : sample.shown);
        EXPECT_EQ(hex(rdata_of(sample.type, text)), hex(rdata));
        // RFC 3597 §5: the generic form is taken for known types too.
        std::string generic = fmt::format("\\# {} {}", rdata.size(), hex(rdata));
        EXPECT_EQ(hex(rdata_of(sample.type, generic)), hex(rdata));
    }
}

// Every shorter piece of good data is bad, or prints and comes back too.
TEST(Rdata, CutShortIsFoundOrComesBack) {
    for (const RdataSample& sample : rdata_samples()) {
        RRType type = *rrtype_from_text(sample.type);
        std::vector<uint8_t> rdata = rdata_of(sample.type, sample.text);
        while (!rdata.empty()) {
            rdata.pop_back();
            std::vector<uint8_t> back;
            std::string text = rdata_to_text(type, rdata);
            Status status = rdata_from_text(type, text, DnameView(), back);
            EXPECT_EQ(status.has_value(), rdata_check(type, rdata).has_value())
                << sample.type << " " << text;
            if (!status) continue;
            EXPECT_EQ(back, rdata) << sample.type << " " << text;
        }
    }
}

TEST(Rdata, RefusesTextWithReason) {
    for (const RdataRefusal& c : rdata_refusals()) {
        SCOPED_TRACE(std::string(c.type) + " " + c.text);
        std::vector<uint8_t> out = {7, 7};
        std::vector<Token> tokens;
        ASSERT_TRUE(tokenize_rdata(c.text, tokens));
        auto parsed = rdata_from_tokens(*rrtype_from_text(c.type), tokens, origin(), out);
        ASSERT_FALSE(parsed);
        EXPECT_NE(parsed.error().message.find(c.fragment), std::string::npos)
            << parsed.error().message;
        EXPECT_EQ(parsed.error().token, c.token) << parsed.error().message;
        EXPECT_EQ(out, (std::vector<uint8_t>{7, 7}));
        Status status = rdata_from_text(*rrtype_from_text(c.type), c.text, origin(), out);
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().message, parsed.error().message);
        EXPECT_EQ(status.error().code, ErrorCode::invalid);
    }
}

TEST(Rdata, BrokenTokensAreRefused) {
    std::vector<uint8_t> out;
    Status status = rdata_from_text(RRType::TXT, "\"open", origin(), out);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("not closed"), std::string::npos);
}

TEST(Rdata, RefusesBadWireAndShowsItGenerically) {
    for (const RdataBadWire& c : rdata_bad_wires()) {
        SCOPED_TRACE(std::string(c.type) + " " + c.wire);
        RRType type = *rrtype_from_text(c.type);
        std::vector<uint8_t> rdata = octets_of(c.wire);
        Status status = rdata_check(type, rdata);
        ASSERT_FALSE(status);
        EXPECT_NE(status.error().message.find(c.fragment), std::string::npos)
            << status.error().message;
        EXPECT_TRUE(rdata_to_text(type, rdata).starts_with("\\# "));
        std::vector<uint8_t> out;
        EXPECT_FALSE(rdata_from_text(type, rdata_to_text(type, rdata), origin(), out));
    }
}

TEST(Rdata, UnknownTypesAreOctets) {
    EXPECT_EQ(hex(rdata_of("TYPE65280", "\\# 4 0a0B 0C0d")), "0A0B0C0D");
    EXPECT_EQ(hex(rdata_of("TYPE65280", "\\# 0")), "");
    EXPECT_EQ(rdata_to_text(RRType{65280}, octets_of("0A0B0C0D")), "\\# 4 0A0B0C0D");
    EXPECT_EQ(rdata_to_text(RRType{65280}, {}), "\\# 0");
    EXPECT_TRUE(rdata_check(RRType{65280}, {}));
    EXPECT_FALSE(rdata_check(RRType{65280}, std::vector<uint8_t>(kRdataLengthMax + 1)));
}

TEST(Rdata, AppendsBehindWhatIsThere) {
    std::vector<uint8_t> out = {1};
    ASSERT_TRUE(rdata_from_text(RRType::A, " 192.0.2.1 ", origin(), out));
    ASSERT_TRUE(rdata_from_text(RRType::MX, "1 .", origin(), out));
    EXPECT_EQ(hex(out), "01C0000201000100");
}

TEST(Rdata, LongestData) {
    std::string text = "\"" + std::string(kRdataLengthMax - 2 - 5, 'x') + "\"";
    EXPECT_EQ(rdata_of("CAA", "0 issue " + text).size(), kRdataLengthMax);
    text.insert(1, "x");
    std::vector<uint8_t> out;
    Status status = rdata_from_text(RRType::CAA, "0 issue " + text, origin(), out);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("longer than 65535"), std::string::npos);
    EXPECT_TRUE(out.empty());
}

TEST(Rdata, EveryOctetOfAStringComesBack) {
    std::vector<uint8_t> rdata;
    for (int octet = 0; octet < 256; ++octet) {
        if (octet % 128 == 0) rdata.push_back(128);
        rdata.push_back(static_cast<uint8_t>(octet));
    }
    EXPECT_EQ(rdata_of("TXT", rdata_to_text(RRType::TXT, rdata)), rdata);
    // The same as the value of an unknown key, and but for the first two as a protocol name.
    std::vector<uint8_t> svcb = {0, 1, 0, 0, 1, 0, 255, 254};
    for (int octet = 2; octet < 256; ++octet) svcb.push_back(static_cast<uint8_t>(octet));
    svcb.insert(svcb.end(), {0xff, 0, 1, 0});
    for (int octet = 0; octet < 256; ++octet) svcb.push_back(static_cast<uint8_t>(octet));
    ASSERT_TRUE(rdata_check(RRType::SVCB, svcb));
    EXPECT_EQ(rdata_of("SVCB", rdata_to_text(RRType::SVCB, svcb)), svcb);
}

}  // namespace
}  // namespace gatepost::storage
