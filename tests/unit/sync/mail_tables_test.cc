// From rows of domains, accounts, credentials and aliases to entries of the directory.
#include "tests/unit/sync/mail_tables_fixture.h"

namespace gatepost::controlplane::tests {
namespace {

TEST_F(MailTablesTest, Domains) {
    apply(MailDomainRow{2, "alias.example", true, 1, "+"});  // in front of the one that it means
    commit(MailDomainRow{1, "example.org", true, std::nullopt, "+-"});
    EXPECT_EQ(domain("example.org").id, 1u);
    EXPECT_EQ(domain("example.org").subaddress_delimiters, "+-");
    EXPECT_EQ(domain("alias.example").alias_of, "example.org");
    EXPECT_EQ(held(), "");
    commit(MailDomainRow{1, "example.org", false, std::nullopt, ""});
    EXPECT_FALSE(domain("example.org").active);
    EXPECT_EQ(domain("example.org").subaddress_delimiters, "");
    commit(MailDomainRow{1, "example.net", true, std::nullopt, ""});
    EXPECT_FALSE(find(EntryKind::mail_domain, "example.org").has_value());
    EXPECT_EQ(domain("alias.example").alias_of, "example.net");
    commit(MailDomainKey{2});
    EXPECT_FALSE(find(EntryKind::mail_domain, "alias.example").has_value());
    // Removed, and made again under another id.
    apply(MailDomainKey{1});
    commit(MailDomainRow{5, "example.net", true, std::nullopt, "+"});
    EXPECT_EQ(domain("example.net").id, 5u);
    commit(MailDomainKey{9});  // never heard of
    EXPECT_EQ(entries(), 1u);
}

TEST_F(MailTablesTest, NamesForMailPrograms) {
    commit(MailDomainRow{.id = 1,
                         .name = "example.org",
                         .active = true,
                         .alias_of = std::nullopt,
                         .subaddress_delimiters = "+",
                         .display_name = "Example Ltd",
                         .short_display_name = "Example",
                         .imap_host = "imap.example.org",
                         .pop_host = "pop.example.org",
                         .smtp_host = "smtp.example.org"});
    const storage::MailDomain found = domain("example.org");
    EXPECT_EQ(found.display_name, "Example Ltd");
    EXPECT_EQ(found.short_display_name, "Example");
    EXPECT_EQ(found.imap_host, "imap.example.org");
    EXPECT_EQ(found.pop_host, "pop.example.org");
    EXPECT_EQ(found.smtp_host, "smtp.example.org");
}

TEST_F(MailTablesTest, CredentialsKeepTheirGeneration) {
    apply(account(7, "ada@example.org"));
    MailCredentialRow row = credential(1, 7);
    row.generation = 5;
    commit(row);
    const auto generation = [&] {
        const auto entry = find(EntryKind::mail_account, "ada@example.org");
        return storage::decode_mail_account(entry->value)->credentials.at(0).generation;
    };
    EXPECT_EQ(generation(), 5u);
    commit(account(7, "ada@example.org", storage::kAccountOverQuota));
    EXPECT_EQ(generation(), 5u) << "of an account that is taken up again";
}

TEST_F(MailTablesTest, AnAliasOfADomainThatIsNotThere) {
    commit(MailDomainRow{2, "alias.example", true, 1, "+"});
    EXPECT_EQ(held(),
              "mail domain alias.example(not served) it is an alias of domain 1, which is not "
              "there;");
    commit(MailDomainRow{1, "example.org", true, std::nullopt, "+"});
    EXPECT_EQ(domain("alias.example").alias_of, "example.org");
    EXPECT_EQ(held(), "");
}

TEST_F(MailTablesTest, AnAccountsLife) {
    apply(account(7, "ada@example.org"));
    apply(credential(2, 7, "{Y}i"));
    commit(credential(1, 7));
    EXPECT_EQ(about("ada@example.org"), "7: 1{X}h 2{Y}i");
    const uint64_t serial = find(EntryKind::mail_account, "ada@example.org")->serial;
    commit(account(7, "ada@example.org"));
    EXPECT_EQ(find(EntryKind::mail_account, "ada@example.org")->serial, serial) << "no news";
    commit(account(7, "ada@example.org", storage::kAccountOverQuota));
    const auto entry = find(EntryKind::mail_account, "ada@example.org");
    EXPECT_EQ(storage::decode_mail_account_head(entry->value)->flags, storage::kAccountOverQuota);
    EXPECT_EQ(about("ada@example.org"), "7: 1{X}h 2{Y}i");
    commit(credential(1, 7, "{Z}new"));
    EXPECT_EQ(about("ada@example.org"), "7: 1{Z}new 2{Y}i");
    commit(MailCredentialKey{2});
    EXPECT_EQ(about("ada@example.org"), "7: 1{Z}new");
    commit(account(7, "ada@example.net"));
    EXPECT_EQ(about("ada@example.org"), "");
    EXPECT_EQ(about("ada@example.net"), "7: 1{Z}new");
    // As a cascade has it: the account first.
    apply(MailAccountKey{7});
    commit(MailCredentialKey{1});
    EXPECT_EQ(entries(), 0u);
}

TEST_F(MailTablesTest, TheBin) {
    apply(account(7, "ada@example.org"));
    commit(credential(1, 7));
    commit(account(7, ""));
    EXPECT_EQ(about("ada@example.org"), "");
    // The address is another's, and what happens in the bin is known when it comes back.
    apply(account(8, "ada@example.org"));
    commit(credential(3, 8));
    EXPECT_EQ(about("ada@example.org"), "8: 3{X}h");
    commit(credential(2, 7, "{Y}i"));
    commit(account(7, "ada2@example.org"));
    EXPECT_EQ(about("ada2@example.org"), "7: 1{X}h 2{Y}i");
    EXPECT_EQ(about("ada@example.org"), "8: 3{X}h");
    commit(account(7, ""));
    apply(MailAccountKey{7});
    apply(MailCredentialKey{1});
    commit(MailCredentialKey{2});
    commit(account(7, "ada2@example.org"));
    EXPECT_EQ(about("ada2@example.org"), "7:");
}

TEST_F(MailTablesTest, AddressesPassFromOneToAnother) {
    apply(account(1, "a@example.org"));
    apply(credential(1, 1));
    apply(account(2, "b@example.org"));
    commit(credential(2, 2));
    // Exchanged, by way of a third.
    apply(account(1, "c@example.org"));
    apply(account(2, "a@example.org"));
    commit(account(1, "b@example.org"));
    EXPECT_EQ(about("a@example.org"), "2: 2{X}h");
    EXPECT_EQ(about("b@example.org"), "1: 1{X}h");
    EXPECT_EQ(about("c@example.org"), "");
    // Into the bin, and the address taken, at once.
    apply(account(1, ""));
    commit(account(3, "b@example.org"));
    EXPECT_EQ(about("b@example.org"), "3:");
    EXPECT_EQ(entries(), 2u);
}

TEST_F(MailTablesTest, CredentialsMoveAndComeFromLaterPrograms) {
    apply(account(1, "a@example.org"));
    apply(account(2, "b@example.org"));
    commit(credential(5, 1));
    commit(credential(5, 2));
    EXPECT_EQ(about("a@example.org"), "1:");
    EXPECT_EQ(about("b@example.org"), "2: 5{X}h");
    MailCredentialRow later = credential(5, 2);
    later.kind.reset();
    commit(later);
    EXPECT_EQ(about("b@example.org"), "2:");
    commit(MailCredentialKey{5});
    commit(MailCredentialKey{77});
    // In front of its account, as a replica that checks no keys may write it.
    commit(credential(6, 3));
    commit(account(3, "c@example.org"));
    EXPECT_EQ(about("c@example.org"), "3: 6{X}h");
}

TEST_F(MailTablesTest, TheNewestOfTooManyCredentialsDoNotCount) {
    apply(account(1, "a@example.org"));
    const auto count = static_cast<int64_t>(storage::kCredentialsMax);
    for (int64_t id = 1; id <= count + 2; ++id) apply(credential(id, 1));
    publish();
    const std::string before = about("a@example.org");
    EXPECT_NE(before.find(fmt::format(" {}{{X}}h", count)), std::string::npos);
    EXPECT_EQ(before.find(fmt::format(" {}{{X}}h", count + 1)), std::string::npos);
    EXPECT_EQ(held(),
              "account a@example.org(served) it has 66 credentials, and the newest beyond 64 do "
              "not count;");
    commit(MailCredentialKey{1});
    EXPECT_EQ(about("a@example.org").find(" 1{X}h"), std::string::npos) << "in force at once";
    EXPECT_NE(about("a@example.org").find(fmt::format(" {}{{X}}h", count + 1)), std::string::npos);
    commit(account(1, "b@example.org"));
    EXPECT_NE(held().find("account b@example.org(served) it has 65"), std::string::npos) << held();
    EXPECT_EQ(held().find("a@example.org"), std::string::npos);
    EXPECT_EQ(about("a@example.org"), "");
    commit(MailCredentialKey{2});
    EXPECT_EQ(held(), "");
    EXPECT_NE(about("b@example.org").find(fmt::format(" {}{{X}}h", count + 2)), std::string::npos);
}

TEST_F(MailTablesTest, Aliases) {
    apply(MailAliasRow{1, "info@example.org", "bob@example.org", true});
    apply(MailAliasRow{2, "info@example.org", "ada@example.org", true});
    commit(MailAliasRow{3, "@example.org", "ada@example.org", false});
    EXPECT_EQ(targets("info@example.org"), "ada@example.org bob@example.org");
    EXPECT_EQ(targets("@example.org"), "");
    commit(MailAliasRow{3, "@example.org", "ada@example.org", true});
    EXPECT_EQ(targets("@example.org"), "ada@example.org");
    commit(MailAliasRow{1, "info@example.org", "eve@example.org", true});
    EXPECT_EQ(targets("info@example.org"), "ada@example.org eve@example.org");
    commit(MailAliasRow{1, "new@example.org", "eve@example.org", true});
    EXPECT_EQ(targets("info@example.org"), "ada@example.org");
    EXPECT_EQ(targets("new@example.org"), "eve@example.org");
    commit(MailAliasRow{2, "info@example.org", "ada@example.org", false});
    EXPECT_EQ(targets("info@example.org"), "");
    commit(MailAliasKey{2});
    // Removed, and made again under another id.
    apply(MailAliasKey{1});
    commit(MailAliasRow{4, "new@example.org", "eve@example.org", true});
    EXPECT_EQ(targets("new@example.org"), "eve@example.org");
    apply(MailAliasKey{3});
    commit(MailAliasKey{4});
    EXPECT_EQ(entries(), 0u);
}

TEST_F(MailTablesTest, AnAliasOfTooManyTargetsStaysAsItWas) {
    commit(MailAliasRow{1, "all@example.org", "first@example.org", true});
    const auto count = static_cast<int64_t>(storage::kAliasTargetsMax);
    for (int64_t id = 2; id <= count + 1; ++id)
        apply(MailAliasRow{id, "all@example.org", fmt::format("u{}@example.org", id), true});
    publish();
    EXPECT_EQ(targets("all@example.org"), "first@example.org");
    EXPECT_EQ(held(),
              "alias all@example.org(served) it has 1001 targets; at most 1000 are possible;");
    commit(MailAliasKey{7});
    EXPECT_EQ(held(), "");
    const auto entry = find(EntryKind::mail_alias, "all@example.org");
    EXPECT_EQ(storage::decode_mail_alias(entry->value)->targets.size(), storage::kAliasTargetsMax);
}

TEST_F(MailTablesTest, ALoadServesTheFirstOfTooManyTargets) {
    for (int64_t id = 1; id <= 1500; ++id)
        apply(MailAliasRow{id, "all@example.org", fmt::format("u{}@example.org", id), true});
    ASSERT_TRUE(store->finish_load().has_value());
    publish();
    const auto entry = find(EntryKind::mail_alias, "all@example.org");
    ASSERT_TRUE(entry.has_value()) << "there is such an address";
    EXPECT_EQ(storage::decode_mail_alias(entry->value)->targets.size(), storage::kAliasTargetsMax);
    EXPECT_NE(held().find("1500 targets"), std::string::npos) << held();
    for (int64_t id = 1; id <= 1500; ++id) apply(MailAliasKey{id});
    publish();
    EXPECT_EQ(targets("all@example.org"), "");
    EXPECT_EQ(held(), "");
}

}  // namespace
}  // namespace gatepost::controlplane::tests
