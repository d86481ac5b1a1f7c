// The sync path against a real PostgreSQL cluster.
#include "controlplane/sync/sync_service.h"

#include <gtest/gtest.h>

#include "tests/unit/sync/sync_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

using Address = std::vector<uint8_t>;

TEST_F(SyncServiceTest, CookieSecretsAreLoadedAndFollowed) {
    const auto shared = [&] {
        auto segment = storage::Segment::map_readonly(sync->board().arena());
        EXPECT_TRUE(segment.has_value());
        const auto* set = storage::ZoneView(segment->data()).cookie_secrets();
        return set == nullptr ? storage::CookieSecretSet() : *set;
    };
    start_and_stream();
    const storage::CookieSecretSet loaded = shared();
    EXPECT_EQ(loaded.count, 1u) << "the migrations made one";
    EXPECT_EQ(loaded.has_active, 1u);
    wait_for(execute("INSERT INTO gatepost.dns_cookie_secret DEFAULT VALUES"));
    EXPECT_EQ(shared().count, 2u);
    wait_for(
        execute("UPDATE gatepost.dns_cookie_secret SET state = 'retired' WHERE id = 1;"
                "UPDATE gatepost.dns_cookie_secret SET state = 'active' WHERE id = 2"));
    EXPECT_EQ(shared().secrets[1], loaded.secrets[0]);
    EXPECT_NE(shared().secrets[0], loaded.secrets[0]);
    wait_for(execute("DELETE FROM gatepost.dns_cookie_secret"));
    EXPECT_EQ(shared().has_active, 0u);
    EXPECT_EQ(shared().count, 0u);
}

TEST_F(SyncServiceTest, LoadsThenFollows) {
    make_zone("example.org.", 20);
    start_and_stream();
    EXPECT_EQ(sync->board().status().arena.zones, 1u);
    EXPECT_EQ(served("h7.example.org.", "A"), (Address{192, 0, 2, 7}));

    wait_for(execute(
        "UPDATE gatepost.rrsets SET rdata = ARRAY['198.51.100.1'] WHERE name = 'h7.example.org.'"));
    EXPECT_EQ(served("h7.example.org.", "A"), (Address{198, 51, 100, 1}));

    wait_for(execute("DELETE FROM gatepost.rrsets WHERE name = 'h8.example.org.'"));
    EXPECT_EQ(served("h8.example.org.", "A"), std::nullopt);

    wait_for(execute(
        "UPDATE gatepost.rrsets SET name = 'moved.example.org.' WHERE name = 'h9.example.org.'"));
    EXPECT_EQ(served("h9.example.org.", "A"), std::nullopt);
    EXPECT_EQ(served("moved.example.org.", "A"), (Address{192, 0, 2, 9}));

    make_zone("example.net.", 2);
    wait_for(execute("SELECT 1"));
    EXPECT_EQ(served("h2.example.net.", "A"), (Address{192, 0, 2, 2}));
    wait_for(execute("DELETE FROM gatepost.zones WHERE name = 'example.net.'"));
    EXPECT_EQ(served("h2.example.net.", "A"), std::nullopt);
    EXPECT_EQ(served("example.net.", "SOA"), std::nullopt);
    const auto status = sync->board().status();
    EXPECT_EQ(status.loads_total, 1u);
    EXPECT_GE(status.transactions_total, 4u);
    EXPECT_EQ(status.arena.zones, 1u);
    EXPECT_GT(status.commit_time_us, 0);
}

TEST_F(SyncServiceTest, SerialOfTheZoneIsServed) {
    make_zone("example.org.");
    start_and_stream();
    const auto before = sync->board().directory()->find("example.org.")->serial;
    wait_for(execute("UPDATE gatepost.rrsets SET ttl = 61"));
    const auto after = sync->board().directory()->find("example.org.")->serial;
    EXPECT_NE(before, after);
    const auto soa = served("example.org.", "SOA");
    ASSERT_TRUE(soa.has_value());
    EXPECT_EQ(load_be32(soa->data() + soa->size() - 20), after);
}

TEST_F(SyncServiceTest, QuietServerIsKnownToBeCaughtUp) {
    make_zone("example.org.");
    start_and_stream();
    // Nothing that is published is committed here.
    wait_for(execute("CREATE TABLE other (a int)"));
    EXPECT_GT(sync->board().status().caught_up_at_us, 0);
}

// What the replication stream does not carry change by change is taken over by a new load.
TEST_F(SyncServiceTest, LoadsAnewWhereItCannotFollow) {
    make_zone("example.org.", 3);
    start_and_stream();
    // The schema's own trigger refuses it, unless triggers are switched off.
    wait_for(execute("SET LOCAL session_replication_role = replica; TRUNCATE gatepost.rrsets"));
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::streaming; }));
    EXPECT_EQ(served("h1.example.org.", "A"), std::nullopt);
    EXPECT_TRUE(served("example.org.", "SOA").has_value());
    EXPECT_EQ(sync->board().status().loads_total, 2u);
}

// An RRset whose data PostgreSQL keeps out of line and does not send with a change of the TTL.
TEST_F(SyncServiceTest, ChangeBesideLargeData) {
    make_zone("example.org.");
    start_and_stream();
    wait_for(
        execute("INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)"
                " SELECT z.id, 'big.example.org.', 'TXT', 60,"
                "  (SELECT array_agg('\"' || i || md5(i::text) || md5((i * 7)::text) || '\"') FROM "
                "generate_series(1, 200) i)"
                " FROM gatepost.zones z"));
    const auto before = served("big.example.org.", "TXT");
    ASSERT_TRUE(before.has_value());
    wait_for(execute("UPDATE gatepost.rrsets SET ttl = 77 WHERE name = 'big.example.org.'"));
    const auto after = served("big.example.org.", "TXT");
    ASSERT_TRUE(after.has_value());
    // Record by record, the TTL is the only difference: 4 octets of each of 200.
    ASSERT_EQ(before->size(), after->size());
    EXPECT_NE(before, after);
}

TEST_F(SyncServiceTest, ServerThatGoesAwayIsFollowedAgain) {
    make_zone("example.org.", 3);
    start_and_stream();
    const uint64_t generation = sync->board().status().generation;
    connection.close();
    ASSERT_TRUE(postgres->kill9().has_value());
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    EXPECT_NE(error(), "");
    // What was there is still served.
    EXPECT_EQ(served("h2.example.org.", "A"), (Address{192, 0, 2, 2}));
    ASSERT_TRUE(postgres->restart().has_value());
    reconnect();
    const Lsn lsn = execute(
        "UPDATE gatepost.rrsets SET rdata = ARRAY['198.51.100.9'] WHERE name = 'h2.example.org.'");
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::streaming; })) << error();
    wait_for(lsn);
    EXPECT_EQ(served("h2.example.org.", "A"), (Address{198, 51, 100, 9}));
    EXPECT_EQ(error(), "");
    sync.reset();
    ASSERT_GE(generations.size(), 2u);
    EXPECT_EQ(generations.front(), generation);
    EXPECT_LT(generations.front(), generations.back());
}

TEST_F(SyncServiceTest, MissingAndNewerSchemaAreRefusedByOneSentence) {
    ASSERT_TRUE(connection.exec("CREATE DATABASE bare").has_value());
    database = "bare";
    start();
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    EXPECT_NE(error().find("gatepost schema migrate"), std::string::npos) << error();
    EXPECT_FALSE(sync->board().arena());
}

// Written while the slot is made, the tables are copied and the stream begins: nothing is lost,
// nothing is there twice.
TEST_F(SyncServiceTest, LoadUnderAConcurrentWriter) {
    make_zone("example.org.", 2000);
    std::atomic<bool> stop{false};
    std::atomic<int> written{0};
    std::thread writer([&] {
        auto own = Connection::open(postgres->dsn(database), "writer").value();
        while (!stop) {
            const int i = written.load() + 1;
            const auto done = own.exec(fmt::format(
                "INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)"
                " SELECT id, 'w{}.example.org.', 'A', 60, ARRAY['192.0.2.1'] FROM gatepost.zones",
                i));
            ASSERT_TRUE(done.has_value()) << done.error().message;
            written = i;
        }
    });
    ASSERT_TRUE(eventually([&] { return written > 50; }));
    start_and_stream();
    const int at_stream = written;
    ASSERT_TRUE(eventually([&] { return written > at_stream + 200; }));
    stop = true;
    writer.join();
    wait_for(execute("SELECT 1"));
    EXPECT_EQ(sync->board().status().arena.rrsets,
              2000u + static_cast<uint64_t>(written) + 1);  // and the SOA
    EXPECT_EQ(sync->board().status().loads_total, 1u);
    for (const int i : {1, 50, at_stream, written.load()})
        EXPECT_TRUE(served(fmt::format("w{}.example.org.", i), "A").has_value()) << i;
}

TEST_F(SyncServiceTest, BulkTransactionIsOnePublication) {
    make_zone("example.org.");
    start_and_stream();
    const auto before = sync->board().status();
    wait_for(
        execute("INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)"
                " SELECT z.id, 'bulk' || i || '.example.org.', 'A', 60, ARRAY['192.0.2.1']"
                " FROM gatepost.zones z, generate_series(1, 20000) i"));
    const auto after = sync->board().status();
    EXPECT_EQ(after.arena.version, before.arena.version + 1);
    EXPECT_EQ(after.arena.rrsets, before.arena.rrsets + 20000);
    EXPECT_GE(after.changes_total, 20000u);
}

TEST_F(SyncServiceTest, IndexTooSmallForTheDataIsSaidSo) {
    make_zone("example.org.", 60000);
    start(uint64_t{2} << 20);
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    EXPECT_NE(error().find("full"), std::string::npos) << error();
}

TEST_F(SyncServiceTest, StopsWhileThereIsNoServer) {
    const std::string dsn = postgres->dsn(database);
    database = "nowhere";
    start();
    ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::down; }));
    sync->request_stop();
    EXPECT_TRUE(sync->wait_stopped(std::chrono::duration_cast<milliseconds>(kPatience)));
}

}  // namespace
}  // namespace gatepost::controlplane::tests
