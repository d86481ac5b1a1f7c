#include "controlplane/control/nic_report.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "controlplane/control/status_report.h"

namespace gatepost::controlplane {

namespace {

using nlohmann::json;

constexpr const char* kStageNames[] = {"receive", "decode", "answer", "encode", "transmit"};
static_assert(std::size(kStageNames) == storage::kPollStages);

uint64_t read(const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

// Of each stage for one frame, on average over the bursts that were measured.
json stages_report(const storage::PollCounters& polls, std::optional<double> ns_per_cycle) {
    const uint64_t frames = read(polls.sampled_frames);
    json stages = json::object();
    for (size_t i = 0; i < storage::kPollStages; ++i) {
        json& stage = stages[kStageNames[i]] = nullptr;
        if (frames == 0 || !ns_per_cycle) continue;
        const double cycles = static_cast<double>(read(polls.stage_cycles[i]));
        const double ns = cycles * *ns_per_cycle / static_cast<double>(frames);
        stage = std::round(ns * 10) / 10;
    }
    return stages;
}

json poll_worker_report(const storage::RuntimePage& page, size_t index,
                        std::optional<double> ns_per_cycle) {
    const storage::PollCounters& polls = page.polls[index];
    json report = worker_report(index, page.workers[index]);
    // Poll mode is UDP only.
    report.erase("tcp_connections");
    report.erase("tcp_connections_total");
    report.update({{"polls", read(polls.polls)},
                   {"polls_empty", read(polls.polls_empty)},
                   {"sleeps", read(polls.sleeps)},
                   {"frames_received", read(polls.frames_received)},
                   {"octets_received", read(polls.octets_received)},
                   {"frames_sent", read(polls.frames_sent)},
                   {"octets_sent", read(polls.octets_sent)},
                   {"neighbor_replies", read(polls.neighbor_replies)},
                   {"device_missed", read(polls.device_missed)},
                   {"sampled_frames", read(polls.sampled_frames)},
                   {"stage_ns", stages_report(polls, ns_per_cycle)}});
    return report;
}

}  // namespace

json nics_report(const storage::RuntimePage& page, std::optional<double> ns_per_cycle) {
    json nics = json::array();
    const size_t count = std::min<size_t>(page.nic_count.load(), storage::kNicsMax);
    for (size_t i = 0; i < count; ++i) {
        const storage::NicSlot& slot = page.nics[i];
        const bool ready = slot.ready.load(std::memory_order_acquire) != 0;
        const uint32_t pid = slot.pid.load(std::memory_order_relaxed);
        json workers = json::array();
        const size_t first = slot.first_worker.load(std::memory_order_relaxed);
        const size_t end = first + slot.worker_count.load(std::memory_order_relaxed);
        for (size_t worker = first; worker < std::min(end, storage::kWorkersMax); ++worker)
            workers.push_back(poll_worker_report(page, worker, ns_per_cycle));
        nics.push_back(
            {{"interface",
              std::string(slot.interface, ::strnlen(slot.interface, sizeof slot.interface))},
             {"answered_by", ready ? "poll_mode" : "kernel_sockets"},
             {"pid", pid == 0 ? json(nullptr) : json(pid)},
             {"ready", ready},
             {"starts", slot.starts.load(std::memory_order_relaxed)},
             {"workers", std::move(workers)}});
    }
    return nics;
}

}  // namespace gatepost::controlplane
