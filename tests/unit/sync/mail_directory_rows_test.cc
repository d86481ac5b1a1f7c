// The tables of mail in the replication stream.
#include "controlplane/sync/mail_directory_rows.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "controlplane/sync/transaction_decoder.h"
#include "tests/unit/sync/sync_support.h"

namespace gatepost::controlplane::tests {
namespace {

constexpr RelationId kMailRelation = 300;

Octets mail_tuple(uint16_t columns, const std::function<void(MessageBuilder&)>& fill) {
    MessageBuilder builder('\0');
    builder.u16(columns);
    fill(builder);
    return {builder.octets().begin() + 1, builder.octets().end()};
}

class MailDirectoryRowsTest : public ::testing::Test {
  protected:
    std::span<const DirectoryChange> commit(std::initializer_list<Octets> messages) {
        feed(begin_message());
        for (const Octets& message : messages) feed(message);
        feed(commit_message());
        return decoder.batch().directory();
    }
    void feed(const Octets& message) {
        const auto complete = decoder.feed(message);
        ASSERT_TRUE(complete.has_value()) << complete.error().message;
    }
    // The error that a row gives.
    Error refuse(const Octets& relation, const Octets& row) {
        feed(begin_message());
        feed(relation);
        const auto complete = decoder.feed(row_message('I', kMailRelation, 'N', row));
        return complete ? Error{ErrorCode::refused, "taken"} : complete.error();
    }

    TransactionDecoder decoder;
};

Octets accounts_relation() {
    // In another order than the program's, and with one that it does not look at.
    return relation_message(kMailRelation, "gatepost", "accounts",
                            {"id", "domain_id", "role", "state", "address", "quota_bytes",
                             "quota_messages", "over_quota"});
}

Octets account_tuple(int64_t id, std::string_view role, std::string_view state,
                     std::string_view address, int64_t quota, uint8_t over_quota) {
    return mail_tuple(8, [&](MessageBuilder& b) {
        b.int8(id).int8(1).binary(role).binary(state);
        if (address.empty())
            b.u8('n');
        else
            b.binary(address);
        b.int8(quota).int8(7).binary(Octets{over_quota});
    });
}

TEST_F(MailDirectoryRowsTest, Domains) {
    const Octets relation = relation_message(
        kMailRelation, "gatepost", "mail_domains",
        {"id", "name", "active", "alias_of", "subaddress_delimiters", "imap_host", "pop_host",
         "smtp_host", "display_name", "short_display_name", "default_quota_bytes"});
    const auto row = [](uint8_t active, std::optional<int64_t> alias_of) {
        return mail_tuple(11, [&](MessageBuilder& b) {
            b.int8(3).binary("example.org").binary(Octets{active});
            if (alias_of)
                b.int8(*alias_of);
            else
                b.u8('n');
            b.binary("+-").binary("imap.example.org").binary("pop.example.org");
            b.binary("").binary("Example Ltd").binary("Example").int8(0);
        });
    };
    const Octets key = mail_tuple(11, [](MessageBuilder& b) {
        b.int8(3);
        for (int i = 0; i < 10; ++i) b.u8('n');
    });
    const auto changes =
        commit({relation, row_message('I', kMailRelation, 'N', row(1, std::nullopt)),
                row_message('U', kMailRelation, 'N', row(0, 8)),
                row_message('D', kMailRelation, 'K', key)});
    ASSERT_EQ(changes.size(), 3u);
    const auto& first = std::get<MailDomainRow>(changes[0]);
    EXPECT_EQ(first.id, 3);
    EXPECT_EQ(first.name, "example.org");
    EXPECT_TRUE(first.active);
    EXPECT_EQ(first.alias_of, std::nullopt);
    EXPECT_EQ(first.subaddress_delimiters, "+-");
    EXPECT_EQ(first.imap_host, "imap.example.org");
    EXPECT_EQ(first.pop_host, "pop.example.org");
    EXPECT_EQ(first.smtp_host, "");
    EXPECT_EQ(first.display_name, "Example Ltd");
    EXPECT_EQ(first.short_display_name, "Example");
    EXPECT_FALSE(std::get<MailDomainRow>(changes[1]).active);
    EXPECT_EQ(std::get<MailDomainRow>(changes[1]).alias_of, 8);
    EXPECT_EQ(std::get<MailDomainKey>(changes[2]).id, 3);
}

TEST_F(MailDirectoryRowsTest, Accounts) {
    const auto row = [](const Octets& tuple) {
        return row_message('I', kMailRelation, 'N', tuple);
    };
    const auto changes =
        commit({accounts_relation(),
                row(account_tuple(5, "admin", "active", "ada@example.org", 1 << 30, 0)),
                row(account_tuple(6, "no_email", "suspended", "bob@example.org", -1, 1)),
                row(account_tuple(7, "user", "removed", "", 0, 0)),
                row(account_tuple(8, "user", "of a later program", "eve@example.org", 0, 0))});
    ASSERT_EQ(changes.size(), 4u);
    const auto& ada = std::get<MailAccountRow>(changes[0]);
    EXPECT_EQ(ada.id, 5);
    EXPECT_EQ(ada.address, "ada@example.org");
    EXPECT_EQ(ada.flags, 0);
    EXPECT_EQ(ada.quota_bytes, uint64_t{1} << 30);
    EXPECT_EQ(ada.quota_messages, 7u);
    const auto& bob = std::get<MailAccountRow>(changes[1]);
    EXPECT_EQ(bob.flags,
              storage::kAccountSuspended | storage::kAccountNoEmail | storage::kAccountOverQuota);
    EXPECT_EQ(bob.quota_bytes, 0u);
    EXPECT_EQ(std::get<MailAccountRow>(changes[2]).address, "");
    EXPECT_EQ(std::get<MailAccountRow>(changes[3]).flags, storage::kAccountSuspended);
}

TEST_F(MailDirectoryRowsTest, Credentials) {
    const Octets relation = relation_message(
        kMailRelation, "gatepost", "credentials",
        {"id", "account_id", "kind", "services", "label", "hash", "expires_at", "generation"});
    const auto row = [](std::string_view kind, const Values& services,
                        std::optional<int64_t> expires) {
        return row_message('I', kMailRelation, 'N', mail_tuple(8, [&](MessageBuilder& b) {
                               b.int8(9).int8(5).binary(kind).binary(text_array(services));
                               b.binary("phone").binary("{X}hash");
                               if (expires)
                                   b.int8(*expires);
                               else
                                   b.u8('n');
                               b.int8(3);
                           }));
    };
    // 2027-01-15 08:00:00 UTC, in microseconds since 2000.
    const int64_t when = (1'800'000'000 - 946'684'800) * int64_t{1'000'000};
    const auto changes =
        commit({relation, row("password", {"*"}, std::nullopt),
                row("app_password", {"imap", "smtp", "gopher"}, when),
                row("token", {"web", "pop3", "sieve"}, std::numeric_limits<int64_t>::max()),
                row("retina", {}, std::numeric_limits<int64_t>::min())});
    ASSERT_EQ(changes.size(), 4u);
    const auto& password = std::get<MailCredentialRow>(changes[0]);
    EXPECT_EQ(password.id, 9);
    EXPECT_EQ(password.account_id, 5);
    EXPECT_EQ(password.kind, storage::CredentialKind::password);
    EXPECT_EQ(password.services, storage::kServiceAny);
    EXPECT_EQ(password.expires_at_s, 0);
    EXPECT_EQ(password.hash, "{X}hash");
    EXPECT_EQ(password.generation, 3u);
    const auto& app = std::get<MailCredentialRow>(changes[1]);
    EXPECT_EQ(app.kind, storage::CredentialKind::app_password);
    EXPECT_EQ(app.services, storage::kServiceImap | storage::kServiceSmtp);
    EXPECT_EQ(app.expires_at_s, 1'800'000'000);
    const auto& token = std::get<MailCredentialRow>(changes[2]);
    EXPECT_EQ(token.kind, storage::CredentialKind::token);
    EXPECT_EQ(token.services,
              storage::kServiceWeb | storage::kServicePop3 | storage::kServiceSieve);
    EXPECT_EQ(token.expires_at_s, 0);
    const auto& other = std::get<MailCredentialRow>(changes[3]);
    EXPECT_EQ(other.kind, std::nullopt);
    EXPECT_EQ(other.services, 0);
    EXPECT_EQ(other.expires_at_s, 1) << "has passed";
}

TEST_F(MailDirectoryRowsTest, Aliases) {
    const Octets relation = relation_message(kMailRelation, "gatepost", "aliases",
                                             {"id", "source", "target", "active"});
    const Octets row = mail_tuple(4, [](MessageBuilder& b) {
        b.int8(4).binary("@example.org").binary("ada@example.net").binary(Octets{0});
    });
    const auto changes = commit({relation, row_message('I', kMailRelation, 'N', row)});
    ASSERT_EQ(changes.size(), 1u);
    const auto& alias = std::get<MailAliasRow>(changes[0]);
    EXPECT_EQ(alias.id, 4);
    EXPECT_EQ(alias.source, "@example.org");
    EXPECT_EQ(alias.target, "ada@example.net");
    EXPECT_FALSE(alias.active);
    EXPECT_EQ(size_bytes(changes[0]),
              sizeof(DirectoryChange) + alias.source.size() + alias.target.size());
}

TEST_F(MailDirectoryRowsTest, AColumnThatWasNotSentAsksForALoad) {
    const Octets row = mail_tuple(8, [](MessageBuilder& b) {
        b.int8(5).int8(1).binary("user").binary("active").u8('u').int8(0).int8(0);
        b.binary(Octets{0});
    });
    const Error error = refuse(accounts_relation(), row);
    EXPECT_EQ(error.code, ErrorCode::conflict) << error.message;
    EXPECT_NE(error.message.find("gatepost.accounts cannot be read: address was not sent"),
              std::string::npos)
        << error.message;
}

TEST_F(MailDirectoryRowsTest, AMissingColumnIsToldWithItsTable) {
    feed(begin_message());
    const auto complete = decoder.feed(
        relation_message(kMailRelation, "gatepost", "aliases", {"id", "source", "target"}));
    ASSERT_FALSE(complete.has_value());
    EXPECT_EQ(complete.error().code, ErrorCode::schema);
    EXPECT_NE(complete.error().message.find("gatepost.aliases"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::controlplane::tests
