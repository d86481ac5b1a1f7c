// What the directory says of mail, in octets and back.
#include "storage/directory/mail_entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

namespace gatepost::tests {
namespace {

using namespace gatepost::storage;  // NOLINT: the whole of a folder is under test

constexpr std::string_view kHash = "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHQ$aGFzaA";

MailAccount account_of(size_t credentials) {
    MailAccount account{.id = 1'000'000,
                        .flags = kAccountOverQuota | kAccountNoEmail,
                        .quota_bytes = uint64_t{5} << 30,
                        .quota_messages = 100'000};
    for (size_t i = 0; i < credentials; ++i)
        account.credentials.push_back({.id = 7 + i,
                                       .kind = CredentialKind::app_password,
                                       .services = kServiceImap | kServiceSmtp,
                                       .expires_at_s = 1'800'000'000,
                                       .hash = kHash,
                                       .generation = 300 + i});
    return account;
}

// Each octet string that is cut off, has something behind it or is of another version is refused.
template <typename Decode>
void expect_refused_when_damaged(const std::vector<uint8_t>& whole, Decode decode) {
    for (size_t length = 0; length < whole.size(); ++length)
        EXPECT_FALSE(decode(Bytes(whole).first(length)).has_value()) << length;
    auto other = whole;
    other.push_back(0);
    EXPECT_FALSE(decode(other).has_value());
    other = whole;
    ++other[0];
    const auto refused = decode(other);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
}

TEST(MailEntries, Domain) {
    const auto octets = encode(MailDomain{.id = 300,
                                          .active = false,
                                          .alias_of = "example.net",
                                          .subaddress_delimiters = "+-",
                                          .display_name = "Beispiel-Gesellschaft",
                                          .short_display_name = "Beispiel",
                                          .imap_host = "imap.example.org",
                                          .pop_host = "pop.example.org",
                                          .smtp_host = "smtp.example.org"});
    const auto read = decode_mail_domain(octets);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->id, 300u);
    EXPECT_FALSE(read->active);
    EXPECT_EQ(read->alias_of, "example.net");
    EXPECT_EQ(read->subaddress_delimiters, "+-");
    EXPECT_EQ(read->display_name, "Beispiel-Gesellschaft");
    EXPECT_EQ(read->short_display_name, "Beispiel");
    EXPECT_EQ(read->imap_host, "imap.example.org");
    EXPECT_EQ(read->pop_host, "pop.example.org");
    EXPECT_EQ(read->smtp_host, "smtp.example.org");
    expect_refused_when_damaged(octets, decode_mail_domain);
    const auto plain = encode(MailDomain{.id = 1});
    EXPECT_TRUE(decode_mail_domain(plain)->active);
    EXPECT_EQ(decode_mail_domain(plain)->alias_of, "");
    EXPECT_EQ(decode_mail_domain(plain)->imap_host, "");
}

TEST(MailEntries, Account) {
    const MailAccount account = account_of(kCredentialsMax);
    const auto octets = encode(account);
    const auto read = decode_mail_account(octets);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->id, account.id);
    EXPECT_EQ(read->flags, account.flags);
    EXPECT_EQ(read->quota_bytes, account.quota_bytes);
    EXPECT_EQ(read->quota_messages, account.quota_messages);
    ASSERT_EQ(read->credentials.size(), kCredentialsMax);
    const Credential& last = read->credentials.back();
    EXPECT_EQ(last.id, 7 + kCredentialsMax - 1);
    EXPECT_EQ(last.kind, CredentialKind::app_password);
    EXPECT_EQ(last.services, kServiceImap | kServiceSmtp);
    EXPECT_EQ(last.expires_at_s, 1'800'000'000);
    EXPECT_EQ(last.hash, kHash);
    EXPECT_EQ(last.generation, 300 + kCredentialsMax - 1);
    const auto head = decode_mail_account_head(octets);
    ASSERT_TRUE(head.has_value());
    EXPECT_EQ(head->id, account.id);
    EXPECT_EQ(head->flags, account.flags);
    expect_refused_when_damaged(encode(account_of(2)), decode_mail_account);
}

TEST(MailEntries, NumbersAtTheirEnds) {
    for (const uint64_t id :
         {uint64_t{0}, uint64_t{127}, uint64_t{128}, std::numeric_limits<uint64_t>::max()}) {
        MailAccount account = account_of(1);
        account.id = id;
        account.credentials[0].expires_at_s = std::numeric_limits<int64_t>::min();
        const auto octets = encode(account);
        const auto read = decode_mail_account(octets);
        ASSERT_TRUE(read.has_value()) << read.error().message;
        EXPECT_EQ(read->id, id);
        EXPECT_EQ(read->credentials[0].expires_at_s, std::numeric_limits<int64_t>::min());
    }
}

TEST(MailEntries, NumbersHaveOneForm) {
    // id 0 in one octet, and in two; more than 64 bits; without end.
    EXPECT_TRUE(decode_mail_account_head(std::vector<uint8_t>{2, 0, 0}).has_value());
    EXPECT_FALSE(decode_mail_account_head(std::vector<uint8_t>{2, 0x80, 0, 0}).has_value());
    std::vector<uint8_t> large = {2};
    large.insert(large.end(), 9, 0xff);
    large.push_back(2);
    large.push_back(0);
    EXPECT_FALSE(decode_mail_account_head(large).has_value());
    large[10] = 1;
    EXPECT_EQ(decode_mail_account_head(large)->id, std::numeric_limits<uint64_t>::max());
    EXPECT_FALSE(decode_mail_account_head(std::vector<uint8_t>(40, 0xff)).has_value());
    // Flags of more than 16 bits.
    EXPECT_FALSE(
        decode_mail_account_head(std::vector<uint8_t>{2, 0, 0x80, 0x80, 0x04}).has_value());
}

TEST(MailEntries, KindsOfALaterProgramAreRefused) {
    const auto octets = encode(account_of(1));
    auto other = octets;
    const auto kind = std::find(other.begin() + 12, other.end(), uint8_t{2});
    ASSERT_NE(kind, other.end());
    *kind = 9;
    EXPECT_FALSE(decode_mail_account(other).has_value());
}

TEST(MailEntries, Alias) {
    const auto octets = encode(MailAlias{{"ada@example.org", "bob@example.net", ""}});
    const auto read = decode_mail_alias(octets);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->targets,
              (std::vector<std::string_view>{"ada@example.org", "bob@example.net", ""}));
    expect_refused_when_damaged(octets, decode_mail_alias);

    std::vector<std::string_view> many(kAliasTargetsMax, "x@example.org");
    EXPECT_EQ(decode_mail_alias(encode(MailAlias{many}))->targets.size(), kAliasTargetsMax);
    // One more than there may be.
    std::vector<uint8_t> over = {2, 0xe9, 0x07};
    over.insert(over.end(), kAliasTargetsMax + 1, 0);
    EXPECT_FALSE(decode_mail_alias(over).has_value());
}

TEST(MailEntries, AreSmall) {
    MailAccount account = account_of(1);
    // Beside the hash: 16 octets of the record, 8 of each of two slots, 24 of the key, and a unit
    // of the arena may be lost.
    constexpr size_t kAround = 16 + 2 * 8 + 24 + 15;
    EXPECT_LE(encode(account).size() - kHash.size() + kAround, 256u);
    EXPECT_LE(encode(MailAlias{{"ada.lovelace@example.org"}}).size() + kAround, 256u);
}

}  // namespace
}  // namespace gatepost::tests
