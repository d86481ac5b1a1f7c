#include "tools/load/query/zone_mix.h"

#include <gtest/gtest.h>

#include <map>

namespace gatepost::tools {
namespace {

using storage::RRType;

storage::ZoneData zone_of(const char* text) {
    storage::ZoneDataBuilder builder;
    Status read = storage::read_master_text(text, "zone", {}, [&](const storage::MasterRecord& r) {
        builder.add(r);
        return Status();
    });
    EXPECT_TRUE(read) << read.error().message;
    return *builder.finish();
}

constexpr const char* kZone = R"($ORIGIN example.org.
$TTL 300
@ SOA ns1 hostmaster 1 2 3 4 5
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::2
mail MX 10 www
alias CNAME www
*.wild A 192.0.2.3
wild TXT "there"
sub NS ns.sub
ns.sub A 192.0.2.4
deep.sub A 192.0.2.5
d DNAME www
x.d A 192.0.2.6
)";

MixOptions only(QueryKind kind, size_t count = 500) {
    MixOptions options;
    options.weights = {{}, true};
    options.weights.of_kind[static_cast<size_t>(kind)] = 1;
    options.count = count;
    return options;
}

std::map<std::string, size_t> draw(const MixOptions& options) {
    auto zone = zone_of(kZone);
    auto list = queries_from_zone(zone, options);
    EXPECT_TRUE(list) << list.error().message;
    std::map<std::string, size_t> out;
    for (size_t i = 0; list && i < list->size(); ++i)
        ++out[storage::dname_to_text((*list)[i].name) + " " +
              storage::rrtype_to_text((*list)[i].type)];
    return out;
}

std::vector<std::string> keys(const std::map<std::string, size_t>& map) {
    std::vector<std::string> out;
    for (const auto& [key, count] : map) out.push_back(key);
    return out;
}

using Texts = std::vector<std::string>;

TEST(ZoneMix, AddressesThatAreServed) {
    EXPECT_EQ(keys(draw(only(QueryKind::address))),
              (Texts{"ns1.example.org. A", "www.example.org. A", "www.example.org. AAAA"}));
}

TEST(ZoneMix, OtherTypesAndAliases) {
    EXPECT_EQ(keys(draw(only(QueryKind::other))),
              (Texts{"alias.example.org. A", "d.example.org. DNAME", "example.org. NS",
                     "mail.example.org. MX", "wild.example.org. TXT"}));
}

TEST(ZoneMix, NoDataIsOfNamesThatAreThere) {
    auto drawn = draw(only(QueryKind::nodata));
    EXPECT_EQ(drawn.count("www.example.org. AAAA"), 0u);
    EXPECT_EQ(drawn.count("www.example.org. A"), 0u);
    EXPECT_EQ(drawn.count("alias.example.org. A"), 0u);
    EXPECT_GT(drawn["ns1.example.org. AAAA"], 0u);
    EXPECT_GT(drawn["mail.example.org. A"], 0u);
}

TEST(ZoneMix, NamesThatAreNotThereAreUnderNoWildcardAndNoCut) {
    auto drawn = draw(only(QueryKind::nxdomain));
    EXPECT_GT(drawn.size(), 400u);  // each another
    for (const auto& [text, count] : drawn) {
        EXPECT_TRUE(text.starts_with("nx")) << text;
        EXPECT_EQ(text.find(".wild."), std::string::npos) << text;
        EXPECT_EQ(text.find(".sub."), std::string::npos) << text;
        EXPECT_EQ(text.find(".d."), std::string::npos) << text;
    }
}

TEST(ZoneMix, WildcardsAndReferrals) {
    for (const auto& [text, count] : draw(only(QueryKind::wildcard)))
        EXPECT_TRUE(text.starts_with("w") && text.ends_with(".wild.example.org. A")) << text;
    for (const auto& [text, count] : draw(only(QueryKind::referral)))
        EXPECT_TRUE(text.starts_with("r") && text.ends_with(".sub.example.org. A")) << text;
}

TEST(ZoneMix, WeightsAreSharesAndTheSeedDecides) {
    MixOptions options;
    options.weights = *mix_from_text("address=75,nxdomain=25");
    options.count = 20'000;
    size_t missing = 0;
    for (const auto& [text, count] : draw(options))
        if (text.starts_with("nx")) missing += count;
    EXPECT_NEAR(static_cast<double>(missing) / 20'000, 0.25, 0.02);
    EXPECT_EQ(draw(options), draw(options));
    auto first = draw(options);
    options.seed = 2;
    EXPECT_NE(first, draw(options));
}

TEST(ZoneMix, AKindThatTheZoneLacks) {
    auto zone = zone_of("$ORIGIN a.\n@ 1 SOA ns h 1 2 3 4 5\n@ 1 NS ns\nns 1 A 192.0.2.1\n");
    MixOptions options = only(QueryKind::wildcard);
    auto refused = queries_from_zone(zone, options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "the zone has no name for queries of kind wildcard");
    options.weights = {};
    options.count = 100;
    auto list = queries_from_zone(zone, options);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->size(), 100u);
}

TEST(ZoneMix, RefusesWeightsThatAreNone) {
    for (const char* text : {"", "address", "address=", "address=x", "adress=1", "address=-1",
                             "address=0", "address=1,,nodata=1", "address=1 ,nodata=1"}) {
        auto mix = mix_from_text(text);
        ASSERT_FALSE(mix) << text;
        EXPECT_EQ(mix.error().code, ErrorCode::usage);
    }
}

}  // namespace
}  // namespace gatepost::tools
