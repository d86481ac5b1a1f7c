#include "tools/gatepost/nic/nic_use.h"

#include <gtest/gtest.h>

namespace gatepost::tools {
namespace {

NicSituation running() {
    NicSituation at;
    at.nic.interface = at.interface.name = "eth1";
    at.nic.xdp_mode = "auto";
    at.interface.exists = true;
    at.interface.addresses = {"192.0.2.53"};
    at.interface.xdp = {.native = true};
    at.served = {"192.0.2.53"};
    at.own_supervisor = 10;
    return at;
}

TEST(NicUse, PollModeWhereItsProcessTakesFrames) {
    NicSituation at = running();
    at.interface.holder = 10;
    const NicUse use = judge_use(at, true, ReportedNic{.pid = 11, .ready = true});
    EXPECT_EQ(use.answered_by, AnsweredBy::poll_mode);
    EXPECT_EQ(use.reason, "process 11");
    EXPECT_EQ(use.poll_mode, "af_xdp, native, one copy");
}

TEST(NicUse, KernelSocketsMeanwhile) {
    NicSituation at = running();
    at.interface.holder = 10;
    NicUse use = judge_use(at, true, ReportedNic{.pid = 0, .ready = false});
    EXPECT_EQ(use.answered_by, AnsweredBy::kernel_sockets);
    EXPECT_NE(use.reason.find("does not run"), std::string::npos);
    use = judge_use(at, true, ReportedNic{.pid = 11, .ready = false});
    EXPECT_EQ(use.answered_by, AnsweredBy::kernel_sockets);
    EXPECT_NE(use.reason.find("starting"), std::string::npos);
}

TEST(NicUse, WithoutATableOfItsOwn) {
    NicSituation at = running();
    EXPECT_EQ(judge_use(at, false, std::nullopt).answered_by, AnsweredBy::kernel_sockets);
    at.served = {"198.51.100.1"};
    NicUse use = judge_use(at, false, std::nullopt);
    EXPECT_EQ(use.answered_by, AnsweredBy::nobody);
    EXPECT_NE(use.reason.find("dns.listen"), std::string::npos);
    at.interface.addresses.clear();
    use = judge_use(at, false, std::nullopt);
    EXPECT_EQ(use.answered_by, AnsweredBy::nobody);
    EXPECT_NE(use.reason.find("no address"), std::string::npos);
}

TEST(NicUse, WhatTheInstanceDoesNotSay) {
    NicSituation at = running();
    EXPECT_EQ(judge_use(at, true, std::nullopt).answered_by, AnsweredBy::kernel_sockets);
    EXPECT_NE(judge_use(at, true, std::nullopt).reason.find("restart"), std::string::npos);
    at.interface.holder = 10;
    EXPECT_EQ(judge_use(at, true, std::nullopt).answered_by, AnsweredBy::unknown);
}

TEST(NicUse, NotRunningAndAnother) {
    NicSituation at = running();
    at.own_supervisor.reset();
    EXPECT_EQ(judge_use(at, false, std::nullopt).answered_by, AnsweredBy::nobody);
    EXPECT_NE(judge_use(at, true, std::nullopt).reason.find("poll mode"), std::string::npos);
    at.interface.holder = 99;
    const NicUse use = judge_use(at, true, std::nullopt);
    EXPECT_EQ(use.answered_by, AnsweredBy::other_gatepost);
    EXPECT_EQ(use.reason, "process 99 has it");
}

TEST(NicUse, KindsOfPollMode) {
    NicSituation at = running();
    const auto kind = [&] { return judge_use(at, false, std::nullopt).poll_mode; };
    at.interface.xdp.zero_copy = true;
    EXPECT_EQ(kind(), "af_xdp, native, zero-copy");
    at.nic.xdp_mode = "generic";
    EXPECT_EQ(kind(), "af_xdp, generic");
    at.nic.driver = NicDriver::bifurcated;
    at.nic.device = "0000:03:00.0";
    EXPECT_EQ(kind(), "bifurcated 0000:03:00.0");
}

}  // namespace
}  // namespace gatepost::tools
