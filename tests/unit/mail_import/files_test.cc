#include <gtest/gtest.h>

#include "controlplane/mail_import/dovecot_passwd.h"
#include "controlplane/mail_import/postfix_map.h"

namespace gatepost::controlplane {
namespace {

using Lines = std::vector<std::string>;

Lines aliases_of(const MailImport& import) {
    Lines lines;
    for (const MailAlias& alias : import.aliases())
        lines.push_back(alias.source + " " + alias.target);
    return lines;
}

TEST(PostfixMap, LinesAsPostmapReadsThem) {
    const auto entries = read_postfix_map(
        "# a comment\n"
        "\n"
        "info@example.org   ada@example.org,\n"
        "   # between\n"
        "\tbob@example.org\r\n"
        "\"a b\"@example.org x@example.org\n"
        "example.org");
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].line, 3U);
    EXPECT_EQ(entries[0].key, "info@example.org");
    EXPECT_EQ(entries[0].value, "ada@example.org, bob@example.org");
    EXPECT_EQ(entries[1].key, "\"a b\"@example.org");
    EXPECT_EQ(entries[2].key, "example.org");
    EXPECT_EQ(entries[2].value, "");
    EXPECT_TRUE(read_postfix_map("  \n#\n").empty());
}

TEST(PostfixMap, VirtualAliases) {
    MailImport import;
    import_virtual_aliases(import,
                           "example.org anything\n"
                           "Info@Example.org ada@example.org, Bob@elsewhere.net\n"
                           "@example.org ada@example.org\n"
                           "root ada\n"
                           "@example.net @example.org\n"
                           "empty@example.org\n"
                           "bad@@example.org x@example.org\n"
                           "Info@example.org ada@example.org\n",
                           "virtual", "");
    ASSERT_EQ(import.domains().size(), 1U);
    EXPECT_EQ(import.domains()[0].name, "example.org");
    EXPECT_EQ(aliases_of(import),
              (Lines{"info@example.org ada@example.org", "info@example.org bob@elsewhere.net",
                     "@example.org ada@example.org"}));
    ASSERT_EQ(import.skipped().size(), 4U);
    EXPECT_TRUE(import.skipped()[0].starts_with("virtual:4: ")) << import.skipped()[0];
    EXPECT_NE(import.skipped()[1].find("gatepost domain set example.net --alias-of example.org"),
              std::string::npos);
    EXPECT_NE(import.skipped()[2].find("empty@example.org has no target"), std::string::npos);

    MailImport with_origin;
    import_virtual_aliases(with_origin, "root ada", "valias", "example.org");
    EXPECT_EQ(aliases_of(with_origin), Lines{"root@example.org ada@example.org"});
}

TEST(PostfixMap, WhatIsWrittenReadsBack) {
    const std::vector<MailAlias> aliases = {{"@example.org", "a@example.org"},
                                            {"b@example.org", "c@example.org"},
                                            {"b@example.org", "d@example.org"},
                                            {"off@example.org", "a@example.org", false}};
    const std::string text = virtual_alias_text(aliases);
    EXPECT_EQ(text,
              "@example.org a@example.org\n"
              "b@example.org c@example.org, d@example.org\n"
              "# inactive: off@example.org a@example.org\n");
    MailImport import;
    import_virtual_aliases(import, text, "x", "");
    EXPECT_EQ(import.aliases(), (std::vector<MailAlias>(aliases.begin(), aliases.end() - 1)));
    EXPECT_EQ(virtual_alias_text({}), "");
}

TEST(PostfixMap, DomainsAndMailboxes) {
    MailImport import;
    import_virtual_domains(import, "Example.org OK\nexample.net\nnot a domain_\n", "domains");
    import_virtual_mailboxes(import, "ada@example.org example.org/ada/\n@example.org all/\n", "v");
    ASSERT_EQ(import.domains().size(), 3U);
    EXPECT_EQ(import.domains()[1].name, "example.net");
    ASSERT_EQ(import.accounts().size(), 1U);
    EXPECT_EQ(import.accounts()[0].address, "ada@example.org");
    ASSERT_EQ(import.skipped().size(), 1U);
    EXPECT_TRUE(import.skipped()[0].starts_with("v:2: @example.org"));
}

TEST(DovecotPasswd, FieldsAndQuotas) {
    MailImport import;
    import.add_account({.address = "bob@example.org"}, "vmap:1");
    import_dovecot_passwd(
        import,
        "# users\n"
        "ada@example.org:{SSHA256}abc:2001:2001:Ada L:/mail/ada::userdb_quota_rule=*:storage=2G:"
        "messages=500 x=y\n"
        "Bob@example.org:$6$salt$hash:::\n"
        "carol:{PLAIN}secret::::::\n"
        "dave@example.org:{NOSUCH}x:\n"
        "eve@example.org::::::: nologin\n",
        "passwd", {.domain = "example.net"});
    ASSERT_EQ(import.accounts().size(), 5U);
    const ImportedAccount& ada = *import.account("ada@example.org");
    EXPECT_EQ(ada.display_name, "Ada L");
    EXPECT_EQ(ada.quota_bytes, uint64_t{2} << 30U);
    EXPECT_EQ(ada.quota_messages, 500U);
    EXPECT_EQ(ada.passwords[0].hash, "{SSHA256}abc");
    EXPECT_EQ(import.account("bob@example.org")->passwords[0].hash, "{CRYPT}$6$salt$hash");
    EXPECT_TRUE(import.account("carol@example.net")->passwords[0].hash.starts_with("{ARGON2ID}"))
        << "a password that stood there as it is, is hashed";
    EXPECT_TRUE(import.account("dave@example.org")->passwords.empty());
    EXPECT_FALSE(import.account("eve@example.org")->active);
    ASSERT_EQ(import.skipped().size(), 1U);
    EXPECT_EQ(import.skipped()[0],
              "passwd:5: the password of dave@example.org: the scheme NOSUCH is not known here");
    for (const std::string& line : import.skipped())
        EXPECT_EQ(line.find("secret"), std::string::npos);
}

TEST(DovecotPasswd, AUserWithoutADomainIsSkipped) {
    MailImport import;
    import_dovecot_passwd(import, "ada:{SSHA}x", "passwd", {});
    EXPECT_TRUE(import.accounts().empty());
    EXPECT_EQ(import.skipped(), Lines{"passwd:1: ada has no domain; say --domain"});
}

}  // namespace
}  // namespace gatepost::controlplane
