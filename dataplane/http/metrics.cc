#include "dataplane/http/metrics.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dataplane/http/metrics_dns.h"
#include "dataplane/http/metrics_stream.h"
#include "dataplane/http/metrics_sum.h"

namespace gatepost::dataplane {

namespace {

using storage::RuntimePage;

uint64_t read(const std::atomic<uint64_t>& value) {
    return value.load(std::memory_order_relaxed);
}

void write_processes(const RuntimePage& page, const HttpOptions& options, MetricsWriter& out) {
    out.family("gatepost_build_info", MetricKind::gauge, "The program's version");
    out.sample({{"version", options.version}}, uint64_t{1});
    out.family("gatepost_process_starts", MetricKind::counter,
               "Times that the supervisor has started a process");
    out.sample({{"process", "dataplane"}}, read(page.dataplane_starts));
    out.sample({{"process", "controlplane"}}, read(page.controlplane_starts));
    out.family("gatepost_process_up", MetricKind::gauge, "Whether a process runs");
    auto up = [](const std::atomic<uint32_t>& pid) {
        return uint64_t{pid.load(std::memory_order_relaxed) != 0 ? 1U : 0U};
    };
    out.sample({{"process", "dataplane"}}, up(page.dataplane_pid));
    out.sample({{"process", "controlplane"}}, up(page.controlplane_pid));
}

struct NamedSnapshot {
    std::string_view name;
    SnapshotFacts facts;
};

void write_snapshots(const HttpEnvironment& environment, MetricsWriter& out) {
    const NamedSnapshot all[] = {{"zones", environment.zones()},
                                 {"directory", environment.directory()}};
    auto family = [&](std::string_view name, std::string_view help, auto value) {
        out.family(name, MetricKind::gauge, help);
        for (const NamedSnapshot& each : all)
            if (each.facts.generation != 0)
                out.sample({{"snapshot", each.name}}, uint64_t{value(each.facts)});
    };
    family("gatepost_snapshot_version", "Publishes since the snapshot was begun",
           [](const SnapshotFacts& facts) { return facts.version; });
    family("gatepost_snapshot_generation", "Grows with each snapshot that is begun",
           [](const SnapshotFacts& facts) { return facts.generation; });
    auto now_s = static_cast<int64_t>(environment.unix_s());
    family("gatepost_snapshot_age_seconds", "Time since the last publish",
           [now_s](const SnapshotFacts& facts) {
               return static_cast<uint64_t>(
                   std::max<int64_t>(0, now_s - facts.published_time_us / 1'000'000));
           });
    family("gatepost_snapshot_from_checkpoint",
           "1: read from disk at the start, and not replaced by a live one yet",
           [](const SnapshotFacts& facts) { return facts.from_checkpoint ? 1U : 0U; });
    out.single("gatepost_dns_zones", MetricKind::gauge, "Zones that are served",
               all[0].facts.zones);
    out.single("gatepost_dns_names", MetricKind::gauge,
               "Names that are served, empty non-terminals included", all[0].facts.names);
    out.single("gatepost_directory_entries", MetricKind::gauge, "Entries of the directory",
               all[1].facts.names);
}

void write_certificates(const HttpEnvironment& environment, MetricsWriter& out) {
    std::array<CertificateFacts, kCertificatesShown> facts;
    size_t count = environment.certificates(facts);
    out.family("gatepost_tls_cert_expiry_seconds", MetricKind::gauge,
               "When a certificate in use runs out, in seconds since 1970");
    for (size_t i = 0; i < count; ++i) {
        // A name is one time series, whatever the source thinks.
        bool seen = std::any_of(facts.begin(), facts.begin() + static_cast<ptrdiff_t>(i),
                                [&](const auto& each) { return each.name == facts[i].name; });
        if (!seen)
            out.sample({{"name", facts[i].name}},
                       static_cast<uint64_t>(std::max<int64_t>(0, facts[i].not_after_s)));
    }
}

std::string_view interface_of(const storage::NicSlot& nic) {
    return {nic.interface, ::strnlen(nic.interface, sizeof nic.interface)};
}

template <typename Get>
uint64_t sum_nic(const RuntimePage& page, const storage::NicSlot& nic, const Get& get) {
    size_t first = nic.first_worker.load(std::memory_order_relaxed);
    size_t last = first + nic.worker_count.load(std::memory_order_relaxed);
    uint64_t sum = 0;
    for (size_t i = first; i < std::min(last, storage::kWorkersMax); ++i)
        sum += read(get(page.polls[i]));
    return sum;
}

// Poll mode: one process for each network interface.
void write_nics(const RuntimePage& page, MetricsWriter& out) {
    size_t count =
        std::min<size_t>(page.nic_count.load(std::memory_order_relaxed), storage::kNicsMax);
    if (count == 0) return;
    using Poll = storage::PollCounters;
    out.family("gatepost_nic_ready", MetricKind::gauge,
               "Whether an interface's frames are taken in poll mode");
    for (size_t i = 0; i < count; ++i)
        out.sample({{"interface", interface_of(page.nics[i])}},
                   uint64_t{page.nics[i].ready.load(std::memory_order_relaxed)});
    auto directions = [&](std::string_view name, std::string_view help, auto received, auto sent) {
        out.family(name, MetricKind::counter, help);
        for (size_t i = 0; i < count; ++i) {
            const storage::NicSlot& nic = page.nics[i];
            out.sample({{"interface", interface_of(nic)}, {"direction", "received"}},
                       sum_nic(page, nic, received));
            out.sample({{"interface", interface_of(nic)}, {"direction", "sent"}},
                       sum_nic(page, nic, sent));
        }
    };
    directions(
        "gatepost_nic_frames", "Frames taken and given in poll mode",
        [](const Poll& poll) -> const auto& { return poll.frames_received; },
        [](const Poll& poll) -> const auto& { return poll.frames_sent; });
    directions(
        "gatepost_nic_bytes", "Octets of these frames",
        [](const Poll& poll) -> const auto& { return poll.octets_received; },
        [](const Poll& poll) -> const auto& { return poll.octets_sent; });
    out.family("gatepost_nic_drops", MetricKind::counter, "Frames lost by an interface's device");
    for (size_t i = 0; i < count; ++i)
        out.sample({{"interface", interface_of(page.nics[i])}, {"reason", "missed"}},
                   sum_nic(
                       page, page.nics[i],
                       [](const Poll& poll) -> const auto& { return poll.device_missed; }));
}

// What one frame costs on each core, of those bursts that were measured.
void write_cores(const RuntimePage& page, MetricsWriter& out) {
    out.family("gatepost_worker_cycles_per_packet", MetricKind::gauge,
               "Time stamp counter cycles of a frame in poll mode, since the start");
    size_t workers = all_workers(page);
    for (size_t i = 0; i < workers; ++i) {
        uint64_t frames = read(page.polls[i].sampled_frames);
        if (frames == 0) continue;
        uint64_t cycles = 0;
        for (const auto& stage : page.polls[i].stage_cycles) cycles += read(stage);
        char core[8] = {};
        char* end = core;
        if (i >= 10) *end++ = static_cast<char>('0' + i / 10);
        *end++ = static_cast<char>('0' + i % 10);
        out.sample({{"core", {core, static_cast<size_t>(end - core)}}},
                   static_cast<double>(cycles) / static_cast<double>(frames));
    }
}

}  // namespace

void write_metrics(const HttpEnvironment& environment, const HttpOptions& options,
                   bool open_metrics, TextWriter& text) {
    const RuntimePage& page = environment.page();
    MetricsWriter out(text, open_metrics);
    write_processes(page, options, out);
    write_snapshots(environment, out);
    write_dns_metrics(page, out);
    write_stream_metrics(page, out);
    write_certificates(environment, out);
    write_nics(page, out);
    write_cores(page, out);
    environment.write_other_metrics(out);
    out.end();
}

}  // namespace gatepost::dataplane
