#include "tools/load/imap/imap_options.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/load/options.h"

namespace gatepost::tools {
namespace {

Result<ImapLoadOptions> parse_imap(const std::string& line) {
    std::istringstream stream("imap " + line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    auto command = parse_load_options(words);
    if (!command) return tl::unexpected(command.error());
    return std::get<ImapLoadOptions>(**command);
}

TEST(ImapOptions, WhatIsNotSaid) {
    auto options = parse_imap("192.0.2.1 --auth u:p");
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->plan.target.text, "192.0.2.1@143");
    EXPECT_EQ(options->plan.mailbox, "INBOX");
    EXPECT_EQ(options->engine.operation, ImapOperation::noop);
    EXPECT_EQ(options->engine.mix.text(), "noop");
    EXPECT_EQ(options->engine.connections, 10u);
    EXPECT_EQ(options->engine.depth, 1u);
    EXPECT_EQ(options->engine.users, 1u);
    EXPECT_EQ(options->engine.duration_ns, 10'000'000'000u);
    EXPECT_EQ(options->engine.timeout_ns, 60'000'000'000u);
    EXPECT_TRUE(options->engine.check);
    EXPECT_EQ(options->message_size, 4096u);
    EXPECT_FALSE(options->uses_tls());
}

TEST(ImapOptions, WhatIsSaid) {
    auto options = parse_imap(
        "--target 127.0.0.1:2143 --mix fetch_flags=5,store,append=2 --connections 40 --depth 4 "
        "--commands 1000 --commands-each 30 --timeout 5s --size 100 --run r1 --seed 7 --no-check "
        "--auth user%d@x.test:pass:word --user-count 10 --mailbox Work --starttls --core 1 "
        "--json - --quiet --stages");
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->plan.target.text, "127.0.0.1@2143");
    EXPECT_EQ(options->engine.mix.text(), "fetch_flags=5,store=1,append=2");
    EXPECT_TRUE(options->engine.mixed());
    EXPECT_TRUE(options->engine.writes());
    EXPECT_EQ(options->engine.connections, 40u);
    EXPECT_EQ(options->engine.depth, 4u);
    EXPECT_EQ(options->engine.commands, 1000u);
    EXPECT_EQ(options->engine.commands_each, 30u);
    EXPECT_EQ(options->engine.duration_ns, 0u);
    EXPECT_EQ(options->engine.timeout_ns, 5'000'000'000u);
    EXPECT_EQ(options->engine.user, "user%d@x.test");
    EXPECT_EQ(options->plan.password, "pass:word");
    EXPECT_EQ(options->engine.users, 10u);
    EXPECT_EQ(options->plan.mailbox, "Work");
    EXPECT_FALSE(options->engine.check);
    EXPECT_TRUE(options->plan.starttls);
    EXPECT_TRUE(options->uses_tls());
    EXPECT_TRUE(options->stages);
}

TEST(ImapOptions, DefaultsThatFollowFromOthers) {
    EXPECT_EQ(parse_imap("192.0.2.1 --auth u:p --tls")->plan.target.text, "192.0.2.1@993");
    EXPECT_EQ(parse_imap("192.0.2.1 --auth u:p --op watch")->engine.mix.text(), "store");
    EXPECT_TRUE(parse_imap("192.0.2.1 --auth u:p --op append")->engine.writes());
    EXPECT_FALSE(parse_imap("192.0.2.1 --auth u:p --op append")->engine.mix.selects());
    EXPECT_FALSE(parse_imap("192.0.2.1 --auth u:p --op select")->engine.mix.selects());
    EXPECT_TRUE(parse_imap("192.0.2.1 --auth u:p --mix select,noop")->engine.mix.selects());
    EXPECT_FALSE(parse_imap("192.0.2.1 --auth u:p --op idle")->engine.writes());
    // Idle connections send nothing that could be counted.
    EXPECT_NE(parse_imap("192.0.2.1 --auth u:p --op idle --commands 5")->engine.duration_ns, 0u);
}

TEST(ImapOptions, RefusesTellingWhy) {
    const std::pair<const char*, const char*> wrong[] = {
        {"192.0.2.1", "--auth"},
        {"192.0.2.1 --auth nocolon", "USER:PASSWORD"},
        {"192.0.2.1 --auth u:p --op dance", "these are"},
        {"192.0.2.1 --auth u:p --op noop --mix noop", "takes the place"},
        {"192.0.2.1 --auth u:p --mix idle=1", "--op"},
        {"192.0.2.1 --auth u:p --mix noop=x", "weight"},
        {"192.0.2.1 --auth u:p --mix noop=0", "above 0"},
        {"192.0.2.1 --auth u:p --op watch --mix noop=1", "store or append"},
        {"192.0.2.1 --auth u:p --op watch --user-count 10", "--connections 20"},
        {"192.0.2.1 --auth u:p --tls --starttls", "--starttls"},
        {"192.0.2.1 --auth u:p --duration 0s", "1ms"},
        {"192.0.2.1 --auth u:p --run a@b", "--run"},
    };
    for (const auto& [line, why] : wrong) {
        const auto options = parse_imap(line);
        ASSERT_FALSE(options) << line;
        EXPECT_EQ(options.error().code, ErrorCode::usage) << line;
        EXPECT_NE(options.error().message.find(why), std::string::npos)
            << line << ": " << options.error().message;
    }
}

}  // namespace
}  // namespace gatepost::tools
