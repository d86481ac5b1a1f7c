// The secrets of DNS cookies on their way from the replication stream into the index.
#include "controlplane/sync/cookie_secrets.h"

#include <gtest/gtest.h>

#include "controlplane/sync/applier.h"
#include "controlplane/sync/transaction_decoder.h"
#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

class CookieSecretsTest : public ::testing::Test {
  protected:
    void feed(const Octets& message) {
        const auto complete = decoder.feed(message);
        ASSERT_TRUE(complete.has_value()) << complete.error().message;
        if (!*complete) return;
        const Status ok = applier.apply(decoder.batch(), {++lsn, 7});
        ASSERT_TRUE(ok.has_value()) << ok.error().message;
        decoder.batch().clear();
    }
    // A transaction with these rows.
    void commit(std::initializer_list<Octets> messages) {
        feed(begin_message());
        feed(cookie_secrets_relation());
        for (const Octets& message : messages) feed(message);
        feed(commit_message());
    }
    static Octets put(char type, int64_t id, uint8_t octet, std::string_view state) {
        return row_message(type, kCookieSecretsRelation, 'N',
                           cookie_secret_tuple(id, octet, state));
    }
    static Octets remove(int64_t id) {
        return row_message('D', kCookieSecretsRelation, 'K', cookie_secret_key_tuple(id));
    }

    TestStore test;
    TransactionDecoder decoder;
    Applier applier{*test.store};
    uint64_t lsn = 0x1000;
};

TEST_F(CookieSecretsTest, ALife) {
    EXPECT_EQ(test.cookie_secrets(), "none");
    commit({put('I', 1, 11, "active")});
    EXPECT_EQ(test.cookie_secrets(), "!11");
    commit({put('I', 2, 22, "staged")});
    EXPECT_EQ(test.cookie_secrets(), "!11 22");
    commit({put('U', 1, 11, "retired"), put('U', 2, 22, "active")});
    EXPECT_EQ(test.cookie_secrets(), "!22 11");
    commit({remove(1)});
    EXPECT_EQ(test.cookie_secrets(), "!22");
    commit({remove(2)});
    EXPECT_EQ(test.cookie_secrets(), "") << "each process makes cookies with its own";
}

TEST_F(CookieSecretsTest, MoreThanAnIndexHoldsLeaveTheOldestOut) {
    commit({put('I', 1, 1, "retired"), put('I', 2, 2, "retired"), put('I', 3, 3, "active"),
            put('I', 4, 4, "retired"), put('I', 5, 5, "staged")});
    EXPECT_EQ(test.cookie_secrets(), "!3 5 4 2");
}

TEST_F(CookieSecretsTest, AChangedKeyMovesTheSecret) {
    commit({put('I', 1, 11, "active")});
    Octets message = row_message('U', kCookieSecretsRelation, 'K', cookie_secret_key_tuple(1));
    message.push_back('N');
    const Octets tuple = cookie_secret_tuple(9, 11, "active");
    message.insert(message.end(), tuple.begin(), tuple.end());
    commit({message});
    EXPECT_EQ(test.store->cookie_secrets.size(), 1u);
    EXPECT_EQ(test.cookie_secrets(), "!11");
}

TEST_F(CookieSecretsTest, RowsOfAnotherProgramAreRefused) {
    const Octets octets(16, 1);
    EXPECT_TRUE(cookie_secret_from_row({1, octets, "staged"}));
    EXPECT_FALSE(cookie_secret_from_row({1, octets, "sleeping"}));
    EXPECT_FALSE(cookie_secret_from_row({1, Bytes(octets).first(15), "staged"}));
    const std::string_view columns[] = {"id", "state"};
    EXPECT_EQ(CookieSecretColumns::resolve(columns).error().code, ErrorCode::schema);
}

TEST_F(CookieSecretsTest, ATruncatedTableAsksForALoad) {
    feed(begin_message());
    feed(cookie_secrets_relation());
    MessageBuilder truncation('T');
    truncation.u32(1).u8(0).u32(kCookieSecretsRelation);
    EXPECT_EQ(decoder.feed(truncation.octets()).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
