#include "tools/gatepost/command/mail_output.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "storage/password/verify.h"
#include "tools/gatepost/command/alias_output.h"
#include "tools/gatepost/command/compat_commands.h"
#include "tools/gatepost/command/user_commands.h"

namespace gatepost::tools {
namespace {

using controlplane::Account;

Account account() {
    return {.id = 7,
            .address = "ada@example.org",
            .domain = "example.org",
            .display_name = "Ada",
            .state = "active",
            .role = "user",
            .quota_bytes = uint64_t{20} << 30U,
            .used_bytes = uint64_t{1536} << 10U,
            .used_messages = 3,
            .created_at = "2026-08-01T00:00:00Z",
            .created_by = "root",
            .last_login_at = "2026-08-02T10:00:00Z",
            .passwords = 1};
}

std::string keys_of(const nlohmann::ordered_json& object) {
    std::string keys;
    for (const auto& [key, value] : object.items()) keys += key + " ";
    return keys;
}

TEST(MailOutput, Quotas) {
    EXPECT_EQ(*quota_from_text("20GB", "--quota"), 20'000'000'000U);
    EXPECT_EQ(*quota_from_text("none", "--quota"), 0U);
    EXPECT_EQ(*quota_from_text("0", "--quota"), 0U);
    EXPECT_EQ(quota_from_text("20", "--quota").error().message,
              "--quota: \"20\" is not a quota, expected one such as 20GB, or none");
    EXPECT_EQ(quota_from_text("many", "").error().code, ErrorCode::usage);
    EXPECT_EQ(quota_text(account()), "1.5 MiB of 20 GiB");
    Account other = account();
    other.quota_bytes = 5'000'000'000;
    EXPECT_EQ(quota_text(other), "1.5 MiB of 5 GB");
    other.quota_bytes = 1'500'000'000;
    EXPECT_EQ(quota_text(other), "1.5 MiB of 1500 MB");
    other.quota_bytes = 0;
    other.quota_messages = 1000;
    EXPECT_EQ(quota_text(other), "1.5 MiB, 3 of 1,000 messages");
}

TEST(MailOutput, ARowForEachAccount) {
    Account suspended = account();
    suspended.address = "bob@example.org";
    suspended.state = "suspended";
    suspended.passwords = 0;
    suspended.last_login_at.clear();
    const std::string table = account_table({account(), suspended});
    EXPECT_NE(table.find("ada@example.org  active     user  1.5 MiB of 20 GiB  2026-08-02   ok\n"),
              std::string::npos)
        << table;
    EXPECT_NE(table.find("never        suspended: nobody can log in; no password set"),
              std::string::npos)
        << table;
    Account gone = account();
    gone.state = "removed";
    gone.removed_at = "2026-08-03T00:00:00Z";
    const std::string bin = account_table({gone});
    EXPECT_TRUE(bin.starts_with("ID  ADDRESS")) << bin;
    EXPECT_NE(bin.find(" 7  ada@example.org  removed"), std::string::npos) << bin;
}

TEST(MailOutput, StableKeys) {
    EXPECT_EQ(keys_of(account_json(account())),
              "id address domain display_name state role quota_bytes quota_messages used_bytes "
              "used_messages over_quota passwords app_passwords created_at created_by "
              "last_login_at removed_at findings ");
    EXPECT_TRUE(account_json(account())["removed_at"].is_null());
    EXPECT_EQ(keys_of(credential_json({})),
              "id kind label services scheme must_change expires_at created_at last_used_at ");
    EXPECT_EQ(keys_of(mail_domain_json({})),
              "name active alias_of display_name short_display_name imap_host pop_host smtp_host "
              "subaddress_delimiters default_quota_bytes default_quota_messages accounts aliases "
              "created_at created_by ");
    EXPECT_EQ(keys_of(alias_json({})), "source target active exterior ok recipients ");
}

TEST(MailOutput, AllAboutOne) {
    const std::string text = account_text(account());
    for (const char* part :
         {"ada@example.org, active\n", "name          Ada\n", "1.5 MiB in 3 messages",
          "quota         20 GiB\n", "passwords     1, and 0 of apps\n", "check         ok\n"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    EXPECT_EQ(text.find("removed"), std::string::npos);
    const std::string domain =
        mail_domain_text({.name = "xn--bcher-kva.example", .alias_of = "example.org"});
    EXPECT_TRUE(
        domain.starts_with("xn--bcher-kva.example (b\xc3\xbc"
                           "cher.example), mail active"))
        << domain;
    EXPECT_NE(domain.find("alias of      example.org\n"), std::string::npos) << domain;
}

TEST(AliasOutput, VerdictAndRecipients) {
    controlplane::MailAliasInfo alias{
        .alias = {"info@example.org", "team@example.org"},
        .route = {.ours = true,
                  .active = true,
                  .accounts = {"a@example.org", "b@example.org"},
                  .elsewhere = {"c@elsewhere.net", "d@elsewhere.net"}}};
    EXPECT_EQ(route_verdict(alias.route), "yes");
    const std::string table = alias_table({alias});
    EXPECT_NE(table.find("info@example.org  team@example.org  no         yes  a@example.org "
                         "b@example.org c@elsewhere.net +1\n"),
              std::string::npos)
        << table;
    alias.route.loop = true;
    EXPECT_EQ(route_verdict(alias.route), "circle");
    alias.route.nobody = {"x@example.org"};
    EXPECT_EQ(route_verdict(alias.route), "nobody has x@example.org");
    EXPECT_FALSE(alias_json(alias)["ok"].get<bool>());
    EXPECT_EQ(route_verdict({}), "domain inactive");
}

// Character for character what t-lo/mailserver's user.sh prints.
TEST(Compat, UserShList) {
    Account empty = account();
    empty.address = "postmaster@a-domain-with-a-rather-long-name.example.org";
    empty.used_messages = 0;
    empty.passwords = 0;
    EXPECT_EQ(user_sh_table({account(), empty}),
              "                                    user |  mbox size | sanity checks\n"
              "                    -------------------- + ---------- + ------------\n"
              "                         ada@example.org |       1.5M | OK\n"
              "postmaster@a-domain-with-a-rather-long-n |    <empty> |  [No password set in the "
              "database! User cannot login]\n");
    Account full = account();
    full.used_bytes = uint64_t{300} << 20U;
    EXPECT_NE(user_sh_table({full}).find("|       300M |"), std::string::npos);
    full.used_bytes = 1;
    EXPECT_NE(user_sh_table({full}).find("|       1.0K |"), std::string::npos)
        << user_sh_table({full});
}

TEST(UserCommands, Services) {
    Arguments arguments;
    EXPECT_EQ(*services_option(arguments), std::vector<std::string>{"*"});
    arguments.set("--service", {"imap,smtp", "web"});
    EXPECT_EQ(*services_option(arguments), (std::vector<std::string>{"imap", "smtp", "web"}));
    arguments.set("--service", {"all"});
    EXPECT_EQ(*services_option(arguments), std::vector<std::string>{"*"});
    arguments.set("--service", {"imap,fax"});
    EXPECT_EQ(services_option(arguments).error().code, ErrorCode::usage);
    EXPECT_EQ(check_role("king").error().code, ErrorCode::usage);
    EXPECT_TRUE(check_role("no_email"));
}

TEST(NewPassword, GeneratedUnlessItIsGiven) {
    Arguments arguments;
    auto made = new_password(arguments, "ada@example.org");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_GE(made->generated.size(), 16U);
    EXPECT_TRUE(made->hash.starts_with("{ARGON2ID}"));
    EXPECT_EQ(storage::verify_password(made->generated, made->hash, "ada@example.org"),
              storage::VerifyOutcome::match);

    const std::string path = testing::TempDir() + "new_password_test";
    std::ofstream(path) << "correct horse\r\nnot this\n";
    arguments.set("--password-file", {path});
    arguments.set("--scheme", {"ssha512"});
    made = new_password(arguments, "ada@example.org");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->generated, "");
    EXPECT_EQ(storage::verify_password("correct horse", made->hash, "ada@example.org"),
              storage::VerifyOutcome::match);
    arguments.set("--generate", {});
    EXPECT_EQ(new_password(arguments, "a@b").error().code, ErrorCode::usage);
    std::remove(path.c_str());

    Arguments bad;
    bad.set("--password-file", {path});
    EXPECT_EQ(new_password(bad, "a@b").error().code, ErrorCode::usage);
    Arguments weak;
    weak.set("--scheme", {"PLAIN"});
    EXPECT_EQ(new_password(weak, "a@b").error().code, ErrorCode::usage);
    weak.set("--allow-weak", {});
    EXPECT_TRUE(new_password(weak, "a@b"));
    weak.set("--scheme", {"ROT13"});
    EXPECT_EQ(new_password(weak, "a@b").error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace gatepost::tools
