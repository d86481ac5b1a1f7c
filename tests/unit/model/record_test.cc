#include "controlplane/model/record.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/model/model_test_server.h"

namespace gatepost::controlplane {
namespace {

using Values = std::vector<std::string>;

TEST(Record, AddSetRemove) {
    Connection connection = example_zone();
    auto added =
        record_add(connection, "example.org", "www", "a", "192.0.2.2", {}, {.actor = "ada"});
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(added->serial, 2U);
    EXPECT_GT(added->lsn, 0U);
    ASSERT_EQ(added->changes.size(), 1U);
    EXPECT_FALSE(added->changes[0].before);
    EXPECT_EQ(*added->changes[0].after, (RRsetValues{14400, {"192.0.2.2"}}));

    added = record_add(connection, "example.org", "www", "A", "192.0.2.1", 60, {});
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(*added->changes[0].after, (RRsetValues{60, {"192.0.2.1", "192.0.2.2"}}));
    EXPECT_EQ(added->serial, 3U);
    added = record_add(connection, "example.org", "www", "A", "192.0.2.1", {}, {});
    EXPECT_FALSE(added->changes[0].changed());
    EXPECT_EQ(added->serial, 3U);
    EXPECT_EQ(added->lsn, 0U);

    auto set = record_set(connection, "example.org", "www", "A", {"192.0.2.7"}, {}, {});
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(*set->changes[0].after, (RRsetValues{60, {"192.0.2.7"}}));
    ASSERT_TRUE(record_set(connection, "example.org", "@", "MX", {"10 mail", "20 b."}, 5, {}));
    ASSERT_TRUE(record_add(connection, "example.org", "www", "TXT", "two words", 5, {}));

    auto list = record_list(connection, "example.org");
    ASSERT_TRUE(list) << list.error().message;
    ASSERT_EQ(list->size(), 4U);
    EXPECT_EQ(list->at(0).type, "MX");
    EXPECT_EQ(list->at(0).values, (Values{"10 mail.example.org.", "20 b."}));
    EXPECT_EQ(record_list(connection, "example.org", {.name = "www"})->size(), 2U);
    EXPECT_EQ(record_list(connection, "example.org", {.name = "www", .type = "txt"})->at(0).values,
              Values{"\"two words\""});
    EXPECT_EQ(record_list(connection, "example.org", {.limit = 1, .offset = 1})->at(0).type, "NS");

    auto removed = record_remove(connection, "example.org", "@", "MX", "20 B.", {});
    ASSERT_FALSE(removed) << "the text of a value is its own, but for what the canonical form says";
    removed = record_remove(connection, "example.org", "@", "MX", "20 b.", {});
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(removed->changes[0].after->values, Values{"10 mail.example.org."});
    removed = record_remove(connection, "example.org", "@", "MX", "10 mail", {});
    EXPECT_FALSE(removed->changes[0].after) << "the last value takes the RRset with it";
    removed = record_remove(connection, "example.org", "www", "", "", {});
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(removed->changes.size(), 2U);
    EXPECT_EQ(record_list(connection, "example.org")->size(), 1U);
}

TEST(Record, Refusals) {
    Connection connection = example_zone();
    const WriteOptions none;
    EXPECT_ERROR(record_add(connection, "example.net", "w", "A", "192.0.2.1", {}, none),
                 ErrorCode::refused, "`gatepost zone list`");
    EXPECT_ERROR(record_add(connection, "example.org", "w", "A", "192.0.2", {}, none),
                 ErrorCode::invalid, "192.0.2");
    EXPECT_ERROR(record_add(connection, "example.org", "w", "SOA", "x", {}, none), ErrorCode::usage,
                 "SOA");
    EXPECT_ERROR(
        record_add(connection, "example.org", "w.example.net.", "A", "192.0.2.1", {}, none),
        ErrorCode::invalid, "outside");
    EXPECT_ERROR(record_add(connection, "example.org", "@", "CNAME", "x.", {}, none),
                 ErrorCode::invalid, "alias");
    EXPECT_ERROR(record_set(connection, "example.org", "w", "A", {}, {}, none), ErrorCode::usage,
                 "at least one");
    EXPECT_ERROR(record_remove(connection, "example.org", "w", "A", "", none), ErrorCode::refused,
                 "`gatepost record list example.org. w.example.org.`");
    EXPECT_ERROR(record_remove(connection, "example.org", "@", "NS", "x.", none),
                 ErrorCode::refused, "no value x.");
    EXPECT_ERROR(record_remove(connection, "example.org", "w", "", "", none), ErrorCode::refused,
                 "no records");
    EXPECT_ERROR(record_add(connection, "example.org", "w", "A", "192.0.2.1", {}, {.if_serial = 9}),
                 ErrorCode::conflict, "its serial is 1, not 9");
    EXPECT_FALSE(connection.in_transaction());
    EXPECT_EQ(zone_get(connection, "example.org")->serial, 1U);
    auto dry = record_add(connection, "example.org", "w", "A", "192.0.2.1", {},
                          {.if_serial = 1, .dry_run = true});
    ASSERT_TRUE(dry) << dry.error().message;
    EXPECT_TRUE(dry->changes[0].changed());
    EXPECT_EQ(dry->serial, 2U);
    EXPECT_EQ(zone_get(connection, "example.org")->serial, 1U);
}

// Writers of one zone wait for one another instead of losing updates or deadlocking.
TEST(Record, ConcurrentWriters) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    constexpr int kWriters = 4;
    constexpr int kEach = 20;
    std::vector<std::thread> writers;
    std::vector<int> failures(kWriters, 0);
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&, writer] {
            auto own = Connection::open(dsn, "writer");
            for (int i = 0; i < kEach; ++i)
                if (!record_add(*own, "example.org", "shared", "A",
                                fmt::format("192.0.{}.{}", writer, i), {}, {}))
                    ++failures[static_cast<size_t>(writer)];
        });
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(failures, std::vector<int>(kWriters, 0));
    EXPECT_EQ(record_list(connection, "example.org", {.name = "shared"})->at(0).values.size(),
              static_cast<size_t>(kWriters * kEach));
    EXPECT_EQ(zone_get(connection, "example.org")->serial, 1U + kWriters * kEach);
}

TEST(Record, CnameAgainstAddressRace) {
    std::string dsn;
    Connection connection = example_zone(&dsn);
    for (int round = 0; round < 10; ++round) {
        const std::string name = fmt::format("n{}", round);
        bool alias = false;
        std::thread other([&] {
            auto own = Connection::open(dsn, "other");
            alias = record_add(*own, "example.org", name, "CNAME", "x.", {}, {}).has_value();
        });
        const bool address =
            record_add(connection, "example.org", name, "A", "192.0.2.1", {}, {}).has_value();
        other.join();
        EXPECT_NE(alias, address) << "exactly one of the two can be there";
        EXPECT_EQ(record_list(connection, "example.org", {.name = name})->size(), 1U);
    }
}

}  // namespace
}  // namespace gatepost::controlplane
