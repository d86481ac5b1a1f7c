// Each rule with a zone that breaks it, and with one that comes close and does not.
#include "storage/zone/zone_check.h"

#include <gtest/gtest.h>

#include "tests/unit/zone/master_text.h"

namespace gatepost::storage {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kSoa = "$TTL 3600\n@ SOA ns hm 1 7200 3600 1209600 3600\n";
constexpr std::string_view kApex =
    "$TTL 3600\n@ SOA ns hm 1 7200 3600 1209600 3600\n@ NS ns\nns A 192.0.2.1\nns AAAA "
    "2001:db8::1\n";

Lines findings_of(const ZoneData& zone) {
    Lines lines;
    for (Finding finding : check_zone(zone).findings) {
        finding.place.clear();
        lines.push_back(finding.text());
    }
    return lines;
}

struct CheckCase {
    std::string text;  // behind kApex
    Lines findings;
};

void expect_findings(const std::vector<CheckCase>& cases) {
    for (const CheckCase& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(findings_of(zone_of(std::string(kApex) + c.text)), c.findings);
    }
}

TEST(ZoneCheck, AGoodZoneHasNoFindings) {
    expect_findings({{
        "@ MX 10 mail\n@ MX 20 mail.elsewhere.\n@ TXT \"v=spf1 mx -all\"\n@ TXT \"v=spf10 is no "
        "policy\"\n"
        "@ DNSKEY 257 3 13 AAAA\nmail A 192.0.2.2\nwww CNAME mail\n"
        "_sip._tcp SRV 0 0 5060 any.wild\nnull MX 0 .\n_x._tcp SRV 0 0 0 .\n*.wild A 192.0.2.3\n"
        "sub NS ns.sub\nsub NS ns.deep.two\nsub NS ns.elsewhere.\nns.sub A 192.0.2.4\nsub DS 1 8 1 "
        "0000000000000000000000000000000000000000\n"
        "two NS ns.deep.two\nns.deep.two AAAA 2001:db8::2\n"
        "self NS self\nself A 192.0.2.5\nd DNAME elsewhere.\n",
        {},
    }});
}

TEST(ZoneCheck, Apex) {
    EXPECT_EQ(findings_of(zone_of("$TTL 60\n@ NS ns\nns A 192.0.2.1\n")),
              Lines{"error: example. SOA: missing SOA at the zone apex, expected exactly one "
                    "[soa-missing]"});
    EXPECT_EQ(findings_of(zone_of(kSoa)),
              Lines{"error: example. NS: missing NS at the zone apex, expected the zone's "
                    "name servers (RFC 1035 §5.2) [ns-missing]"});
    expect_findings({
        {"@ SOA ns hm 2 7200 3600 1209600 3600\n",
         {"error: example. SOA: 2 SOA records, expected exactly one (RFC 1035 §5.2) "
          "[soa-multiple]"}},
        {"@ SOA NS HM 1 7200 3600 1209600 3600\n", {}},  // the same record in another case
        {"sub SOA ns hm 1 7200 3600 1209600 3600\n",
         {"error: sub.example. SOA: an SOA below the zone apex, expected it only at example. "
          "[soa-misplaced]"}},
        {"@ NS gone\n",
         {"error: example. NS: the name server gone.example. has no address in the zone, expected "
          "an A or AAAA of it "
          "[ns-no-address]"}},
        {"@ NS al\nal CNAME ns\n",
         {"error: example. NS: the name server al.example. is a CNAME, expected a name with "
          "addresses (RFC 2181 "
          "§10.3) [ns-cname]"}},
        {"@ DS 1 8 1 0000000000000000000000000000000000000000\n",
         {"error: example. DS: a DS at the zone apex, expected it in the parent zone (RFC 4035 "
          "§2.4) [ds-at-apex]"}},
        {"@ CNAME elsewhere.\n",
         {"error: example. CNAME: SOA exists beside the CNAME, expected the CNAME alone (RFC 1034 "
          "§3.6.2) "
          "[cname-extra]"}},
    });
}

TEST(ZoneCheck, SoaTimes) {
    auto findings = [](const std::string& times) {
        return findings_of(
            zone_of("$TTL 60\n@ SOA ns hm 1 " + times + "\n@ NS ns\nns A 192.0.2.1\n"));
    };
    EXPECT_EQ(findings("1800 900 604800 86400"), Lines());
    EXPECT_EQ(findings("0 0 604800 60"), Lines{"warning: example. SOA: a refresh or retry time of "
                                               "0, expected some minutes: secondaries would ask "
                                               "without a pause [soa-times]"});
    EXPECT_EQ(findings("900 900 604800 60"),
              Lines{"warning: example. SOA: the retry time 900 is not below the refresh "
                    "time 900, expected a fraction of it [soa-times]"});
    EXPECT_EQ(findings("1800 900 2700 60"), Lines{"warning: example. SOA: the expire time 2700 is "
                                                  "not above refresh and retry together (2700), "
                                                  "expected weeks: a secondary would drop the zone "
                                                  "after one missed refresh [soa-times]"});
    EXPECT_EQ(findings("1800 900 604800 86401"),
              Lines{"warning: example. SOA: the TTL of negative answers is 86401 "
                    "seconds, expected at most a day (RFC 2308 §5) [soa-times]"});
    // The sum of both does not fit 32 bits.
    EXPECT_EQ(findings("4294967295 4294967294 4294967295 60").size(), 1u);
}

TEST(ZoneCheck, Aliases) {
    expect_findings({
        {"a CNAME ns\na A 192.0.2.2\n",
         {"error: a.example. CNAME: A exists beside the CNAME, expected the CNAME alone (RFC 1034 "
          "§3.6.2) "
          "[cname-extra]"}},
        {"a CNAME ns\na NSEC b CNAME\na RRSIG CNAME 8 2 3600 20260903210000 20260821200000 1 @ "
         "AAAA\n",
         {}},
        {"a CNAME ns\na CNAME ns2\n",
         {"error: a.example. CNAME: 2 CNAME records at one name, expected one (RFC 2181 §10.1) "
          "[cname-multiple]"}},
        {"a CNAME ns\na CNAME NS\n", {}},  // one record, written twice
        {"a DNAME x.\na A 192.0.2.2\n", {}},
        {"a DNAME x.\na DNAME y.\n",
         {"error: a.example. DNAME: 2 DNAME records at one name, expected one (RFC 6672 §2.4) "
          "[dname-multiple]"}},
        {"a DNAME x.\nb.a A 192.0.2.2\nc.b.a A 192.0.2.2\nab A 192.0.2.2\n",
         {"error: b.a.example. A: a record exists below a DNAME, expected none: the DNAME answers "
          "for all names below "
          "it (RFC 6672 §2.4) [dname-children]",
          "error: c.b.a.example. A: a record exists below a DNAME, expected none: the DNAME "
          "answers for all names "
          "below it (RFC 6672 §2.4) [dname-children]"}},
        {"a DNAME x.\na CNAME y.\n",
         {"error: a.example. CNAME: DNAME exists beside the CNAME, expected the CNAME alone (RFC "
          "1034 §3.6.2) "
          "[cname-extra]"}},
        {"a DNAME x.\na NS ns\n",
         {"error: a.example. DNAME: an NS exists beside the DNAME, expected that only at the zone "
          "apex (RFC 6672 "
          "§2.3) [dname-extra-ns]",
          "warning: a.example. DNAME: data at a zone cut that is neither delegation nor glue: it "
          "is never answered "
          "[occluded]"}},
    });
    // A DNAME at the apex leaves room for nothing but NSEC3 names.
    EXPECT_EQ(findings_of(zone_of(std::string(kSoa) +
                                  "@ NS ns.elsewhere.\n@ DNAME "
                                  "elsewhere.\n2vptu5timamqttgl4luu9kg21e0aor3s NSEC3 1 1 0 - "
                                  "2vptu5timamqttgl4luu9kg21e0aor3s DNAME\n")),
              Lines());
}

TEST(ZoneCheck, Delegations) {
    const std::string occluded =
        " data below a zone cut that is not the glue of a name server: it is never answered "
        "[occluded]";
    const std::string at_cut =
        " data at a zone cut that is neither delegation nor glue: it is never answered [occluded]";
    expect_findings({
        {"sub NS ns.sub\n",
         {"error: sub.example. NS: missing glue record, expected an A or AAAA of ns.sub.example. "
          "[glue-missing]"}},
        // A wildcard below the cut is the child's, and gives no glue.
        {"sub NS ns.sub\n*.sub A 192.0.2.2\n",
         {"error: sub.example. NS: missing glue record, expected an A or AAAA of ns.sub.example. "
          "[glue-missing]",
          "warning: *.sub.example. A:" + occluded}},
        {"sub NS gone\n",
         {"error: sub.example. NS: the name server gone.example. has no address in the zone, "
          "expected an A or AAAA of "
          "it [ns-no-address]"}},
        // What the neighbour's servers know is their business (RFC 9471 §3.2).
        {"sub NS ns.two\ntwo NS ns\n", {}},
        {"sub NS ns\nx.sub TXT x\ny.x.sub A 192.0.2.2\n",
         {"warning: x.sub.example. TXT:" + occluded, "warning: y.x.sub.example. A:" + occluded}},
        {"sub NS ns\nsub TXT x\n", {"warning: sub.example. TXT:" + at_cut}},
        {"sub NS ns\nsub A 192.0.2.2\n", {"warning: sub.example. A:" + at_cut}},
        {"sub NS ns\nsub NSEC ns NS\nsub RRSIG NSEC 8 2 3600 20260903210000 20260821200000 1 @ "
         "AAAA\n",
         {}},
        {"sub NS ns\ndeep.sub NS ns\n", {"warning: deep.sub.example. NS:" + occluded}},
        {"x DS 1 8 1 0000000000000000000000000000000000000000\n",
         {"warning: x.example. DS: a DS without NS, expected it at a delegation only (RFC 4035 "
          "§2.4) "
          "[ds-without-ns]"}},
        {"*.w NS ns\n",
         {"warning: *.w.example. NS: an NS at a wildcard, expected a name: servers and resolvers "
          "differ in what it "
          "means (RFC 4592 §4.2) [ns-wildcard]"}},
    });
}

TEST(ZoneCheck, Targets) {
    const std::string nowhere = " has no address in the zone, expected an A or AAAA of it";
    const std::string alias = " is a CNAME, expected a name with addresses";
    expect_findings({
        {"@ MX 10 gone\n",
         {"warning: example. MX: the target gone.example." + nowhere + " [mx-no-address]"}},
        {"@ MX 10 al\nal CNAME ns\n",
         {"warning: example. MX: the target al.example." + alias + " [mx-cname]"}},
        {"s SRV 0 0 1 gone\n",
         {"warning: s.example. SRV: the target gone.example." + nowhere + " [srv-no-address]"}},
        {"s SRV 0 0 1 al\nal CNAME ns\n",
         {"warning: s.example. SRV: the target al.example." + alias + " [srv-cname]"}},
        {"@ MX 10 text\ntext TXT x\n",
         {"warning: example. MX: the target text.example." + nowhere + " [mx-no-address]"}},
        // RFC 4592 §2.2.2: an empty non-terminal exists, so that the wildcard does not answer for
        // it …
        {"@ MX 10 ent\nx.ent A 192.0.2.2\n* A 192.0.2.3\n",
         {"warning: example. MX: the target ent.example." + nowhere + " [mx-no-address]"}},
        // … nor below it, where the closest encloser has no wildcard.
        {"@ MX 10 y.ent\nx.ent A 192.0.2.2\n* A 192.0.2.3\n",
         {"warning: example. MX: the target y.ent.example." + nowhere + " [mx-no-address]"}},
        {"@ MX 10 y.z.other\n* A 192.0.2.3\n", {}},
        {"@ MX 10 y\n* CNAME ns\n",
         {"warning: example. MX: the target y.example." + alias + " [mx-cname]"}},
        // The child's business.
        {"@ MX 10 mail.sub\n@ MX 10 sub\nsub NS ns\n", {}},
        {"@ MX 10 MAIL\nmail A 192.0.2.2\n", {}},
    });
}

TEST(ZoneCheck, Records) {
    expect_findings({
        {"www.other. A 192.0.2.1\nexample2. A 192.0.2.1\n",
         {"error: example2. A: data out of the zone, expected an owner at or below example. "
          "[out-of-zone]",
          "error: www.other. A: data out of the zone, expected an owner at or below example. "
          "[out-of-zone]"}},
        {"t 60 A 192.0.2.1\nt 30 A 192.0.2.2\nt 90 A 192.0.2.3\n",
         {"warning: t.example. A: TTLs from 30 to 90 in one RRset, expected one (RFC 2181 §5.2); "
          "the lowest is used "
          "[ttl-differs]"}},
        {"s TXT \"v=spf1 -all\"\ns TXT \"V=SPF1\"\n",
         {"warning: s.example. TXT: 2 SPF policies at one name, expected one: receivers refuse to "
          "choose (RFC 7208 "
          "§3.2) [spf-multiple]"}},
    });
}

TEST(ZoneCheck, AnRRsetMustFitAMessage) {
    // 17 octets of data and 12 around them for each record, 65253 octets for all of them.
    auto zone_with = [](size_t count) {
        std::string text(kApex);
        for (size_t i = 0; i < count; ++i) text += fmt::format("big TXT 0123456789{:06}\n", i);
        return findings_of(zone_of(text));
    };
    EXPECT_EQ(zone_with(2250), Lines());
    EXPECT_EQ(
        zone_with(2251),
        Lines{"error: big.example. TXT: 2251 records of 65279 octets do not fit into a message, "
              "expected at most 65253 octets [rrset-too-large]"});
}

TEST(ZoneCheck, TellsPlacesAndOneErrorForAll) {
    ZoneData zone =
        zone_of(std::string(kApex) + "a CNAME b\na CNAME c\n@ MX 10 gone\nx.y. A 192.0.2.1\n");
    ZoneCheckReport report = check_zone(zone);
    EXPECT_EQ(report.error_count, 2u);
    EXPECT_EQ(report.warning_count, 1u);
    EXPECT_FALSE(report.ok());
    Status status = report.status();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::invalid);
    EXPECT_EQ(status.error().message,
              "zone:6: error: a.example. CNAME: 2 CNAME records at one name, expected one (RFC "
              "2181 §10.1) "
              "[cname-multiple]\n"
              "zone:9: error: x.y. A: data out of the zone, expected an owner at or below example. "
              "[out-of-zone]");
    EXPECT_TRUE(check_zone(zone_of(kApex)).status());
}

TEST(ZoneCheck, FindingsAreBoundedAndErrorsGoFirst) {
    std::string text(kApex);
    for (int i = 0; i < 10; ++i)
        text += fmt::format("m{} MX 10 gone\nz{} CNAME a\nz{} CNAME b\n", i, i, i);
    ZoneCheckReport report = check_zone(zone_of(text), {.findings_max = 12});
    EXPECT_EQ(report.error_count, 10u);
    EXPECT_EQ(report.warning_count, 10u);
    ASSERT_EQ(report.findings.size(), 12u);
    for (size_t i = 0; i < 12; ++i)
        EXPECT_EQ(report.findings[i].severity, i < 10 ? Severity::error : Severity::warning);
    report = check_zone(zone_of(text), {.findings_max = 3});
    EXPECT_EQ(report.findings.size(), 3u);
    EXPECT_TRUE(report.status().error().message.ends_with("\n(and 7 more errors)"));
}

}  // namespace
}  // namespace gatepost::storage
