// Zones in canonical order, and as text that reads back to the same zone.
#include "storage/zone/zone_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "storage/zone/rdata.h"
#include "storage/zone/zone_check.h"
#include "tests/unit/zone/master_text.h"
#include "tests/unit/zone/rdata_samples.h"

namespace gatepost::storage {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const ZoneData& zone) {
    Lines lines;
    for (const RRset& rrset : zone.rrsets())
        for (Bytes rdata : rrset.rdatas())
            lines.push_back(fmt::format("{} {} {} {}", dname_to_text(rrset.owner()), rrset.ttl(),
                                        rrtype_to_text(rrset.type()),
                                        rdata_to_text(rrset.type(), rdata)));
    return lines;
}

void expect_round_trip(const ZoneData& zone) {
    for (bool relative : {false, true}) {
        std::string text = zone_to_text(zone, {relative});
        ZoneData again = zone_of(text, dname_to_text(zone.apex()));
        EXPECT_TRUE(again == zone) << text.substr(0, 4000);
        EXPECT_EQ(zone_to_text(again, {relative}), text);
    }
}

// The example of RFC 4034 §6.1.
TEST(ZoneData, IsInCanonicalOrder) {
    ZoneData zone = zone_of(
        "$TTL 60\n*.z A 192.0.2.1\n\\200.z A 192.0.2.1\n@ A 192.0.2.1\nzABC.a A "
        "192.0.2.1\nyljkjljk.a A 192.0.2.1\n"
        "Z.a A 192.0.2.1\n\\001.z A 192.0.2.1\na A 192.0.2.1\nz A 192.0.2.1\n"
        "a MX 10 m\n\\000 A 192.0.2.1\n\\001 A 192.0.2.1\n\\000\\000 A 192.0.2.1\nx.\\000 A "
        "192.0.2.1\n");
    EXPECT_EQ(lines_of(zone),
              (Lines{"example. 60 A 192.0.2.1", "\\000.example. 60 A 192.0.2.1",
                     "x.\\000.example. 60 A 192.0.2.1", "\\000\\000.example. 60 A 192.0.2.1",
                     "\\001.example. 60 A 192.0.2.1", "a.example. 60 A 192.0.2.1",
                     "a.example. 60 MX 10 m.example.", "yljkjljk.a.example. 60 A 192.0.2.1",
                     "z.a.example. 60 A 192.0.2.1", "zabc.a.example. 60 A 192.0.2.1",
                     "z.example. 60 A 192.0.2.1", "\\001.z.example. 60 A 192.0.2.1",
                     "*.z.example. 60 A 192.0.2.1", "\\200.z.example. 60 A 192.0.2.1"}));
    expect_round_trip(zone);
}

TEST(ZoneData, GroupsRecordsAndDropsDuplicates) {
    ZoneData zone = zone_of(
        "$TTL 60\nw A 192.0.2.9\nW A 192.0.2.1\nw 50 A 192.0.2.9\nw NS B\nw NS a\nw NS b\n@ SOA ns "
        "hm 1 2 3 4 5\n@ SOA NS hm 1 2 3 4 5\n");
    EXPECT_EQ(lines_of(zone),
              (Lines{"w.example. 50 A 192.0.2.1", "w.example. 50 A 192.0.2.9",
                     "w.example. 60 NS a.example.", "w.example. 60 NS B.example."}));
    EXPECT_EQ(zone.record_count(), 5u);
    EXPECT_EQ(zone.duplicate_count(), 3u);
    ASSERT_EQ(zone.ttl_conflicts().size(), 1u);
    EXPECT_EQ(zone.ttl_conflicts()[0].lowest, 50u);
    EXPECT_EQ(zone.ttl_conflicts()[0].highest, 60u);
    EXPECT_EQ(zone.ttl_conflicts()[0].place, "zone:2");
    EXPECT_EQ(zone.place(zone.rrsets()[1]), "zone:5");
}

TEST(ZoneData, SplitsOffTheSoa) {
    ZoneData zone = zone_of("$TTL 60\n@ 77 SOA Ns hm.x. 1 2 3 4 5\nsub SOA ns hm 1 2 3 4 5\n");
    ASSERT_NE(zone.soa_rrset(), nullptr);
    std::optional<Soa> soa = zone.soa();
    ASSERT_TRUE(soa);
    EXPECT_EQ(dname_to_text(soa->mname), "Ns.example.");
    EXPECT_EQ(dname_to_text(soa->rname), "hm.x.");
    EXPECT_EQ((std::vector<uint32_t>{soa->serial, soa->refresh, soa->retry, soa->expire,
                                     soa->minimum, soa->ttl}),
              (std::vector<uint32_t>{1, 2, 3, 4, 5, 77}));
    std::vector<uint8_t> rdata;
    soa_to_rdata(*soa, rdata);
    EXPECT_TRUE(std::ranges::equal(rdata, *zone.soa_rrset()->rdatas().begin()));
    EXPECT_FALSE(soa_from_rdata(Bytes(rdata).first(rdata.size() - 1)));
    rdata.push_back(0);
    EXPECT_FALSE(soa_from_rdata(rdata));
    EXPECT_EQ(lines_of(zone).size(), 1u);  // the one that is in the wrong place
}

TEST(ZoneData, TakesTheApexFromTheSoa) {
    auto build = [](std::string_view text) {
        ZoneDataBuilder builder;
        EXPECT_TRUE(read_master_text(text, "zone", {}, [&](const MasterRecord& record) -> Status {
            builder.add(record);
            return {};
        }));
        return builder.finish();
    };
    Result<ZoneData> zone = build("a.Example. 60 A 192.0.2.1\nExample. 60 SOA ns hm 1 2 3 4 5\n");
    ASSERT_TRUE(zone);
    EXPECT_EQ(dname_to_text(zone->apex()), "example.");
    zone = build("a.example. 60 A 192.0.2.1\n");
    ASSERT_FALSE(zone);
    EXPECT_EQ(zone.error().message,
              "no SOA record, so that the zone's name is not known; expected one, or the name to "
              "be given");
}

TEST(ZoneData, SignaturesKeepTheTtlsOfWhatTheyCover) {
    const std::string text =
        "@ 60 RRSIG A 8 1 300 20260903210000 20260821200000 1 . AAAA\n"
        "@ 60 RRSIG NS 8 1 900 20260903210000 20260821200000 1 . AAAA\n";
    ZoneData zone = zone_of(text);
    ASSERT_EQ(zone.rrsets().size(), 1u);
    EXPECT_EQ(zone.rrsets()[0].ttl(), 300u);
    EXPECT_TRUE(zone.ttl_conflicts().empty());
    EXPECT_EQ(zone_to_text(zone),
              "$ORIGIN example.\n$TTL 300\n"
              "@                       300    IN RRSIG   A 8 1 300 20260903210000 20260821200000 1 "
              ". AAAA\n"
              "@                       900    IN RRSIG   NS 8 1 900 20260903210000 20260821200000 "
              "1 . AAAA\n");
    expect_round_trip(zone);
}

TEST(ZoneText, Layout) {
    ZoneData zone = zone_of(
        "$TTL 3600\n@ 7200 SOA ns hostmaster 2026010101 7200 5400 1209600 0\n@ NS ns\nns A "
        "192.0.2.1\nns AAAA 2001:db8::1\n"
        "a-name-that-is-longer-than-its-column 1d TXT \"a b\" c\n\\@ 60 TYPE65280 \\# 0\n\\$ttl "
        "TXT x\nx.y. A 192.0.2.2\n",
        "example.");
    EXPECT_EQ(
        zone_to_text(zone),
        "$ORIGIN example.\n"
        "$TTL 3600\n"
        "@                       7200   IN SOA     ns.example. hostmaster.example. (\n"
        "                                          2026010101   ; serial\n"
        "                                          7200         ; refresh (2h)\n"
        "                                          5400         ; retry (1h30m)\n"
        "                                          1209600      ; expire (2w)\n"
        "                                          0 )          ; TTL of negative answers (0s)\n"
        "@                              IN NS      ns.example.\n"
        "\\$ttl                          IN TXT     \"x\"\n"
        "\\@                      60     IN TYPE65280 \\# 0\n"
        "a-name-that-is-longer-than-its-column 86400  IN TXT     \"a b\" \"c\"\n"
        "ns                             IN A       192.0.2.1\n"
        "ns                             IN AAAA    2001:db8::1\n"
        "x.y.                           IN A       192.0.2.2\n");
    std::string absolute = zone_to_text(zone, {.relative = false});
    EXPECT_NE(absolute.find("\nns.example.                    IN A       192.0.2.1\n"),
              std::string::npos)
        << absolute;
    EXPECT_NE(absolute.find("\nexample.                7200   IN SOA "), std::string::npos)
        << absolute;
    expect_round_trip(zone);
}

TEST(ZoneText, TheWritersErrorEndsIt) {
    ZoneData zone = zone_of("$TTL 60\n@ A 192.0.2.1\n");
    Status written = write_zone_text(zone, {}, [](std::string_view) -> Status {
        return fail(ErrorCode::refused, "the disk is full");
    });
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "the disk is full");
}

struct TypedData {
    RRType type{};
    std::vector<uint8_t> wire;
};

std::vector<TypedData> samples() {
    std::vector<TypedData> all;
    for (const RdataSample& sample : rdata_samples()) {
        TypedData& data = all.emplace_back(TypedData{*rrtype_from_text(sample.type), {}});
        std::string hex = sample.wire;
        for (size_t i = 0; i + 1 < hex.size(); i += 2)
            data.wire.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return all;
}

// Names of any octets and data of every type, in any order.
TEST(ZoneText, RoundTripOfRandomZones) {
    const std::vector<TypedData> all = samples();
    ASSERT_GT(all.size(), 100u);
    std::mt19937 random(20260821);
    auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    for (int run = 0; run < 60; ++run) {
        SCOPED_TRACE(run);
        Dname apex = *dname_from_text(
            run % 3 == 0 ? "." : (run % 3 == 1 ? "example." : "a\\.b.\\000x.Example."));
        ZoneDataBuilder builder(apex);
        for (int i = 0; i < 200; ++i) {
            std::vector<uint8_t> wire;
            for (uint32_t labels = below(4); labels > 0; --labels) {
                uint32_t length = 1 + (below(10) == 0 ? below(63) : below(2));
                wire.push_back(static_cast<uint8_t>(length));
                while (length-- > 0)
                    wire.push_back(static_cast<uint8_t>(
                        below(3) == 0 ? below(256) : "aA*.\\\"($;@ 1"[below(12)]));
            }
            wire.push_back(0);
            Result<Dname> owner = dname_join(DnameView(wire.data(), wire.size()),
                                             below(20) == 0 ? DnameView() : apex.view());
            if (!owner) continue;
            const TypedData& sample = all[below(static_cast<uint32_t>(all.size()))];
            builder.add({.owner = *owner,
                         .type = sample.type,
                         .ttl = below(5) == 0 ? below(kTtlMax) : 300,
                         .rdata = sample.wire});
            if (below(4) == 0) {
                std::vector<uint8_t> unknown(below(40));
                for (uint8_t& octet : unknown) octet = static_cast<uint8_t>(below(256));
                builder.add({.owner = *owner, .type = RRType{65280}, .ttl = 60, .rdata = unknown});
                unknown.insert(unknown.begin(), static_cast<uint8_t>(unknown.size()));
                builder.add({.owner = *owner, .type = RRType::TXT, .ttl = 60, .rdata = unknown});
            }
        }
        expect_round_trip(*builder.finish());
    }
}

// Real input, where there is some: two versions of the signed root zone.
TEST(ZoneText, RoundTripOfTheRootZone) {
    const char* folder = std::getenv("GATEPOST_SHARED_DATA");
    if (folder == nullptr) GTEST_SKIP() << "GATEPOST_SHARED_DATA is not set: no root zone to read";
    for (const char* name : {"root-2026082102.zone", "root-2026082201.zone"}) {
        SCOPED_TRACE(name);
        Result<ZoneData> zone = read_zone_file(std::string(folder) + "/zones/" + name, {}, Dname());
        ASSERT_TRUE(zone) << zone.error().message;
        EXPECT_GT(zone->record_count(), 20000u);
        ZoneCheckReport report = check_zone(*zone);
        EXPECT_EQ(report.error_count, 0u) << (report.ok() ? "" : report.status().error().message);
        expect_round_trip(*zone);
    }
}

}  // namespace
}  // namespace gatepost::storage
