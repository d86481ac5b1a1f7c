#include "controlplane/model/names.h"

#include <gtest/gtest.h>

namespace gatepost::controlplane {
namespace {

using storage::RRType;

const storage::Dname kZone = *storage::dname_from_text("example.org.");

std::string owner(std::string_view text) {
    auto name = owner_name(text, kZone);
    return name ? storage::dname_to_text(*name) : "refused";
}

TEST(Names, Owners) {
    EXPECT_EQ(owner("@"), "example.org.");
    EXPECT_EQ(owner(""), "example.org.");
    EXPECT_EQ(owner("WWW"), "www.example.org.");
    EXPECT_EQ(owner("www.example.org."), "www.example.org.");
    EXPECT_EQ(owner("www.example.org"), "www.example.org.");
    EXPECT_EQ(owner("example.org"), "example.org.");
    EXPECT_EQ(owner("example.com"), "example.com.example.org.");
    EXPECT_EQ(owner("example.com."), "refused");
    EXPECT_EQ(owner("a..b"), "refused");
    EXPECT_EQ(owner("a\\."), "a\\..example.org.");
}

TEST(Names, Rnames) {
    EXPECT_EQ(storage::dname_to_text(*rname_from_text("Ada.B@example.org")),
              "ada\\.b.example.org.");
    EXPECT_EQ(storage::dname_to_text(*rname_from_text("hostmaster.example.org")),
              "hostmaster.example.org.");
    EXPECT_FALSE(rname_from_text("@example.org"));
    EXPECT_FALSE(rname_from_text("ada@"));
}

TEST(Names, Values) {
    EXPECT_EQ(canonical_value(RRType::MX, "10 mail", kZone).value(), "10 mail.example.org.");
    EXPECT_EQ(canonical_value(RRType::AAAA, "2001:DB8:0::1", kZone).value(), "2001:db8::1");
    EXPECT_EQ(canonical_value(RRType::TXT, "v=spf1 mx -all", kZone).value(), "\"v=spf1 mx -all\"");
    EXPECT_EQ(canonical_value(RRType::TXT, "\"a b\" \"c\"", kZone).value(), "\"a b\" \"c\"");
    EXPECT_EQ(canonical_value(RRType::TXT, "", kZone).value(), "\"\"");
    const std::string key(300, 'k');
    EXPECT_EQ(canonical_value(RRType::TXT, key, kZone).value(),
              "\"" + key.substr(0, 255) + "\" \"" + key.substr(255) + "\"");
    EXPECT_FALSE(canonical_value(RRType::A, "192.0.2", kZone));
    EXPECT_EQ(canonical_values(RRType::A, {"192.0.2.2", "192.0.2.1", "192.0.2.2"}, kZone).value(),
              (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
    // The case of a name makes no second record.
    EXPECT_EQ(canonical_values(RRType::NS, {"Ns1", "ns1"}, kZone)->size(), 1U);
}

TEST(Names, Types) {
    EXPECT_EQ(rrset_type("mx").value(), RRType::MX);
    EXPECT_FALSE(rrset_type("SOA"));
    EXPECT_FALSE(rrset_type("ANY"));
    EXPECT_FALSE(rrset_type("NOSUCH"));
}

}  // namespace
}  // namespace gatepost::controlplane
