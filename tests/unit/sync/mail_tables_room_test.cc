// Very many rows of mail, and arenas that have no room for them.
#include "tests/unit/sync/mail_tables_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

TEST_F(MailTablesTest, ALargeLoadIsTheSameAsItsRows) {
    constexpr int64_t kCount = 20'000;  // several batches
    for (int64_t id = 1; id <= kCount; ++id) apply(account(id, fmt::format("u{}@example.org", id)));
    for (int64_t id = 1; id <= kCount; ++id) apply(credential(id + 5, id));
    for (int64_t id = 1; id <= kCount; ++id)
        apply(MailAliasRow{id, fmt::format("a{}@example.org", id / 2),
                           fmt::format("u{}@example.org", id), true});
    ASSERT_TRUE(store->finish_load().has_value());
    publish();
    EXPECT_EQ(entries(), kCount + kCount / 2 + 1);
    EXPECT_EQ(about("u1@example.org"), "1: 6{X}h");
    EXPECT_EQ(about("u20000@example.org"), "20000: 20005{X}h");
    EXPECT_EQ(targets("a77@example.org"), "u154@example.org u155@example.org");
}

TEST_F(MailTablesTest, AnArenaThatIsTooSmallEndsTheLoad) {
    open(1);  // rounded up to 2 MiB
    Status ok;
    int64_t id = 0;
    while (ok && id < 100'000) {
        ++id;
        ok = store->apply(account(id, fmt::format("{:0>200}@example.org", id)));
    }
    ASSERT_FALSE(ok.has_value());
    EXPECT_EQ(ok.error().code, ErrorCode::refused);
    EXPECT_NE(ok.error().message.find("is full"), std::string::npos) << ok.error().message;
}

TEST_F(MailTablesTest, WhatDidNotFitComesOnceThereIsRoom) {
    open(1);
    publish();
    // Until it is full, one transaction each.
    int64_t id = 0;
    while (store->held()->count() < 3) {
        ++id;
        ASSERT_LT(id, 100'000);
        commit(MailAliasRow{id, fmt::format("{:0>200}@example.org", id), "ada@example.org", true});
    }
    const int64_t last = id;
    const auto source = [](int64_t number) { return fmt::format("{:0>200}@example.org", number); };
    EXPECT_EQ(targets(source(last)), "");
    // One of the same size: blocks of that size are what there will be.
    const std::string address = fmt::format("{:0>200}@example.net", 1);
    apply(account(1, address));
    commit(credential(1, 1));
    EXPECT_EQ(about(address), "");
    EXPECT_EQ(store->held()->count(), 4u);
    for (int64_t gone = 1; gone <= 20; ++gone) apply(MailAliasKey{gone});
    publish();
    publish();
    publish();
    EXPECT_EQ(targets(source(last)), "ada@example.org");
    EXPECT_EQ(about(address), "1: 1{X}h");
    EXPECT_EQ(held(), "");
}

TEST_F(MailTablesTest, AnAccountThatDoesNotFitLeavesNobodyElseAtItsAddress) {
    open(1);
    apply(account(1, "ada@example.org"));
    publish();
    int64_t id = 0;
    while (store->held()->count() == 0) {
        ++id;
        ASSERT_LT(id, 100'000);
        commit(MailAliasRow{id, fmt::format("a{}@example.org", id), "ada@example.org", true});
    }
    // Another account has the address now, and there is no room for it.
    apply(account(1, ""));
    apply(account(2, "ada@example.org"));
    apply(credential(1, 2, "{X}" + std::string(1000, 'h')));
    publish();
    EXPECT_EQ(about("ada@example.org"), "");
}

TEST_F(MailTablesTest, WhatIsKeptOfRowsIsSmall) {
    constexpr int64_t kCount = 100'000;
    for (int64_t id = 1; id <= kCount; ++id) {
        apply(account(id, fmt::format("user.number{}@mail.example.org", id)));
        apply(credential(id, id));
        apply(MailAliasRow{id, fmt::format("alias.number{}@mail.example.org", id),
                           fmt::format("user.number{}@mail.example.org", id), true});
    }
    ASSERT_TRUE(store->finish_load().has_value());
    // An account with a credential and an alias.
    EXPECT_LT(store->mail().size_bytes() / kCount, 256u);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
