#include "tools/gatepost/config/settings.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "tools/gatepost/config/config.h"
#include "tools/gatepost/config/toml_file.h"

namespace gatepost::tools {
namespace {

std::string errors_of(const char* toml) {
    Settings settings;
    const Status status = settings.read_text(toml, "g.toml");
    return status ? "" : status.error().message;
}

TEST(Settings, DefaultsOfEveryKeyAreValid) {
    const Settings settings;
    for (const ConfigKey& key : config_keys())
        for (const std::string& value : settings.get(key.name).values)
            EXPECT_TRUE(check_value(key, value)) << key.name << " = " << value;
    EXPECT_TRUE(config_from_settings(settings));
}

TEST(Settings, ExamplesOfEveryKeyAreValid) {
    for (const ConfigKey& key : config_keys()) {
        const std::string example(key.example);
        const std::string first =
            key.kind == KeyKind::addresses ? example.substr(0, example.find(',')) : example;
        EXPECT_TRUE(check_value(key, first)) << key.name << " = " << first;
        EXPECT_FALSE(key.description.empty()) << key.name;
        EXPECT_FALSE(key.since.empty()) << key.name;
    }
}

TEST(Settings, FileGivesValuesAndTheirPlaces) {
    Settings settings;
    const Status status = settings.read_text(
        "[dns]\nlisten = [\"192.0.2.1@53\", \"[2001:db8::1]:5353\"]\ntcp_idle = \"1min\"\n"
        "[dataplane]\nworkers = 2\n[controlplane]\narena_size_max = \"512MiB\"\n",
        "g.toml");
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(settings.get("dns.listen").origin, "g.toml:2");
    EXPECT_EQ(settings.get("log.level").origin, "default");
    const auto config = config_from_settings(settings);
    ASSERT_TRUE(config);
    ASSERT_EQ(config->listen.size(), 2u);
    EXPECT_EQ(config->listen[1].text(), "2001:db8::1@5353");
    EXPECT_EQ(config->tcp_idle, std::chrono::minutes(1));
    EXPECT_EQ(config->workers, 2u);
    EXPECT_EQ(config->arena_size_max, uint64_t{512} << 20);
}

TEST(Settings, UnknownKeyIsAnErrorThatKnowsBetter) {
    EXPECT_EQ(errors_of("[dns]\nlisen = \"192.0.2.1\"\n"),
              "g.toml:2:1: unknown key \"dns.lisen\" (did you mean \"dns.listen\"?)");
    EXPECT_EQ(errors_of("[zones]\nx = 1\n"), "g.toml:2:1: unknown key \"zones.x\"");
}

TEST(Settings, BareNumberForADurationNamesTheUnit) {
    EXPECT_EQ(errors_of("[dns]\ntcp_idle = 30\n"),
              "g.toml:2:1: dns.tcp_idle is a duration and needs a unit, expected a string such as "
              "\"30s\"");
    EXPECT_EQ(errors_of("[dns]\ntcp_idle = \"30\"\n"),
              "g.toml:2:1: \"30\" has no unit, expected a duration such as \"30s\"");
}

TEST(Settings, AllErrorsOfAFileAtOnce) {
    EXPECT_EQ(
        errors_of("[dns]\nlisten = \"nowhere\"\ntcp_idle = \"9d\"\n[log]\nlevel = \"loud\"\n"),
        "g.toml:2:1: \"nowhere\" is not an address, expected one such as 192.0.2.1@53, "
        "192.0.2.1:53 or "
        "[2001:db8::1]:53\n"
        "g.toml:3:1: \"9d\" is out of range for dns.tcp_idle, expected 100ms to 1h\n"
        "g.toml:5:1: \"loud\" is not a value of log.level, expected one of debug, info, warning, "
        "error");
}

TEST(Settings, APasswordDoesNotBelongIntoTheConnectionString) {
    for (const char* dsn : {"host=db password=secret", "postgresql://gatepost:secret@db/gatepost"})
        EXPECT_NE(errors_of(fmt::format("[database]\ndsn = \"{}\"\n", dsn).c_str())
                      .find("database.password_file"),
                  std::string::npos)
            << dsn;
    for (const char* dsn : {"", "host=db user=gatepost", "postgresql://gatepost@db:5432/gatepost",
                            "postgresql:///gatepost?host=/run/postgresql"})
        EXPECT_EQ(errors_of(fmt::format("[database]\ndsn = \"{}\"\n", dsn).c_str()), "") << dsn;
}

TEST(Settings, SyntaxErrorHasItsPlace) {
    const std::string message = errors_of("[dns\nlisten = 1\n");
    EXPECT_EQ(message.rfind("g.toml:1:5: ", 0), 0u) << message;
}

TEST(Settings, EnvironmentOverridesTheFile) {
    Settings settings;
    ASSERT_TRUE(settings.read_text("[log]\nlevel = \"error\"\n", "g.toml"));
    ASSERT_TRUE(settings.read_environment([](const char* name) -> const char* {
        if (std::strcmp(name, "GATEPOST_LOG_LEVEL") == 0) return "debug";
        if (std::strcmp(name, "GATEPOST_DNS_LISTEN") == 0) return "127.0.0.1@5300, ::1@5300";
        return nullptr;
    }));
    EXPECT_EQ(settings.get("log.level").text(), "debug");
    EXPECT_EQ(settings.get("log.level").origin, "environment GATEPOST_LOG_LEVEL");
    EXPECT_EQ(settings.get("dns.listen").values.size(), 2u);
}

TEST(Settings, WrongEnvironmentIsNamed) {
    Settings settings;
    const Status status = settings.read_environment([](const char* name) -> const char* {
        return std::strcmp(name, "GATEPOST_DNS_TCP_IDLE") == 0 ? "soon" : nullptr;
    });
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message.rfind("environment GATEPOST_DNS_TCP_IDLE: ", 0), 0u)
        << status.error().message;
}

TEST(Config, SameAddressTwiceIsRefused) {
    Settings settings;
    ASSERT_TRUE(
        settings.read_text("[dns]\nlisten = [\"192.0.2.1\", \"192.0.2.1:53\"]\n", "g.toml"));
    const auto config = config_from_settings(settings);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message, "g.toml:2: dns.listen names 192.0.2.1@53 twice");
}

TEST(Config, RateLimit) {
    Settings settings;
    ASSERT_TRUE(
        settings.read_text("[dns.rate_limit]\nper_second = 300\nburst = \"5s\"\nslip = 1\n"
                           "exempt = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n",
                           "g.toml"));
    const auto config = config_from_settings(settings);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->rate_limit_per_second, 300u);
    EXPECT_EQ(config->rate_limit_burst, std::chrono::seconds(5));
    EXPECT_EQ(config->rate_limit_slip, 1u);
    EXPECT_EQ(config->rate_limit_exempt.size(), 2u);
    EXPECT_EQ(config_from_settings(Settings())->rate_limit_per_second, 200u);
    EXPECT_TRUE(config_from_settings(Settings())->rate_limit_exempt.empty());
    EXPECT_EQ(errors_of("[dns.rate_limit]\nexempt = \"192.0.2.1/24\"\n"),
              "g.toml:2:1: '192.0.2.1/24' has bits set behind its 24 bits of network");
    EXPECT_EQ(errors_of("[dns.rate_limit]\nper_second = 50001\n"),
              "g.toml:2:1: \"50001\" is not a value of dns.rate_limit.per_second, expected 0 to "
              "50000");
}

TEST(Config, Mailboxes) {
    Settings settings;
    ASSERT_TRUE(settings.read_text(
        "[mailboxes]\nsize_max = \"8GiB\"\nresident_max = \"6GiB\"\nexpunged_kept = \"90d\"\n",
        "g.toml"));
    const auto config = config_from_settings(settings);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->mailboxes.size_max, uint64_t{8} << 30);
    EXPECT_EQ(config->mailboxes.resident_max, uint64_t{6} << 30);
    EXPECT_EQ(config->mailboxes.expunged_kept, std::chrono::hours(90 * 24));
    Settings larger;
    ASSERT_TRUE(larger.read_text("[mailboxes]\nresident_max = \"6GiB\"\n", "g.toml"));
    EXPECT_FALSE(config_from_settings(larger));
}

TEST(Config, MoreWorkersThanNamedCoresIsRefused) {
    Settings settings;
    ASSERT_TRUE(settings.read_text("[dataplane]\nworkers = 3\ncores = \"0-1\"\n", "g.toml"));
    EXPECT_FALSE(config_from_settings(settings));
}

TEST(Config, CoresOfWorkers) {
    Config config;
    config.cores = std::vector<unsigned>{4, 5, 6};
    EXPECT_EQ(worker_cores(config), (std::vector<unsigned>{4, 5, 6}));
    config.workers = 2;
    EXPECT_EQ(worker_cores(config), (std::vector<unsigned>{4, 5}));
    EXPECT_EQ(*cores_from_text("0-3,6"), (std::vector<unsigned>{0, 1, 2, 3, 6}));
    for (const char* text : {"", "a", "3-1", "1,", "1024", "1;2"})
        EXPECT_FALSE(cores_from_text(text)) << text;
}

// The commented file that is shipped names every key with its default, and nothing else.
TEST(ShippedFile, NamesEveryKeyWithItsDefault) {
    auto text = read_text_file(GATEPOST_SOURCE_ROOT "/configs/gatepost.toml");
    ASSERT_TRUE(text) << text.error().message;
    std::string uncommented;
    std::string section_line;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        // "# name = value" is a key; other comments are prose.
        const bool is_key = line.rfind("# ", 0) == 0 && line.find(" = ") != std::string::npos &&
                            line.find(' ', 2) == line.find(" = ");
        if (line.rfind("[", 0) == 0) uncommented += line + "\n";
        if (is_key) uncommented += line.substr(2) + "\n";
    }
    auto entries = parse_toml(uncommented, "gatepost.toml");
    ASSERT_TRUE(entries) << entries.error().message;
    Settings settings;
    const Settings defaults;
    ASSERT_TRUE(settings.read_text(uncommented, "gatepost.toml"));
    EXPECT_EQ(entries->size(), config_keys().size());
    for (const ConfigKey& key : config_keys()) {
        EXPECT_FALSE(settings.is_default(key.name))
            << key.name << " is missing in configs/gatepost.toml";
        EXPECT_EQ(settings.get(key.name).values, defaults.get(key.name).values) << key.name;
    }
    // As shipped, nothing is set.
    EXPECT_TRUE(parse_toml(*text, "gatepost.toml")->empty());
}

// The same for a [[nic]]: "#   name = value" is a key of one.
TEST(ShippedFile, NamesEveryKeyOfANicWithItsDefault) {
    auto text = read_text_file(GATEPOST_SOURCE_ROOT "/configs/gatepost.toml");
    ASSERT_TRUE(text) << text.error().message;
    std::map<std::string, std::string> found;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        const size_t equals = line.find(" = ");
        if (line.rfind("#   ", 0) != 0 || line.find(' ', 4) != equals) continue;
        EXPECT_TRUE(found.emplace(line.substr(4, equals - 4), line.substr(equals + 3)).second)
            << line;
    }
    EXPECT_EQ(found.size(), nic_keys().size());
    for (const ConfigKey& key : nic_keys()) {
        const std::string name(key.name.substr(4));
        ASSERT_TRUE(found.contains(name)) << name << " is missing in configs/gatepost.toml";
        const std::string value(key.default_value);
        if (name == "interface")  // has none
            EXPECT_EQ(found[name], fmt::format("\"{}\"", key.example));
        else if (key.kind == KeyKind::names)
            EXPECT_EQ(found[name], value.empty() ? "[]" : "[\"" + value + "\"]");
        else
            EXPECT_EQ(found[name], "\"" + value + "\"");
    }
}

}  // namespace
}  // namespace gatepost::tools
