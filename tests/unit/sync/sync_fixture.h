// The sync path against a real PostgreSQL cluster, for the tests that need one.
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "controlplane/pg/transaction.h"
#include "controlplane/schema/schema.h"
#include "controlplane/sync/sync_service.h"
#include "storage/directory/directory_image.h"
#include "storage/zone_index/view.h"
#include "tests/support/private_postgres.h"
#include "tests/unit/sync/test_certificates.h"

namespace gatepost::controlplane::tests {

using gatepost::tests::PrivatePostgres;
using std::chrono::milliseconds;

inline constexpr auto kPatience = std::chrono::seconds(180);  // only a hang lasts so long

template <typename Condition>
bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
}

// The cluster is shared by the tests; each has a database of its own.
class SyncServiceTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        postgres = new PrivatePostgres();
        const Status ok = postgres->start();
        ASSERT_TRUE(ok.has_value()) << ok.error().message;
        ASSERT_TRUE(postgres->create_database("sync_template").has_value());
        auto connection = Connection::open(postgres->dsn("sync_template"), "test");
        ASSERT_TRUE(connection.has_value()) << connection.error().message;
        const auto migrated = schema_migrate(*connection);
        ASSERT_TRUE(migrated.has_value()) << migrated.error().message;
    }
    static void TearDownTestSuite() {
        delete postgres;
        postgres = nullptr;
    }

    void SetUp() override {
        ASSERT_NE(postgres, nullptr);
        if (!postgres->is_running()) {
            ASSERT_TRUE(postgres->restart().has_value());
        }
        database = fmt::format("sync{}", ++databases);
        ASSERT_TRUE(postgres->create_database(database, "sync_template").has_value());
        reconnect();
        page = storage::RuntimeMapping::create().value();
    }
    void TearDown() override {
        sync.reset();
        connection.close();
    }

    void reconnect() {
        auto opened = Connection::open(postgres->dsn(database), "test");
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        connection = std::move(*opened);
    }
    void start(uint64_t arena_size_max = uint64_t{256} << 20,
               uint64_t directory_size_max = uint64_t{64} << 20) {
        SyncHooks hooks;
        hooks.arena_ready = [this](int, uint64_t generation) { generations.push_back(generation); };
        SyncOptions options;
        options.dsn = postgres->dsn(database);
        options.arena_size_max = arena_size_max;
        options.directory_size_max = directory_size_max;
        options.keys = certificates.watched();
        options.server_name = "mx.example.org";
        sync = std::make_unique<SyncService>(options, *page, std::move(hooks));
        ASSERT_TRUE(sync->start().has_value());
    }
    void start_and_stream() {
        start();
        ASSERT_TRUE(eventually([&] { return phase() == SyncPhase::streaming; })) << error();
    }
    // Gives a position at or after the commit.
    Lsn execute(const std::string& sql) {
        auto transaction = Transaction::begin(connection);
        EXPECT_TRUE(transaction.has_value()) << transaction.error().message;
        const auto result = connection.exec(sql);
        EXPECT_TRUE(result.has_value()) << result.error().message;
        const auto lsn = transaction->commit();
        EXPECT_TRUE(lsn.has_value()) << lsn.error().message;
        return lsn.value_or(0);
    }
    void make_zone(const std::string& name, int records = 1) {
        execute(fmt::format(
            "INSERT INTO gatepost.zones (name, mname, rname) VALUES ('{0}', 'ns1.{0}', 'root.{0}');"
            "INSERT INTO gatepost.rrsets (zone_id, name, type, ttl, rdata)"
            " SELECT z.id, 'h' || i || '.{0}', 'A', 60, ARRAY['192.0.2.' || i % 250]"
            " FROM gatepost.zones z, generate_series(1, {1}) i WHERE z.name = '{0}'",
            name, records));
    }
    void wait_for(Lsn lsn) {
        sync->set_probing(true);
        ASSERT_TRUE(eventually([&] { return sync->board().has_reached(lsn); })) << error();
        sync->set_probing(false);
    }

    SyncPhase phase() const { return sync->board().status().phase; }
    std::string error() const { return sync->board().status().error; }
    // The first record's data in the newest arena, as octets; nullopt: none.
    std::optional<std::vector<uint8_t>> served(std::string_view name, std::string_view type) const {
        auto segment = storage::Segment::map_readonly(sync->board().arena());
        if (!segment) return std::nullopt;
        const storage::ZoneView view(segment->data());
        storage::HashedName hashed;
        hashed.assign(storage::dname_from_text(name).value(), view.secret());
        const storage::Node* node = view.find(hashed, hashed.labels);
        const auto number = static_cast<uint16_t>(storage::rrtype_from_text(type).value());
        const auto* entry = node == nullptr ? nullptr : node->find(number);
        if (entry == nullptr) return std::nullopt;
        const uint8_t* data = node->data(*entry);
        return std::vector<uint8_t>(data + 12, data + entry->length);
    }

    // The types of the candidates in the newest directory; "" where the name has no entry.
    std::string types(std::string_view name) const {
        const auto image = storage::DirectoryImage::map(sync->board().directory_arena());
        if (!image) return image.error().message;
        const auto entry = image->view().find(storage::EntryKind::tls_identity, name);
        return entry ? types_of(entry->value) : "";
    }
    std::string value(storage::EntryKind kind, std::string_view key) const {
        const auto image = storage::DirectoryImage::map(sync->board().directory_arena());
        if (!image) return image.error().message;
        const auto entry = image->view().find(kind, key);
        return entry ? std::string(entry->value.begin(), entry->value.end()) : "";
    }

    static inline PrivatePostgres* postgres = nullptr;
    static inline int databases = 0;
    TestCertificates certificates;
    std::string database;
    Connection connection;
    storage::RuntimeMapping page;
    std::vector<uint64_t> generations;  // written by the sync thread: to be read once it is stopped
    std::unique_ptr<SyncService> sync;
};

}  // namespace gatepost::controlplane::tests
