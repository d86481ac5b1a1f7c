#include <gtest/gtest.h>

#include "storage/zone_index/view.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using storage::HashedName;
using storage::Node;
using storage::RRType;
using storage::ZoneView;

constexpr uint16_t kA = static_cast<uint16_t>(RRType::A);

const Node* find(const ZoneView& view, const std::string& name) {
    HashedName hashed;
    hashed.assign(dname(name), view.secret());
    return view.find(hashed, hashed.labels);
}

// Last octet of the only A record at the name; -1: there is none.
int address(const ZoneView& view, const std::string& name) {
    const Node* node = find(view, name);
    if (node == nullptr) return -1;
    const auto* rrset = node->find(kA);
    return rrset == nullptr ? -1 : node->data(*rrset)[15];
}

class WriterTest : public testing::Test {
  protected:
    WriterTest() {
        arena_.add_zone("example.");
        arena_.put("example.", {"www 60 A 192.0.2.1"});
        arena_.publish();
    }
    ZoneView view() const { return ZoneView(arena_.image().base()); }

    TestArena arena_;
};

TEST_F(WriterTest, AChangeIsInvisibleUntilPublished) {
    ZoneView before = view();
    arena_.put("example.", {"www 60 A 192.0.2.2", "new 60 A 192.0.2.3"});
    EXPECT_EQ(address(view(), "www.example."), 1);
    EXPECT_EQ(address(view(), "new.example."), -1);
    arena_.publish();
    EXPECT_EQ(address(view(), "www.example."), 2);
    EXPECT_EQ(address(view(), "new.example."), 3);
    // A burst that began before still sees all of the old and nothing of the new.
    EXPECT_EQ(address(before, "www.example."), 1);
    EXPECT_EQ(address(before, "new.example."), -1);
}

TEST_F(WriterTest, ARemovedNameStaysForOlderReaders) {
    arena_.qsbr().readers[0].online(arena_.qsbr().epoch);
    ZoneView before = view();
    arena_.remove("example.", "www", "A");
    arena_.publish();
    EXPECT_EQ(address(before, "www.example."), 1);
    EXPECT_EQ(find(view(), "www.example."), nullptr);
    arena_.qsbr().readers[0].offline();
    arena_.publish();
    arena_.publish();
    EXPECT_EQ(find(view(), "www.example."), nullptr);
    EXPECT_EQ(arena_.writer().stats().retired_bytes, 0u);
    EXPECT_EQ(arena_.writer().stats().names, 1u);
}

TEST_F(WriterTest, EmptyNonTerminalsComeAndGo) {
    arena_.put("example.", {"a.b.c 60 A 192.0.2.4"});
    arena_.publish();
    EXPECT_EQ(arena_.writer().stats().names, 5u);
    ASSERT_NE(find(view(), "b.c.example."), nullptr);
    EXPECT_TRUE(find(view(), "b.c.example.")->has(storage::kNodeEmpty));
    arena_.put("example.", {"c 60 A 192.0.2.5"});
    arena_.remove("example.", "a.b.c", "A");
    arena_.publish();
    EXPECT_EQ(find(view(), "b.c.example."), nullptr);
    EXPECT_EQ(address(view(), "c.example."), 5);
    EXPECT_EQ(arena_.writer().stats().names, 3u);
}

TEST_F(WriterTest, RollbackLeavesNoTrace) {
    auto before = arena_.writer().stats();
    arena_.writer().begin_zone();
    arena_.put("example.", {"www 60 A 192.0.2.9", "x.y 60 A 192.0.2.9"});
    arena_.remove("example.", "www", "A");
    arena_.put("example.", {"www 60 AAAA 2001:db8::1", "x.y 60 MX 10 www"});
    arena_.writer().rollback_zone();
    arena_.publish();
    EXPECT_EQ(address(view(), "www.example."), 1);
    EXPECT_EQ(find(view(), "y.example."), nullptr);
    auto after = arena_.writer().stats();
    EXPECT_EQ(after.names, before.names);
    EXPECT_EQ(after.rrsets, before.rrsets);
    // The parents' counts are right again: removing the last name below prunes nothing wrongly.
    arena_.put("example.", {"x.y 60 A 192.0.2.7"});
    arena_.remove("example.", "x.y", "A");
    arena_.publish();
    EXPECT_EQ(arena_.writer().stats().names, before.names);
}

TEST_F(WriterTest, AbortTakesBackZonesToo) {
    arena_.add_zone("other.");
    arena_.put("other.", {"www 60 A 192.0.2.1"});
    arena_.writer().remove_zone(arena_.zone("example."));
    arena_.writer().abort();
    arena_.publish();
    EXPECT_EQ(address(view(), "www.example."), 1);
    EXPECT_EQ(find(view(), "other."), nullptr);
    EXPECT_EQ(arena_.writer().stats().zones, 1u);
}

TEST_F(WriterTest, AZoneThatBreaksARuleIsRolledBackAlone) {
    arena_.add_zone("good.");
    arena_.publish();
    arena_.writer().begin_zone();
    arena_.put("good.", {"www 60 A 192.0.2.8"});
    EXPECT_TRUE(arena_.writer().finish_zone().has_value());
    arena_.writer().begin_zone();
    arena_.put("example.", {"www 60 A 192.0.2.9", "www 60 CNAME good."});
    Status bad = arena_.writer().finish_zone();
    ASSERT_FALSE(bad.has_value());
    EXPECT_EQ(bad.error().message,
              "www.example. has a CNAME beside A: a CNAME must be alone at its name");
    arena_.publish();
    EXPECT_EQ(address(view(), "www.good."), 8);
    EXPECT_EQ(address(view(), "www.example."), 1);
}

TEST_F(WriterTest, ACnameMayReplaceDataInOneTransaction) {
    arena_.writer().begin_zone();
    arena_.put("example.", {"www 60 CNAME other"});
    arena_.remove("example.", "www", "A");
    EXPECT_TRUE(arena_.writer().finish_zone().has_value());
}

TEST_F(WriterTest, RefusesWhatAZoneCannotHold) {
    EXPECT_EQ(arena_.try_put("example.", "www.other. 60 A 192.0.2.1").error().message,
              "www.other. A is outside of its zone example.");
    EXPECT_FALSE(arena_.try_put("example.", "www 60 SOA . . 1 2 3 4 5").has_value());
    auto twice = arena_.writer().add_zone(dname("example."), sample_soa("example."));
    ASSERT_FALSE(twice.has_value());
    EXPECT_EQ(twice.error().message, "zone example. is there already");
    EXPECT_EQ(address(view(), "www.example."), 1);
}

TEST_F(WriterTest, AFullArenaRefusesAndKeepsServing) {
    TestArena small(2 << 20);
    small.add_zone("example.");
    small.put("example.", {"www 60 A 192.0.2.1"});
    small.publish();
    Status ok;
    for (int i = 0; ok && i < 100'000; ++i)
        ok = small.try_put("example.", "h" + std::to_string(i) + " 60 A 192.0.2.2");
    ASSERT_FALSE(ok.has_value());
    EXPECT_EQ(ok.error().code, ErrorCode::refused);
    small.writer().abort();
    small.publish();
    ZoneView after(small.image().base());
    EXPECT_EQ(address(after, "www.example."), 1);
    EXPECT_EQ(address(after, "h0.example."), -1);
    EXPECT_EQ(small.writer().stats().names, 2u);
}

TEST_F(WriterTest, NestedZonesKeepBothSidesOfAName) {
    arena_.put("example.", {"child 60 NS ns.child", "ns.child 60 A 192.0.2.20"});
    arena_.publish();
    arena_.add_zone("child.example.");
    arena_.put("child.example.", {"ns 60 A 192.0.2.21"});
    arena_.publish();
    const Node* apex = find(view(), "child.example.");
    ASSERT_NE(apex, nullptr);
    EXPECT_TRUE(apex->has(storage::kNodeApex));
    EXPECT_EQ(address(view(), "ns.child.example."), 21);
    // Changing the parent's side leaves the child's in front.
    arena_.put("example.", {"ns.child 60 A 192.0.2.22"});
    arena_.publish();
    EXPECT_EQ(address(view(), "ns.child.example."), 21);
    arena_.writer().remove_zone(arena_.zone("child.example."));
    arena_.publish();
    EXPECT_EQ(address(view(), "ns.child.example."), 22);
    EXPECT_TRUE(find(view(), "child.example.")->has(storage::kNodeCut));
}

TEST_F(WriterTest, ARemovedZoneTakesItsNamesAlong) {
    arena_.put("example.", {"a.b 60 A 192.0.2.4", "c 60 A 192.0.2.4"});
    arena_.publish();
    arena_.writer().remove_zone(arena_.zone("example."));
    arena_.publish();
    arena_.publish();
    auto stats = arena_.writer().stats();
    EXPECT_EQ(stats.names, 0u);
    EXPECT_EQ(stats.zones, 0u);
    EXPECT_EQ(stats.rrsets, 0u);
    EXPECT_EQ(find(view(), "example."), nullptr);
}

}  // namespace
}  // namespace gatepost::tests
