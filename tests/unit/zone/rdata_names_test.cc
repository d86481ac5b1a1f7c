#include <gtest/gtest.h>

#include <string>

#include "storage/zone/rdata.h"

namespace gatepost::storage {
namespace {

std::vector<uint8_t> encoded_rdata(std::string_view type, std::string_view text) {
    std::vector<uint8_t> rdata;
    Status status = rdata_from_text(*rrtype_from_text(type), text, DnameView(), rdata);
    if (!status) ADD_FAILURE() << type << " " << text << ": " << status.error().message;
    return rdata;
}

// "OFFSET NAME", then + for compressible and * for additional.
std::string names_of(std::string_view type, std::string_view text) {
    std::vector<uint8_t> rdata = encoded_rdata(type, text);
    RdataName names[kRdataNamesMax];
    size_t count = rdata_names(*rrtype_from_text(type), rdata, names);
    std::string all;
    for (size_t i = 0; i < count; ++i) {
        const RdataName& name = names[i];
        all += fmt::format("{}{} {}{}{}", i == 0 ? "" : ", ", name.offset,
                           dname_to_text(DnameView(&rdata[name.offset], name.length)),
                           name.compressible ? "+" : "", name.additional ? "*" : "");
    }
    return all;
}

TEST(RdataNames, OffsetsAndUse) {
    struct Case {
        const char* type;
        const char* text;
        const char* names;
    };
    const Case cases[] = {
        {"NS", "ns1.example.", "0 ns1.example.+*"},
        {"CNAME", "www.example.", "0 www.example.+"},
        {"PTR", "www.example.", "0 www.example.+"},
        {"MX", "10 mail.example.", "2 mail.example.+*"},
        {"MX", "0 .", "2 .+"},
        {"SOA", "ns1.example. host.example. 1 2 3 4 5", "0 ns1.example.+, 13 host.example.+"},
        {"SRV", "0 5 5060 sip.example.", "6 sip.example.*"},
        {"SRV", "0 0 0 .", "6 ."},
        {"SVCB", "1 svc.example. port=53", "2 svc.example.*"},
        {"SVCB", "1 . port=53", "2 ."},
        {"SVCB", "0 svc.example.", "2 svc.example.*"},
        {"HTTPS", "1 web.example. alpn=h2", "2 web.example.*"},
        {"HTTPS", "0 .", "2 ."},
        {"RP", "mbox.example. txt.example.", "0 mbox.example., 14 txt.example."},
        {"AFSDB", "1 db.example.", "2 db.example.*"},
        {"DNAME", "other.example.", "0 other.example."},
        {"NAPTR", "1 2 \"u\" \"sip\" \"\" sip.example.", "11 sip.example."},
        {"RRSIG", "A 8 2 60 2 1 9 signer.example. AA==", "18 signer.example."},
        {"NSEC", "next.example. A", "0 next.example."},
        {"A", "192.0.2.1", ""},
        {"TXT", "\"x\"", ""},
        {"NSEC3", "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s", ""},
        {"TYPE65280", "\\# 1 00", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(names_of(c.type, c.text), c.names) << c.type;
}

TEST(RdataNames, CountsBeyondTheRoomGiven) {
    std::vector<uint8_t> rdata = encoded_rdata("SOA", "a. b. 1 2 3 4 5");
    RdataName one[1];
    EXPECT_EQ(rdata_names(RRType::SOA, rdata, one), 2U);
    EXPECT_EQ(one[0].length, 3U);
    EXPECT_EQ(rdata_names(RRType::SOA, rdata, {}), 2U);
}

TEST(RdataNames, BrokenDataHasThoseBeforeTheBreak) {
    std::vector<uint8_t> rdata = encoded_rdata("SOA", "a. b. 1 2 3 4 5");
    RdataName names[2];
    for (size_t length = 0; length < rdata.size(); ++length) {
        size_t count = rdata_names(RRType::SOA, Bytes(rdata).first(length), names);
        EXPECT_EQ(count, length < 3 ? 0U : length < 6 ? 1U : 2U) << length;
    }
}

TEST(RdataCanonicalize, LowersTheNamesOfOldTypesOnly) {
    struct Case {
        const char* type;
        const char* text;
        const char* canonical;
    };
    const Case cases[] = {
        {"NS", "NS1.Example.", "ns1.example."},
        {"CNAME", "A\\192Z[.", "a\\192z[."},
        {"SOA", "NS1.X. Host.X. 1 2 3 4 5", "ns1.x. host.x. 1 2 3 4 5"},
        {"PTR", "HOST.X.", "host.x."},
        {"MX", "16961 MAIL.X.", "16961 mail.x."},  // 16961 is "BA": not a letter of a name
        {"RP", "MBOX.X. TXT.X.", "mbox.x. txt.x."},
        {"AFSDB", "1 DB.X.", "1 db.x."},
        {"SRV", "16961 16961 16961 SIP.X.", "16961 16961 16961 sip.x."},
        {"NAPTR", "1 2 \"U\" \"SIP\" \"!A!B!\" SIP.X.", "1 2 \"U\" \"SIP\" \"!A!B!\" sip.x."},
        {"DNAME", "Other.X.", "other.x."},
        {"MINFO", "A. B.", "a. b."},
        {"KX", "1 KDC.X.", "1 kdc.x."},
        // RFC 6840 §5.1: of RRSIG, but not of NSEC.
        {"RRSIG", "A 8 2 60 20030322173103 20030220173103 9 SIGNER.X. QUJD",
         "A 8 2 60 20030322173103 20030220173103 9 signer.x. QUJD"},
        {"NSEC", "NEXT.X. A", "NEXT.X. A"},
        // RFC 3597 §7: of no type after RFC 2535's.
        {"SVCB", "1 SVC.X. alpn=H2", "1 SVC.X. alpn=H2"},
        {"HTTPS", "0 SVC.X.", "0 SVC.X."},
        {"LP", "1 L64.X.", "1 L64.X."},
        {"TXT", "\"ABC\"", "\"ABC\""},
        {"HINFO", "\"CPU\" \"OS\"", "\"CPU\" \"OS\""},
        {"CAA", "0 Issue \"CA.X\"", "0 Issue \"CA.X\""},
        {"A", "65.66.67.68", "65.66.67.68"},
        {"TYPE65280", "\\# 3 414243", "\\# 3 414243"},
    };
    for (const Case& c : cases) {
        RRType type = *rrtype_from_text(c.type);
        std::vector<uint8_t> rdata = encoded_rdata(c.type, c.text);
        rdata_canonicalize(type, rdata);
        EXPECT_EQ(rdata_to_text(type, rdata), c.canonical) << c.type;
    }
}

}  // namespace
}  // namespace gatepost::storage
