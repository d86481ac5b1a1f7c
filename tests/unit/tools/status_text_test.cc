#include "tools/gatepost/command/status_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gatepost::tools {
namespace {

using nlohmann::json;

json report_of(bool ready, int sampled_frames = 1000) {
    const json worker = {{"worker", 1},
                         {"queries", {{"udp4", 1200}, {"udp6", 34}}},
                         {"dropped", {{"frame_malformed", 5}}},
                         {"frames_received", 1239},
                         {"frames_sent", 1234},
                         {"neighbor_replies", 0},
                         {"device_missed", 0},
                         {"polls", 4000},
                         {"polls_empty", 3000},
                         {"sleeps", 90},
                         {"sampled_frames", sampled_frames},
                         {"stage_ns",
                          {{"receive", 10.0},
                           {"decode", 20.0},
                           {"answer", 100.5},
                           {"encode", 20.0},
                           {"transmit", nullptr}}},
                         {"arena_generation", 3}};
    return {{"nics",
             {{{"interface", "eth1"},
               {"answered_by", ready ? "poll_mode" : "kernel_sockets"},
               {"pid", ready ? json(77) : json(nullptr)},
               {"ready", ready},
               {"starts", 2},
               {"workers", {worker}}}}}};
}

TEST(StatusText, ANicInPollMode) {
    const std::string text = status_text(report_of(true));
    EXPECT_NE(text.find("nic eth1      poll mode, pid 77, 2 starts\n"), std::string::npos) << text;
    EXPECT_NE(text.find("1,234"), std::string::npos);
    EXPECT_NE(text.find(" 150 "), std::string::npos) << text;  // the stages together
    EXPECT_EQ(status_text(report_of(true, 1)).find(" 150 "), std::string::npos);
}

TEST(StatusText, ANicWhoseProcessDoesNotRun) {
    const std::string text = status_text(report_of(false));
    EXPECT_NE(text.find("nic eth1      kernel sockets"), std::string::npos) << text;
}

TEST(StatusText, WithoutNicsNothingIsSaid) {
    EXPECT_EQ(status_text({{"nics", json::array()}}).find("nic"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::tools
