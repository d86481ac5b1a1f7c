#include "dataplane/http/readiness.h"

#include <fmt/format.h>

#include <string>

namespace gatepost::dataplane {

namespace {

// A worker turns at least every 100 ms; one that has not for so long is stuck.
constexpr uint64_t kHeartbeatMaxNs = 5'000'000'000;

struct Check {
    std::string_view name;
    bool ok = false;
    bool required = true;
    std::string detail;
};

uint64_t age_s(const HttpEnvironment& environment, const SnapshotFacts& facts) {
    auto published_s = static_cast<uint64_t>(facts.published_time_us / 1'000'000);
    return environment.unix_s() > published_s ? environment.unix_s() - published_s : 0;
}

Check check_zones(const HttpEnvironment& environment, const HttpOptions& options) {
    SnapshotFacts facts = environment.zones();
    if (facts.generation == 0)
        return {.name = "zones",
                .detail =
                    "there is no snapshot yet: the control plane has not "
                    "read the database since the start"};
    uint64_t age = age_s(environment, facts);
    bool fresh = options.snapshot_age_s_max == 0 || age <= options.snapshot_age_s_max;
    return {.name = "zones",
            .ok = fresh,
            .detail = fmt::format("{} zones, published {} s ago{}", facts.zones, age,
                                  facts.from_checkpoint ? ", from disk" : "")};
}

// Without it, a certificate of our own is served: that is no reason to take the traffic away.
Check check_directory(const HttpEnvironment& environment) {
    SnapshotFacts facts = environment.directory();
    if (facts.generation == 0)
        return {.name = "directory", .required = false, .detail = "there is none yet"};
    return {.name = "directory",
            .ok = true,
            .required = false,
            .detail = fmt::format("{} entries, published {} s ago", facts.names,
                                  age_s(environment, facts))};
}

Check check_workers(const HttpEnvironment& environment) {
    const storage::RuntimePage& page = environment.page();
    size_t count =
        std::min<size_t>(page.worker_count.load(std::memory_order_relaxed), storage::kWorkersMax);
    uint64_t now_ns = environment.monotonic_ns();
    size_t alive = 0;
    for (size_t i = 0; i < count; ++i) {
        uint64_t seen_ns = page.workers[i].heartbeat_ns.load(std::memory_order_relaxed);
        if (seen_ns != 0 && (seen_ns >= now_ns || now_ns - seen_ns <= kHeartbeatMaxNs)) ++alive;
    }
    return {.name = "workers",
            .ok = alive == count && count != 0,
            .detail = fmt::format("{} of {} alive", alive, count)};
}

void put_snapshot(std::string_view name, const SnapshotFacts& facts, TextWriter& out) {
    out.put(
        fmt::format(",\"{}\":{{\"generation\":{},\"version\":{},\"commit_lsn\":{},"
                    "\"published_time_us\":{},\"from_checkpoint\":{},\"entries\":{}}}",
                    name, facts.generation, facts.version, facts.commit_lsn,
                    facts.published_time_us, facts.from_checkpoint, facts.names));
}

}  // namespace

bool write_readiness(const HttpEnvironment& environment, const HttpOptions& options,
                     bool with_facts, TextWriter& out) {
    const Check checks[] = {check_zones(environment, options), check_directory(environment),
                            check_workers(environment)};
    bool ready = true;
    bool healthy = true;
    for (const Check& check : checks) {
        if (check.required) ready = ready && check.ok;
        healthy = healthy && check.ok;
    }
    out.put("{\"status\":");
    if (with_facts)
        out.put_json(healthy ? "healthy" : "degraded");
    else
        out.put_json(ready ? "ready" : "not ready");
    if (with_facts) {
        const storage::RuntimePage& page = environment.page();
        out.put(",\"service\":\"gatepost\",\"version\":");
        out.put_json(options.version);
        out.put(fmt::format(",\"timestamp\":{},\"dataplane_pid\":{},\"controlplane_pid\":{}",
                            environment.unix_s(), page.dataplane_pid.load(),
                            page.controlplane_pid.load()));
        put_snapshot("zones", environment.zones(), out);
        put_snapshot("directory", environment.directory(), out);
    }
    out.put(",\"checks\":[");
    std::string_view separator = "";
    for (const Check& check : checks) {
        out.put(separator);
        out.put("{\"name\":");
        out.put_json(check.name);
        out.put(check.ok ? ",\"ok\":true" : ",\"ok\":false");
        out.put(check.required ? ",\"required\":true" : ",\"required\":false");
        out.put(",\"detail\":");
        out.put_json(check.detail);
        out.put("}");
        separator = ",";
    }
    out.put("]}\n");
    return ready;
}

}  // namespace gatepost::dataplane
