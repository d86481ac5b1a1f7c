#include "tools/gatepost/command/status_text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::json;

constexpr uint64_t kSampledFramesMin = 100;

// The report says null where there is nothing to say.
std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t number_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<uint64_t>() : 0;
}

const json& member(const json& object, const char* key) {
    static const json kEmpty = json::object();
    const auto found = object.find(key);
    return found != object.end() ? *found : kEmpty;
}

std::string line(std::string_view name, std::string_view value) {
    return fmt::format("{:<13} {}\n", name, value);
}

uint64_t sum_of(const json& counters) {
    uint64_t sum = 0;
    for (const json& counter : counters) sum += counter.get<uint64_t>();
    return sum;
}

std::string arena_text(const json& arena) {
    return line("zones", fmt::format("{}, {}, {}", counted(number_of(arena, "zones"), "zone"),
                                     counted(number_of(arena, "names"), "name"),
                                     counted(number_of(arena, "rrsets"), "RRset"))) +
           line("memory", fmt::format("{} of at most {}, {} pages, image {}",
                                      human_size(number_of(arena, "used_bytes")),
                                      human_size(number_of(arena, "size_max_bytes")),
                                      arena.value("huge_pages", false) ? "2 MiB" : "4 KiB",
                                      number_of(arena, "generation")));
}

std::string checkpoint_text(const json& checkpoint) {
    const std::string error = text_of(checkpoint, "error");
    const std::string written = text_of(checkpoint, "written_at");
    std::string text = written.empty()
                           ? "none written yet"
                           : fmt::format("{} at {}, {}", text_of(checkpoint, "path"), written,
                                         human_size(number_of(checkpoint, "size_bytes")));
    if (!error.empty()) text += "; last attempt failed: " + error;
    return line("checkpoint", text);
}

std::string dataplane_text(const json& dataplane) {
    const json& workers = member(dataplane, "workers");
    std::string out =
        line("dataplane", fmt::format("pid {}, {}, {}", number_of(dataplane, "pid"),
                                      counted(number_of(dataplane, "starts"), "start"),
                                      counted(workers.size(), "worker")));
    Table table({{"WORKER", Align::right},
                 {"UDP", Align::right},
                 {"TCP", Align::right},
                 {"NOERROR", Align::right},
                 {"NXDOMAIN", Align::right},
                 {"OTHER", Align::right},
                 {"TRUNCATED", Align::right},
                 {"DROPPED", Align::right},
                 {"TCP OPEN", Align::right},
                 {"IMAGE", Align::right}});
    for (const json& worker : workers) {
        const json& queries = member(worker, "queries");
        const json& rcodes = member(worker, "rcodes");
        const uint64_t good = number_of(rcodes, "NOERROR");
        const uint64_t absent = number_of(rcodes, "NXDOMAIN");
        table.row({std::to_string(number_of(worker, "worker")),
                   grouped(number_of(queries, "udp4") + number_of(queries, "udp6")),
                   grouped(number_of(queries, "tcp4") + number_of(queries, "tcp6")), grouped(good),
                   grouped(absent), grouped(sum_of(rcodes) - good - absent),
                   grouped(number_of(worker, "truncated")),
                   grouped(sum_of(member(worker, "dropped"))),
                   grouped(number_of(worker, "tcp_connections")),
                   std::to_string(number_of(worker, "arena_generation"))});
    }
    if (table.rows() > 0) out += "\n" + table.text();
    return out;
}

std::string nic_text(const json& nic) {
    const bool polled = text_of(nic, "answered_by") == "poll_mode";
    std::string out =
        "\n" + line("nic " + text_of(nic, "interface"),
                    fmt::format("{}, {}",
                                polled ? fmt::format("poll mode, pid {}", number_of(nic, "pid"))
                                       : "kernel sockets (poll mode does not run)",
                                counted(number_of(nic, "starts"), "start")));
    Table table({{"WORKER", Align::right},
                 {"QUERIES", Align::right},
                 {"FRAMES IN", Align::right},
                 {"FRAMES OUT", Align::right},
                 {"NEIGHBOR", Align::right},
                 {"DROPPED", Align::right},
                 {"MISSED", Align::right},
                 {"POLLS", Align::right},
                 {"EMPTY", Align::right},
                 {"SLEEPS", Align::right},
                 {"NS/FRAME", Align::right},
                 {"IMAGE", Align::right}});
    for (const json& worker : member(nic, "workers")) {
        // A few frames tell what cold caches cost, and nothing of load.
        const bool measured = number_of(worker, "sampled_frames") >= kSampledFramesMin;
        double stages_ns = 0;
        for (const json& stage : member(worker, "stage_ns"))
            if (stage.is_number()) stages_ns += stage.get<double>();
        table.row({std::to_string(number_of(worker, "worker")),
                   grouped(sum_of(member(worker, "queries"))),
                   grouped(number_of(worker, "frames_received")),
                   grouped(number_of(worker, "frames_sent")),
                   grouped(number_of(worker, "neighbor_replies")),
                   grouped(sum_of(member(worker, "dropped"))),
                   grouped(number_of(worker, "device_missed")), grouped(number_of(worker, "polls")),
                   grouped(number_of(worker, "polls_empty")), grouped(number_of(worker, "sleeps")),
                   measured ? fmt::format("{:.0f}", stages_ns) : "-",
                   std::to_string(number_of(worker, "arena_generation"))});
    }
    return out + table.text();
}

std::string nics_text(const json& report) {
    std::string out;
    for (const json& nic : member(report, "nics")) out += nic_text(nic);
    return out;
}

std::string held_text(const json& report) {
    const json& held = member(report, "held_zones");
    if (held.empty()) return "";
    Table table({{"HELD ZONE"}, {"SINCE"}, {"REASON"}});
    for (const json& zone : held)
        table.row({text_of(zone, "zone"), text_of(zone, "since"), text_of(zone, "reason")});
    return fmt::format("\nheld at the last good version: {}\n{}",
                       counted(number_of(report, "held_zones_total"), "zone"), table.text());
}

}  // namespace

std::string sync_text(const json& sync) {
    const auto age = sync.find("age_seconds");
    std::string state = fmt::format("{} since {}", text_of(sync, "state"), text_of(sync, "since"));
    if (const std::string error = text_of(sync, "error"); !error.empty()) state += ": " + error;
    std::string fresh = "never";
    if (age != sync.end() && age->is_number())
        fresh = fmt::format(
            "{} ago, position {}", human_seconds(age->get<double>()),
            text_of(sync, "commit_lsn").empty() ? "unknown" : text_of(sync, "commit_lsn"));
    return line("sync", state) + line("up to date", fresh) +
           line("applied",
                fmt::format("{}, {}; {}, the last in {}",
                            counted(number_of(sync, "transactions_total"), "transaction"),
                            counted(number_of(sync, "changes_total"), "change"),
                            counted(number_of(sync, "loads_total"), "load"),
                            human_seconds(sync.value("load_seconds", 0.0))));
}

std::string status_text(const json& report) {
    const json& controlplane = member(report, "controlplane");
    return line(
               "control plane",
               fmt::format("pid {}, version {}, since {}", number_of(controlplane, "pid"),
                           text_of(controlplane, "version"), text_of(controlplane, "started_at"))) +
           sync_text(member(report, "sync")) + arena_text(member(report, "arena")) +
           checkpoint_text(member(report, "checkpoint")) +
           dataplane_text(member(report, "dataplane")) + nics_text(report) + held_text(report);
}

}  // namespace gatepost::tools
