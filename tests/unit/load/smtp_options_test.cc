#include "tools/load/mail/smtp_options.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <sstream>

#include "tools/load/mail/mail_target.h"
#include "tools/load/options.h"

namespace gatepost::tools {
namespace {

Result<SmtpLoadOptions> parse_smtp(const std::string& line) {
    std::istringstream stream("smtp " + line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    auto command = parse_load_options(words);
    if (!command) return tl::unexpected(command.error());
    return std::get<SmtpLoadOptions>(**command);
}

TEST(SmtpOptions, WhatIsNotSaid) {
    auto options = parse_smtp("192.0.2.1 --recipients a@x");
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->plan.target.text, "192.0.2.1@25");
    EXPECT_EQ(options->engine.rate, 0u);
    EXPECT_EQ(options->engine.sessions, 20u);
    EXPECT_EQ(options->engine.messages, 0u);
    EXPECT_EQ(options->engine.messages_per_session, 0u);
    EXPECT_EQ(options->engine.duration_ns, 10'000'000'000u);
    EXPECT_EQ(options->engine.timeout_ns, 60'000'000'000u);
    EXPECT_EQ(options->engine.message_size, 4096u);
    EXPECT_EQ(options->engine.from, "load@example.net");
    EXPECT_TRUE(options->engine.user.empty());
    EXPECT_FALSE(options->uses_tls());
}

TEST(SmtpOptions, WhatIsSaid) {
    auto options = parse_smtp(
        "--target 127.0.0.1:2525 --rate 500 --sessions 50 --messages 1000 --duration 1m "
        "--messages-per-session 3 --timeout 5s --core 1 --json - --quiet --size 65536 "
        "--from user%d@x.test --recipient-pattern user%d@x.test --recipient-count 8 "
        "--rcpt-per-message 2 --run r1 --ledger /tmp/l --lmtp --pipelining --chunking --starttls "
        "--auth user%d@x.test:pass:word --hello me.test");
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->plan.target.text, "127.0.0.1@2525");
    EXPECT_EQ(options->engine.rate, 500u);
    EXPECT_EQ(options->engine.sessions, 50u);
    EXPECT_EQ(options->engine.messages, 1000u);
    EXPECT_EQ(options->engine.duration_ns, 60'000'000'000u);
    EXPECT_EQ(options->engine.messages_per_session, 3u);
    EXPECT_EQ(options->engine.timeout_ns, 5'000'000'000u);
    EXPECT_EQ(options->engine.recipients_per_message, 2u);
    EXPECT_EQ(options->engine.user, "user%d@x.test");
    EXPECT_EQ(options->engine.password, "pass:word");
    EXPECT_EQ(options->engine.users, 8u);
    EXPECT_EQ(options->recipients.size(), 8u);
    EXPECT_EQ(options->recipients[0], "user1@x.test");
    EXPECT_EQ(options->recipients[9], "user2@x.test");
    EXPECT_TRUE(options->plan.dialogue.lmtp);
    EXPECT_TRUE(options->plan.dialogue.pipelining);
    EXPECT_TRUE(options->plan.dialogue.chunking);
    EXPECT_TRUE(options->plan.dialogue.starttls);
    EXPECT_TRUE(options->uses_tls());
    EXPECT_EQ(options->plan.dialogue.hello, "me.test");
    EXPECT_EQ(options->core, 1);
}

TEST(SmtpOptions, DefaultsThatFollowFromOthers) {
    EXPECT_EQ(parse_smtp("192.0.2.1 --recipients a@x --rate 5")->engine.sessions, 1000u);
    EXPECT_EQ(parse_smtp("192.0.2.1 --recipients a@x --messages 5")->engine.duration_ns, 0u);
    EXPECT_EQ(parse_smtp("192.0.2.1 --recipients a@x --seconds 3")->engine.duration_ns,
              3'000'000'000u);
    EXPECT_EQ(parse_smtp("192.0.2.1 --recipients a@x --tls")->plan.target.text, "192.0.2.1@465");
    EXPECT_TRUE(parse_smtp("192.0.2.1 --recipients a@x --tls")->plan.implicit_tls);
    EXPECT_EQ(parse_smtp("192.0.2.1 --recipients a@x --lmtp")->plan.target.text, "192.0.2.1@24");
}

TEST(SmtpOptions, RefusesTellingWhy) {
    const std::pair<const char*, const char*> wrong[] = {
        {"", "--target"},
        {"192.0.2.1", "nobody to send to"},
        {"192.0.2.1:0 --recipients a@x", "nobody can be reached"},
        {"192.0.2.1 --recipients a@x,,b@x", "is no address"},
        {"192.0.2.1 --recipients <a@x>", "is no address"},
        {"192.0.2.1 --recipient-pattern user@x", "no %d"},
        {"192.0.2.1 --recipients a@x --rcpt-per-message 2", "there are 1 recipients"},
        {"192.0.2.1 --recipients a@x --recipient-pattern b%d@x", "excludes"},
        {"192.0.2.1 --recipients a@x --auth user", "colon"},
        {"192.0.2.1 --recipients a@x --tls --starttls", "excludes"},
        {"192.0.2.1 --recipients a@x --duration 5", "--duration"},
        {"192.0.2.1 --recipients a@x --run a@b", "--run"},
        {"192.0.2.1 --recipients a@x --sessions 0", "--sessions"},
    };
    for (const auto& [line, why] : wrong) {
        auto options = parse_smtp(line);
        ASSERT_FALSE(options) << line;
        EXPECT_EQ(options.error().code, ErrorCode::usage) << line;
        EXPECT_NE(options.error().message.find(why), std::string::npos)
            << line << ": " << options.error().message;
    }
}

TEST(MailTarget, AddressesNamesAndSockets) {
    auto socket = mail_target_from_text("/run/gatepost/lmtp", 24);
    ASSERT_TRUE(socket);
    EXPECT_EQ(socket->family(), AF_UNIX);
    EXPECT_STREQ(reinterpret_cast<const sockaddr_un&>(socket->address).sun_path,
                 "/run/gatepost/lmtp");
    EXPECT_EQ(mail_target_from_text("unix:lmtp", 24)->text, "lmtp");
    EXPECT_EQ(mail_target_from_text("[::1]:2525", 25)->text, "::1@2525");
    auto name = mail_target_from_text("localhost:2525", 25);
    ASSERT_TRUE(name) << name.error().message;
    EXPECT_EQ(name->text, "localhost@2525");
    EXPECT_FALSE(mail_target_from_text("unix:" + std::string(200, 'x'), 24));
    EXPECT_FALSE(mail_target_from_text("localhost:70000", 25));
    EXPECT_FALSE(mail_target_from_text("localhost:", 25));
    EXPECT_FALSE(mail_target_from_text("192.0.2.1.5:25", 25));
    EXPECT_FALSE(mail_target_from_text("", 25));
}

TEST(MailAddresses, ANumberTakesThePlaceOfTheFirstMark) {
    EXPECT_EQ(with_number("user%d@x", 12), "user12@x");
    EXPECT_EQ(with_number("user@x", 12), "user@x");
    EXPECT_EQ(with_number("%d%d", 3), "3%d");
    EXPECT_EQ(with_number("", 3), "");
}

}  // namespace
}  // namespace gatepost::tools
