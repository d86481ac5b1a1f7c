#include "storage/zone/rrtype.h"

#include <gtest/gtest.h>

#include "storage/zone/rdata_descriptor.h"

namespace gatepost::storage {
namespace {

TEST(RRType, NamesAndNumbers) {
    struct Case {
        const char* text;
        uint16_t number;
        const char* back;
    };
    const Case cases[] = {
        {"A", 1, "A"},
        {"a", 1, "A"},
        {"aaaa", 28, "AAAA"},
        {"Nsec3Param", 51, "NSEC3PARAM"},
        {"OPENPGPKEY", 61, "OPENPGPKEY"},
        {"HTTPS", 65, "HTTPS"},
        {"any", 255, "ANY"},
        {"CAA", 257, "CAA"},
        {"DLV", 32769, "DLV"},
        {"TYPE1", 1, "A"},
        {"type65280", 65280, "TYPE65280"},
        {"TYPE0", 0, "TYPE0"},
        {"TYPE65535", 65535, "TYPE65535"},
    };
    for (const Case& c : cases) {
        Result<RRType> type = rrtype_from_text(c.text);
        ASSERT_TRUE(type) << c.text;
        EXPECT_EQ(static_cast<uint16_t>(*type), c.number);
        EXPECT_EQ(rrtype_to_text(*type), c.back);
    }
}

TEST(RRType, RefusesOthers) {
    for (const char* text : {"", "AA", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "TYPE 1", "TYP1",
                             "NSEC3PARAMX", "*", "MXX"}) {
        Result<RRType> type = rrtype_from_text(text);
        ASSERT_FALSE(type) << text;
        EXPECT_NE(type.error().message.find("is not a record type"), std::string::npos);
    }
}

TEST(RRType, EveryNumberComesBack) {
    for (uint32_t number = 0; number <= 65535; ++number) {
        RRType type{static_cast<uint16_t>(number)};
        ASSERT_EQ(rrtype_from_text(rrtype_to_text(type)).value_or(RRType{}), type) << number;
    }
}

TEST(RRType, EveryTypeKnownByFieldHasANameAndIsFound) {
    uint32_t last = 0;
    for (const RdataDescriptor& row : rdata_descriptors()) {
        EXPECT_FALSE(rrtype_to_text(row.type).starts_with("TYPE")) << rrtype_to_text(row.type);
        EXPECT_EQ(rdata_descriptor(row.type), &row);
        EXPECT_GT(static_cast<uint32_t>(row.type), last);
        EXPECT_LE(row.name_count, kRdataNamesMax);
        EXPECT_FALSE(rrtype_is_meta(row.type));
        last = static_cast<uint32_t>(row.type);
    }
    for (RRType type : {RRType::OPT, RRType::ANY, RRType::AXFR, RRType{65280}, RRType{300}})
        EXPECT_EQ(rdata_descriptor(type), nullptr);
}

TEST(RRType, MetaTypes) {
    for (RRType type : {RRType::OPT, RRType::TKEY, RRType::TSIG, RRType::IXFR, RRType::AXFR,
                        RRType::MAILA, RRType::MAILB, RRType::ANY, RRType{0}, RRType{128}})
        EXPECT_TRUE(rrtype_is_meta(type)) << rrtype_to_text(type);
    for (RRType type : {RRType::A, RRType::EUI64, RRType::URI, RRType{127}, RRType{65280}})
        EXPECT_FALSE(rrtype_is_meta(type)) << rrtype_to_text(type);
}

TEST(RRType, BesideCname) {
    for (RRType type : {RRType::RRSIG, RRType::NSEC, RRType{25}})
        EXPECT_TRUE(rrtype_allowed_beside_cname(type));
    for (RRType type :
         {RRType::A, RRType::CNAME, RRType::NSEC3, RRType::DNSKEY, RRType::TXT, RRType::DNAME})
        EXPECT_FALSE(rrtype_allowed_beside_cname(type));
}

}  // namespace
}  // namespace gatepost::storage
