#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tools/gatepost/cli/help.h"
#include "tools/gatepost/cli/parser.h"

namespace gatepost::tools {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> words_of(std::string_view line) {
    // Enough of a shell for the examples: blanks and single quotes.
    std::vector<std::string> words;
    std::string word;
    bool quoted = false, open = false;
    for (char c : line) {
        if (c == '\'') {
            quoted = !quoted;
            open = true;
        } else if (c == ' ' && !quoted) {
            if (open) words.push_back(word);
            word.clear();
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (open) words.push_back(word);
    return words;
}

std::string error_of(std::string_view line) {
    const auto invocation = parse_command_line(words_of(line));
    EXPECT_FALSE(invocation) << line;
    if (invocation) return "";
    EXPECT_EQ(invocation.error().code, ErrorCode::usage);
    return invocation.error().message;
}

TEST(CommandTable, EveryCommandHasTwoExamplesThatParse) {
    for (const CommandSpec& command : commands()) {
        EXPECT_EQ(command.examples.size(), 2u) << command.noun << " " << command.verb;
        EXPECT_NE(command.run, nullptr);
        for (std::string_view example : command.examples) {
            std::vector<std::string> words = words_of(example.substr(0, example.find(" > ")));
            ASSERT_EQ(words.front(), "gatepost") << example;
            words.erase(words.begin());
            const auto invocation = parse_command_line(words);
            ASSERT_TRUE(invocation) << example << ": " << invocation.error().message;
            EXPECT_EQ(invocation->command, &command) << example;
        }
    }
}

TEST(CommandTable, HelpFitsAScreen) {
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    EXPECT_LE(lines(main_help()), 25);
    for (std::string_view noun : command_nouns()) EXPECT_LE(lines(noun_help(noun)), 25) << noun;
    for (const CommandSpec& command : commands()) {
        const std::string help = command_help(command);
        EXPECT_LE(lines(help), 25) << command.noun << " " << command.verb;
        for (std::string_view example : command.examples)
            EXPECT_NE(help.find(example), std::string::npos) << example;
    }
}

TEST(CommandTable, NoOptionHidesAGlobalOne) {
    for (const CommandSpec& command : commands())
        for (const OptionSpec& option : command.options)
            for (const OptionSpec& global : global_options())
                EXPECT_NE(option_key(option), option_key(global))
                    << command.noun << " " << command.verb;
}

TEST(Parser, GlobalOptionsStandAnywhere) {
    for (const char* line : {"--json --local dir zone list", "zone --json list --local dir",
                             "zone list --local dir --json", "--local=dir zone list -o json"}) {
        const auto invocation = parse_command_line(words_of(line));
        ASSERT_TRUE(invocation) << line << ": " << invocation.error().message;
        EXPECT_EQ(invocation->command->verb, "list");
        EXPECT_TRUE(invocation->options.json);
        EXPECT_EQ(invocation->options.local_dir, "dir");
    }
}

TEST(Parser, ArgumentsFillInOrder) {
    const auto invocation = parse_command_line(
        words_of("record set example.org domain A 192.0.2.1 192.0.2.2 --ttl 5min"));
    ASSERT_TRUE(invocation) << invocation.error().message;
    EXPECT_EQ(invocation->arguments.text("ZONE"), "example.org");
    EXPECT_EQ(invocation->arguments.text("NAME"), "domain");
    EXPECT_EQ(invocation->arguments.text("TYPE"), "A");
    EXPECT_EQ(invocation->arguments.list("DATA"),
              (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
    EXPECT_EQ(invocation->arguments.text("--ttl"), "5min");
    const auto record = parse_command_line(words_of("record remove example.org old"));
    ASSERT_TRUE(record) << record.error().message;
    EXPECT_FALSE(record->arguments.has("TYPE"));
    EXPECT_TRUE(record->arguments.list("DATA").empty());
}

TEST(Parser, OptionsTakeOneValueAndSomeComeSeveralTimes) {
    const auto query = parse_command_line(words_of("query -p 5300 example.org @192.0.2.1 MX +tcp"));
    ASSERT_TRUE(query) << query.error().message;
    EXPECT_EQ(query->arguments.text("--port"), "5300");
    EXPECT_EQ(query->arguments.list("WORD").size(), 4u);
    const auto domain = parse_command_line(words_of("domain create --ns a --ns b example.org"));
    ASSERT_TRUE(domain) << domain.error().message;
    EXPECT_EQ(domain->arguments.list("--ns"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(domain->arguments.text("NAME"), "example.org");
}

TEST(Parser, DataMayLookLikeAnOptionBehindTwoDashes) {
    const auto invocation = parse_command_line(words_of("record add example.org @ TXT -- --help"));
    ASSERT_TRUE(invocation) << invocation.error().message;
    EXPECT_EQ(invocation->arguments.text("DATA"), "--help");
}

TEST(Parser, TimeoutNeedsAUnit) {
    const auto invocation = parse_command_line(words_of("sync wait --timeout 1500ms"));
    ASSERT_TRUE(invocation);
    EXPECT_EQ(invocation->options.timeout, 1500ms);
    EXPECT_EQ(error_of("sync wait --timeout 5"),
              "--timeout: \"5\" has no unit, expected a duration such as \"30s\"");
}

TEST(Parser, WhatIsWrongAndWhatWasMeant) {
    EXPECT_EQ(error_of("zoen list"),
              "\"zoen\" is not a command (did you mean \"zone\"?)\nsee: gatepost --help");
    EXPECT_EQ(error_of("zone improt x"),
              "zone: \"improt\" is not a verb of it (did you mean \"import\"?)\nsee: gatepost zone "
              "--help");
    EXPECT_EQ(error_of("zone list --limt 3"),
              "zone list: \"--limt\" is not an option of it (did you mean \"--limit\"?)\n"
              "see: gatepost zone list --help");
    EXPECT_EQ(error_of("zone show a b"),
              "zone show: \"b\" is one argument too many\nsee: gatepost zone show --help");
    EXPECT_EQ(error_of("zone show"), "zone show: ZONE is required\nsee: gatepost zone show --help");
    EXPECT_EQ(error_of(""), "a noun is missing\nsee: gatepost --help");
    EXPECT_EQ(error_of("zone"), "zone: a verb is missing\nsee: gatepost zone --help");
    EXPECT_EQ(error_of("zone list -o yaml"),
              "--output: \"yaml\" is not a form, expected table or json");
}

TEST(Parser, ANounThatIsACommandMayHaveVerbs) {
    const auto verb_of = [](std::string_view line) {
        const auto invocation = parse_command_line(words_of(line));
        EXPECT_TRUE(invocation) << line;
        return invocation ? std::string(invocation->command->verb) : "-";
    };
    EXPECT_EQ(verb_of("explain message.eml --for ada@example.org"), "");
    EXPECT_EQ(verb_of("explain ./delivery"), "");
    EXPECT_EQ(verb_of("explain delivery 12 --of ada@example.org"), "delivery");
    EXPECT_EQ(verb_of("--json explain delivery x"), "delivery");
    EXPECT_NE(error_of("explain delivery").find("gatepost explain delivery --help"),
              std::string::npos);
}

TEST(Parser, HelpIsWhereItIsLookedFor) {
    const auto text_of = [](std::string_view line) {
        const auto invocation = parse_command_line(words_of(line));
        EXPECT_TRUE(invocation) << line;
        return invocation && invocation->command == nullptr ? invocation->text : std::string();
    };
    for (const char* line : {"--help", "-h", "help"}) EXPECT_EQ(text_of(line), main_help()) << line;
    for (const char* line : {"zone --help", "help zone"})
        EXPECT_EQ(text_of(line), noun_help("zone")) << line;
    for (const char* line : {"zone import --help", "help zone import", "zone import -h x"})
        EXPECT_EQ(text_of(line), command_help(*find_command("zone", "import"))) << line;
    EXPECT_EQ(text_of("run --help"), command_help(*find_command("run", "")));
    EXPECT_EQ(text_of("help explain delivery"), command_help(*find_command("explain", "delivery")));
    EXPECT_EQ(text_of("help options"), options_help());
    EXPECT_EQ(text_of("--version"), version_text());
}

}  // namespace
}  // namespace gatepost::tools
