#include "tools/gatepost/config/nic_config.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/config/config.h"

namespace gatepost::tools {
namespace {

Result<Config> config_of(std::string_view toml) {
    Settings settings;
    if (Status read = settings.read_text(toml, "g.toml"); !read)
        return tl::unexpected(std::move(read).error());
    return config_from_settings(settings);
}

std::string config_error_of(std::string_view toml) {
    const auto config = config_of(toml);
    return config ? "" : config.error().message;
}

TEST(NicConfig, ExamplesOfEveryKeyAreValid) {
    for (const ConfigKey& key : nic_keys()) {
        const std::string example(key.example);
        EXPECT_TRUE(check_value(key, example.substr(0, example.find(',')))) << key.name;
        EXPECT_FALSE(key.description.empty()) << key.name;
        EXPECT_EQ(key.since, "0.2") << key.name;
    }
}

TEST(NicConfig, AnInterfaceIsEnough) {
    const auto config = config_of("[[nic]]\ninterface = \"eth1\"\n");
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->nics.size(), 1u);
    const NicConfig& nic = config->nics[0];
    EXPECT_EQ(nic.interface, "eth1");
    EXPECT_EQ(nic.driver, NicDriver::af_xdp);
    EXPECT_EQ(nic.xdp_mode, "auto");
    EXPECT_FALSE(nic.queues);
    EXPECT_FALSE(nic.cores);
    EXPECT_FALSE(nic.spin);
    EXPECT_TRUE(nic.hugepages);
    EXPECT_TRUE(nic.addresses.empty());
}

TEST(NicConfig, SeveralInTheOrderOfTheFile) {
    const auto config = config_of(
        "[[nic]]\ninterface = \"eth1\"\nqueues = 2\ncores = \"2-3\"\nidle = \"spin\"\n"
        "[[nic]]\ninterface = \"eth0\"\ndriver = \"af_packet\"\naddresses = [\"192.0.2.53\", "
        "\"2001:db8::53\"]\nhugepages = \"off\"\n"
        "[[nic]]\ninterface = \"mlx\"\ndriver = \"bifurcated\"\ndevice = \"0000:03:00.0\"\n");
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->nics.size(), 3u);
    EXPECT_EQ(config->nics[0].queues, 2u);
    EXPECT_EQ(config->nics[0].cores, (std::vector<unsigned>{2, 3}));
    EXPECT_TRUE(config->nics[0].spin);
    EXPECT_EQ(config->nics[1].interface, "eth0");
    EXPECT_EQ(config->nics[1].addresses.size(), 2u);
    EXPECT_FALSE(config->nics[1].hugepages);
    EXPECT_EQ(config->nics[2].driver, NicDriver::bifurcated);
    EXPECT_EQ(config->nics[2].device, "0000:03:00.0");
}

TEST(NicConfig, EveryErrorSaysWhereAndWhat) {
    const struct {
        const char* toml;
        const char* part;
    } kCases[] = {
        {"[[nic]]\nqueues = 2\n", "g.toml:2: [[nic]] needs `interface`"},
        {"[[nic]]\ninterface = \"a-name-of-16-oct\"\n", "cannot be an interface's name"},
        {"[[nic]]\ninterface = \"a/b\"\n", "\"a/b\" cannot be an interface's name"},
        {"[[nic]]\ninterface = \"e\"\ndriver = \"netmap\"\n", "g.toml:3:1: \"netmap\" is not"},
        {"[[nic]]\ninterface = \"e\"\ndriver = \"device\"\naddresses = [\"192.0.2.1\"]\n",
         "`device` belongs to"},
        {"[[nic]]\ninterface = \"e\"\ndriver = \"bifurcated\"\n", "`device` belongs to"},
        {"[[nic]]\ninterface = \"e\"\ndevice = \"0000:03:00.0\"\n", "`device` belongs to"},
        {"[[nic]]\ninterface = \"e\"\naddresses = [\"192.0.2\"]\n",
         "\"192.0.2\" is not an IPv4 or IPv6 address"},
        {"[[nic]]\ninterface = \"e\"\ndriver = \"af_packet\"\n",
         "nic e with driver \"af_packet\" needs `addresses`"},
        {"[[nic]]\ninterface = \"e\"\ndriver = \"device\"\ndevice = \"net_tap0\"\n",
         "with driver \"device\" needs `addresses`"},
        {"[[nic]]\ninterface = \"e\"\nqueues = 0\n", "g.toml:3:1: "},
        {"[[nic]]\ninterface = \"e\"\nqueues = 33\n", "g.toml:3:1: "},
        {"[[nic]]\ninterface = \"e\"\nqueues = \"many\"\n", "g.toml:3:1: "},
        {"[[nic]]\ninterface = \"e\"\ncores = \"3-1\"\n", "g.toml:3:1: "},
        {"[[nic]]\ninterface = \"e\"\nqueues = 3\ncores = \"1-2\"\n",
         "nic e has 3 queues and only 2 cores"},
        {"[[nic]]\ninterface = \"e\"\nxdp_mode = \"fast\"\n", "\"fast\" is not"},
        {"[[nic]]\ninterface = \"e\"\nidle = \"never\"\n", "\"never\" is not"},
        {"[[nic]]\ninterface = \"e\"\nhugepages = \"1GiB\"\n", "\"1GiB\" is not"},
        {"[[nic]]\ninterface = \"e\"\nhugepages = true\n", "nic.hugepages is a boolean"},
        {"[[nic]]\ninterface = \"e\"\nqueue = 1\n", "did you mean"},
        {"[nic]\ninterface = \"e\"\n", "unknown key \"nic.interface\""},
        {"[[nic]]\ninterface = \"e\"\n[[nic]]\ninterface = \"e\"\n",
         "g.toml:4: a second [[nic]] for interface e"},
    };
    for (const auto& one : kCases) {
        const std::string message = config_error_of(one.toml);
        EXPECT_NE(message.find(one.part), std::string::npos)
            << one.toml << "gave: " << (message.empty() ? "no error" : message);
    }
}

TEST(NicConfig, NoMoreThanTheRuntimePageHasRoomFor) {
    std::string toml;
    for (int i = 0; i < 8; ++i) toml += fmt::format("[[nic]]\ninterface = \"eth{}\"\n", i);
    EXPECT_EQ(config_error_of(toml), "");
    EXPECT_EQ(config_error_of(toml + "[[nic]]\ninterface = \"eth8\"\n"),
              "9 [[nic]] tables; at most 8");
}

// A command's standard output, with a configuration of its own.
class ConfigCommand : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_GE(fd_ = ::mkstemp(path_), 0);
        std::ofstream(path_)
            << "[[nic]]\ninterface = \"eth1\"\nqueues = 2\n[[nic]]\ninterface = \"eth2\"\n";
    }
    void TearDown() override {
        ::close(fd_);
        ::unlink(path_);
    }
    std::string output(std::string_view verb, bool as_json, const std::string& key = "") {
        GlobalOptions options;
        options.config_file = path_;
        options.json = as_json;
        Context context(options);
        Arguments arguments;
        if (!key.empty()) arguments.set("KEY", {key});
        testing::internal::CaptureStdout();
        const auto code = find_command("config", verb)->run(context, arguments);
        std::fflush(stdout);
        std::string text = testing::internal::GetCapturedStdout();
        return code ? text : code.error().message;
    }

    char path_[32] = "/tmp/gatepost-nic-XXXXXX";
    int fd_ = -1;
};

TEST_F(ConfigCommand, ShowHasTheKeysOfEachNic) {
    const auto shown = nlohmann::json::parse(output("show", true));
    std::map<std::string, std::string> values;
    for (const auto& one : shown["settings"]) values[one["key"]] = one["value"];
    EXPECT_EQ(values["nic.0.interface"], "eth1");
    EXPECT_EQ(values["nic.0.queues"], "2");
    EXPECT_EQ(values["nic.1.interface"], "eth2");
    EXPECT_NE(output("show", false).find("nic.1.interface  eth2"), std::string::npos);
}

TEST_F(ConfigCommand, DescribeExplainsTheKeysOfANic) {
    const std::string queues = output("describe", false, "nic.queues");
    EXPECT_EQ(queues.find("nic.queues\n"), 0u) << queues;
    // They come from the file alone.
    EXPECT_EQ(queues.find("GATEPOST_NIC"), std::string::npos) << queues;
    const auto all = nlohmann::json::parse(output("describe", true, "nic"));
    EXPECT_EQ(all["keys"].size(), nic_keys().size());
    EXPECT_TRUE(all["keys"][0]["environment"].is_null());
    EXPECT_NE(output("describe", false, "nic.queus").find("nic.queues"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::tools
