#include "storage/password/base64.h"

#include <gtest/gtest.h>

namespace gatepost::storage {
namespace {

constexpr auto kRequired = Base64Padding::required;
constexpr auto kOptional = Base64Padding::optional;
constexpr auto kAbsent = Base64Padding::absent;

// RFC 4648 §10
TEST(Base64, VectorsOfTheRfc) {
    const std::pair<std::string_view, std::string_view> vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [octets, text] : vectors) {
        SCOPED_TRACE(text);
        EXPECT_EQ(encode_base64(octets), text);
        EXPECT_EQ(decode_base64(text, kRequired), octets);
        const std::string_view bare = text.substr(0, text.find('='));
        EXPECT_EQ(encode_base64(octets, kAbsent), bare);
        EXPECT_EQ(decode_base64(bare, kAbsent), octets);
        EXPECT_EQ(decode_base64(bare, kOptional), octets);
        EXPECT_EQ(decode_base64(text, kOptional), octets);
    }
}

TEST(Base64, EveryOctetComesBack) {
    std::string octets;
    for (int i = 0; i < 256; ++i) octets.push_back(static_cast<char>(i));
    EXPECT_EQ(decode_base64(encode_base64(octets), kRequired), octets);
    EXPECT_EQ(decode_hex(encode_hex(octets)), octets);
}

TEST(Base64, WhatIsNotExactIsRefused) {
    for (std::string_view text :
         {"Zg", "Zg=", "Zg===", "Zm8", "Zh==", "Zm9=", "Z", "=", "==", "====", "Zm9v\n", " Zm9v",
          "Zm 9v", "Zm-v", "Zm_v", "Zg==Zg==", "Z=m9"})
        EXPECT_EQ(decode_base64(text, kRequired), std::nullopt) << text;
    EXPECT_EQ(decode_base64("Zg=", kOptional), std::nullopt);
    EXPECT_EQ(decode_base64("Zg==", kAbsent), std::nullopt);
    EXPECT_EQ(decode_base64("Zh", kAbsent), std::nullopt) << "bits left over";
}

TEST(Hex, EitherCaseAndNothingElse) {
    EXPECT_EQ(decode_hex("00fFAa"), std::string("\0\xff\xaa", 3));
    EXPECT_EQ(decode_hex(""), "");
    for (std::string_view text : {"0", "0g", "0x", " 0", "00 "})
        EXPECT_EQ(decode_hex(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gatepost::storage
