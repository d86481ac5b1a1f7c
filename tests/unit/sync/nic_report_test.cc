#include "controlplane/control/nic_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "controlplane/control/tsc_clock.h"

namespace gatepost::controlplane {
namespace {

using nlohmann::json;

// One NIC with one worker, the second of the page.
storage::RuntimeMapping page_with_nic() {
    auto page = storage::RuntimeMapping::create().value();
    page->worker_count = 1;
    page->nic_count = 1;
    storage::NicSlot& slot = page->nics[0];
    std::string("eth1").copy(slot.interface, sizeof slot.interface - 1);
    slot.first_worker = 1;
    slot.worker_count = 1;
    slot.starts = 3;
    return page;
}

TEST(NicReport, WithoutNicsAnEmptyList) {
    auto page = storage::RuntimeMapping::create().value();
    EXPECT_EQ(nics_report(*page, 1.0), json::array());
}

TEST(NicReport, SaysWhoAnswers) {
    auto page = page_with_nic();
    json nic = nics_report(*page, 1.0)[0];
    EXPECT_EQ(nic["interface"], "eth1");
    EXPECT_EQ(nic["answered_by"], "kernel_sockets");
    EXPECT_TRUE(nic["pid"].is_null());
    EXPECT_EQ(nic["starts"], 3);
    page->nics[0].pid = 77;
    EXPECT_EQ(nics_report(*page, 1.0)[0]["answered_by"], "kernel_sockets");  // not ready yet
    page->nics[0].ready = 1;
    nic = nics_report(*page, 1.0)[0];
    EXPECT_EQ(nic["answered_by"], "poll_mode");
    EXPECT_EQ(nic["pid"], 77);
    page.clear_nic(0);
    EXPECT_EQ(nics_report(*page, 1.0)[0]["answered_by"], "kernel_sockets");
}

TEST(NicReport, CountersAreThoseOfItsWorkers) {
    auto page = page_with_nic();
    page->workers[0].queries[0][0] = 1000;  // of the kernel's sockets
    page->workers[1].queries[0][1] = 7;
    page->polls[1].frames_received = 9;
    page->polls[1].polls_empty = 5;
    const json workers = nics_report(*page, 1.0)[0]["workers"];
    ASSERT_EQ(workers.size(), 1u);
    EXPECT_EQ(workers[0]["worker"], 1);
    EXPECT_EQ(workers[0]["queries"]["udp4"], 0);
    EXPECT_EQ(workers[0]["queries"]["udp6"], 7);
    EXPECT_EQ(workers[0]["frames_received"], 9);
    EXPECT_EQ(workers[0]["polls_empty"], 5);
    EXPECT_FALSE(workers[0].contains("tcp_connections"));
}

TEST(NicReport, StagesAreNanosecondsPerFrame) {
    auto page = page_with_nic();
    const auto answer = [&](std::optional<double> ns_per_cycle) {
        return nics_report(*page, ns_per_cycle)[0]["workers"][0]["stage_ns"]["answer"];
    };
    EXPECT_TRUE(answer(0.5).is_null());  // nothing measured yet
    page->polls[1].sampled_frames = 40;
    page->polls[1].stage_cycles[static_cast<size_t>(storage::PollStage::answer)] = 8000;
    EXPECT_EQ(answer(0.5), 100.0);
    EXPECT_TRUE(answer(std::nullopt).is_null());
}

TEST(TscClock, TellsAfterAWhileAndNeverNonsense) {
    const TscClock clock;
    std::this_thread::sleep_for(std::chrono::milliseconds(11));
    const auto ns_per_cycle = clock.ns_per_cycle();
    ASSERT_TRUE(ns_per_cycle);
    EXPECT_GT(*ns_per_cycle, 0.05);  // 20 GHz
    EXPECT_LT(*ns_per_cycle, 20.0);  // 50 MHz
}

}  // namespace
}  // namespace gatepost::controlplane
