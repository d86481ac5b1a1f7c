#include "dataplane/auth/gs2_header.h"

#include <gtest/gtest.h>

namespace gatepost::dataplane {
namespace {

TEST(Gs2Header, ItsForms) {
    const auto none = Gs2Header::parse("n,,n=user,r=abc");
    ASSERT_TRUE(none);
    EXPECT_EQ(none->flag, 'n');
    EXPECT_EQ(none->length, 3u);
    EXPECT_EQ(none->authzid, "");
    const auto bound = Gs2Header::parse("p=tls-exporter,a=al=2Cice=3D,n=x");
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->flag, 'p');
    EXPECT_EQ(bound->binding_name, "tls-exporter");
    EXPECT_EQ(bound->authzid, "al,ice=");
    EXPECT_EQ(bound->length, 29u);
    EXPECT_EQ(Gs2Header::parse("y,,")->flag, 'y');
}

TEST(Gs2Header, WhatIsNone) {
    for (std::string_view text : {"", ",", ",,", "n", "n,", "x,,", "nn,,", "p,,", "p=,,", "p=a b,,",
                                  "n,user,", "n,a=,", "n,a=x=2cy,", "n,a=x=,", "N,,"})
        EXPECT_FALSE(Gs2Header::parse(text)) << text;
}

TEST(Saslname, OnlyItsTwoEscapes) {
    EXPECT_EQ(decode_saslname("a=2Cb=3Dc"), "a,b=c");
    EXPECT_EQ(decode_saslname("grüße"), "grüße");
    for (std::string_view text : {"", "a,b", "a=b", "=2", "=2D", "=2c"})
        EXPECT_EQ(decode_saslname(text), std::nullopt) << text;
    EXPECT_EQ(decode_saslname(std::string_view("a\0b", 3)), std::nullopt);
}

}  // namespace
}  // namespace gatepost::dataplane
