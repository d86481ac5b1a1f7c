#include "controlplane/control/status_report.h"

#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "controlplane/control/nic_report.h"
#include "controlplane/control/stream_report.h"
#include "controlplane/sync/clock.h"
#include "storage/arena/drop_name.h"

namespace gatepost::controlplane {

namespace {

using nlohmann::json;

constexpr size_t kHeldMax = 100;  // listed; their number is told in full

json text_or_null(const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
}

json lsn_json(Lsn lsn) {
    return lsn == 0 ? json(nullptr) : json(lsn_to_text(lsn));
}

// RFC 6895 §2.3.
std::string rcode_name(size_t rcode) {
    static constexpr const char* kNames[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                             "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                             "NXRRSET", "NOTAUTH", "NOTZONE"};
    if (rcode < std::size(kNames)) return kNames[rcode];
    if (rcode == 16) return "BADVERS";
    return rcode == 23 ? "BADCOOKIE" : fmt::format("RCODE{}", rcode);
}

}  // namespace

json worker_report(size_t index, const storage::WorkerCounters& worker) {
    const auto read = [](const std::atomic<uint64_t>& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    json rcodes = json::object();
    for (size_t i = 0; i < storage::kRcodes; ++i)
        if (const uint64_t count = read(worker.rcodes[i]); count != 0)
            rcodes[rcode_name(i)] = count;
    json dropped = json::object();
    for (size_t i = 0; i < storage::kDropReasons; ++i)
        if (const uint64_t count = read(worker.dropped[i]); count != 0)
            dropped[std::string(storage::drop_name(static_cast<storage::Drop>(i)))] = count;
    return {{"worker", index},
            {"arena_generation", read(worker.arena_generation)},
            {"directory_generation", read(worker.directory_generation)},
            {"queries",
             {{"udp4", read(worker.queries[0][0])},
              {"udp6", read(worker.queries[0][1])},
              {"tcp4", read(worker.queries[1][0])},
              {"tcp6", read(worker.queries[1][1])},
              {"tls4", read(worker.queries[2][0])},
              {"tls6", read(worker.queries[2][1])},
              {"https4", read(worker.queries[3][0])},
              {"https6", read(worker.queries[3][1])}}},
            {"rcodes", std::move(rcodes)},
            {"truncated", read(worker.truncated)},
            {"slipped", read(worker.slipped)},
            {"cookies_valid", read(worker.cookies_valid)},
            {"cookies_new", read(worker.cookies_new)},
            {"cookies_bad", read(worker.cookies_bad)},
            {"dropped", std::move(dropped)},
            {"tcp_connections", read(worker.tcp_connections)},
            {"tcp_connections_total", read(worker.tcp_connections_total)}};
}

namespace {

json dataplane_report(const storage::RuntimePage& page) {
    json workers = json::array();
    const size_t count = std::min<size_t>(page.worker_count.load(), storage::kWorkersMax);
    for (size_t i = 0; i < count; ++i) {
        workers.push_back(worker_report(i, page.workers[i]));
        workers.back()["streams"] = stream_report(page.streams[i]);
    }
    return {{"pid", page.dataplane_pid.load()},
            {"starts", page.dataplane_starts.load()},
            {"workers", std::move(workers)}};
}

json sync_report(const SyncStatus& sync) {
    json age = nullptr;
    if (sync.caught_up_at_us != 0)
        age = static_cast<double>(std::max<int64_t>(0, now_us() - sync.caught_up_at_us)) / 1e6;
    return {{"state", sync_phase_name(sync.phase)},
            {"since", time_json(sync.since_us)},
            {"error", text_or_null(sync.error)},
            {"commit_lsn", lsn_json(sync.commit_lsn)},
            {"commit_time", time_json(sync.commit_time_us)},
            {"received_lsn", lsn_json(sync.received_lsn)},
            {"caught_up_at", time_json(sync.caught_up_at_us)},
            {"age_seconds", std::move(age)},
            {"transactions_total", sync.transactions_total},
            {"changes_total", sync.changes_total},
            {"loads_total", sync.loads_total},
            {"load_seconds", sync.load_seconds}};
}

json arena_report(const SyncStatus& sync) {
    return {{"generation", sync.generation},
            {"version", sync.arena.version},
            {"zones", sync.arena.zones},
            {"names", sync.arena.names},
            {"rrsets", sync.arena.rrsets},
            {"used_bytes", sync.arena.used_bytes},
            {"free_bytes", sync.arena.free_bytes},
            {"retired_bytes", sync.arena.retired_bytes},
            {"size_max_bytes", sync.arena.size_max_bytes},
            {"huge_pages", sync.huge_pages}};
}

json file_report(const CheckpointFile& file) {
    return {{"path", file.path},
            {"written_at", time_json(file.written_at_us)},
            {"size_bytes", file.size_bytes},
            {"commit_lsn", lsn_json(file.commit_lsn)}};
}

json directory_report(const SyncStatus& sync) {
    return {{"generation", sync.generation},
            {"version", sync.directory.version},
            {"entries", sync.directory.entries},
            {"used_bytes", sync.directory.used_bytes},
            {"free_bytes", sync.directory.free_bytes},
            {"retired_bytes", sync.directory.retired_bytes},
            {"size_max_bytes", sync.directory.size_max_bytes}};
}

json held_report(const HeldEntries& entries) {
    json held = json::array();
    for (const HeldEntry& entry : entries.list(kHeldMax))
        held.push_back({{"entry", entry.what},
                        {"since", time_json(entry.since_us)},
                        {"reason", entry.reason},
                        {"served", entry.served}});
    return held;
}

json held_report(const ZoneDirectory& directory) {
    json held = json::array();
    for (const HeldZone& zone : directory.held(kHeldMax))
        held.push_back({{"zone", zone.zone},
                        {"since", time_json(zone.hold.since_us)},
                        {"reason", zone.hold.reason}});
    return held;
}

}  // namespace

json time_json(int64_t time_us) {
    if (time_us == 0) return nullptr;
    const std::time_t seconds = time_us / 1'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char date[32];
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    return fmt::format("{}.{:03}Z", date, time_us / 1000 % 1000);
}

json checkpoint_report(const CheckpointStatus& status) {
    json report = file_report(status.zones);
    report["error"] = text_or_null(status.error);
    report["directory"] = file_report(status.directory);
    return report;
}

json status_report(const StatusSources& sources) {
    const SyncStatus sync = sources.board.status();
    const auto directory = sources.board.directory();
    const auto entries = sources.board.held_entries();
    return {{"controlplane",
             {{"pid", ::getpid()},
              {"version", GATEPOST_VERSION},
              {"started_at", time_json(sources.started_at_us)}}},
            {"supervisor",
             {{"pid", sources.page.supervisor_pid.load()},
              {"reloads", sources.page.reloads.load()},
              {"reloads_refused", sources.page.reloads_refused.load()}}},
            {"sync", sync_report(sync)},
            {"arena", arena_report(sync)},
            {"directory", directory_report(sync)},
            {"checkpoint", checkpoint_report(sources.checkpointer.status())},
            {"held_zones", held_report(*directory)},
            {"held_zones_total", directory->held_count()},
            {"held_certificates", held_report(*entries)},
            {"held_certificates_total", entries->count()},
            {"dataplane", dataplane_report(sources.page)},
            {"nics", nics_report(sources.page, sources.tsc.ns_per_cycle())},
            {"log", log_report(sources.page)}};
}

json zone_report(const std::string& zone, const SyncBoard& board) {
    const auto info = board.directory()->find(zone);
    if (!info)
        return {{"zone", zone}, {"state", "unknown"}, {"serial", nullptr}, {"held", nullptr}};
    json held = nullptr;
    if (info->hold)
        held = {{"since", time_json(info->hold->since_us)}, {"reason", info->hold->reason}};
    return {{"zone", zone},
            {"state", info->hold ? "held" : "served"},
            {"serial", info->served ? json(info->serial) : json(nullptr)},
            {"held", std::move(held)}};
}

}  // namespace gatepost::controlplane
