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

// Connections of all kinds: TCP, TLS, HTTPS.
std::string streams_text(const json& workers) {
    Table table({{"WORKER", Align::right},
                 {"OPEN", Align::right},
                 {"ACCEPTED", Align::right},
                 {"REFUSED", Align::right},
                 {"TIMED OUT", Align::right},
                 {"TLS", Align::right},
                 {"RESUMED", Align::right},
                 {"TLS FAILED", Align::right},
                 {"HTTP", Align::right},
                 {"HTTP ERRORS", Align::right},
                 {"BUFFERS", Align::right}});
    for (const json& worker : workers) {
        const json& streams = member(worker, "streams");
        const json& ends = member(streams, "ends");
        uint64_t full = 0, resumed = 0, http = 0, errors = 0;
        for (const json& version : member(streams, "handshakes")) {
            full += number_of(version, "full");
            resumed += number_of(version, "resumed");
        }
        for (const json& version : member(streams, "http_requests")) {
            http += sum_of(version);
            errors += number_of(version, "4xx") + number_of(version, "5xx");
        }
        table.row({std::to_string(number_of(worker, "worker")), grouped(number_of(streams, "open")),
                   grouped(number_of(streams, "total")),
                   grouped(number_of(ends, "listener_limit") + number_of(ends, "source_limit") +
                           number_of(ends, "prefix_limit") + number_of(ends, "no_memory")),
                   grouped(number_of(ends, "idle") + number_of(ends, "deadline") +
                           number_of(ends, "not_read")),
                   grouped(full + resumed), grouped(resumed),
                   grouped(sum_of(member(streams, "tls_failures"))), grouped(http), grouped(errors),
                   human_size(number_of(streams, "buffers_bytes"))});
    }
    return "\n" + table.text();
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
                 {"TLS", Align::right},
                 {"HTTPS", Align::right},
                 {"NOERROR", Align::right},
                 {"NXDOMAIN", Align::right},
                 {"OTHER", Align::right},
                 {"TRUNCATED", Align::right},
                 {"SLIPPED", Align::right},
                 {"DROPPED", Align::right},
                 {"IMAGE", Align::right}});
    for (const json& worker : workers) {
        const json& queries = member(worker, "queries");
        const json& rcodes = member(worker, "rcodes");
        const uint64_t good = number_of(rcodes, "NOERROR");
        const uint64_t absent = number_of(rcodes, "NXDOMAIN");
        table.row({std::to_string(number_of(worker, "worker")),
                   grouped(number_of(queries, "udp4") + number_of(queries, "udp6")),
                   grouped(number_of(queries, "tcp4") + number_of(queries, "tcp6")),
                   grouped(number_of(queries, "tls4") + number_of(queries, "tls6")),
                   grouped(number_of(queries, "https4") + number_of(queries, "https6")),
                   grouped(good), grouped(absent), grouped(sum_of(rcodes) - good - absent),
                   grouped(number_of(worker, "truncated")), grouped(number_of(worker, "slipped")),
                   grouped(sum_of(member(worker, "dropped"))),
                   std::to_string(number_of(worker, "arena_generation"))});
    }
    if (table.rows() > 0) out += "\n" + table.text() + streams_text(workers);
    return out;
}

std::string log_text(const json& report) {
    std::string out;
    for (const auto& [process, lines] : member(report, "log").items()) {
        const uint64_t warnings = number_of(lines, "warnings");
        const uint64_t errors = number_of(lines, "errors");
        if (warnings + errors == 0) continue;
        out += fmt::format("{}{}: {}, {}", out.empty() ? "" : "; ", process,
                           counted(errors, "error"), counted(warnings, "warning"));
    }
    return line("log", out.empty() ? "no warnings, no errors" : out);
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
    std::string out;
    const auto add = [&](const char* list, const char* total, const char* key, std::string title,
                         const char* what) {
        const json& held = member(report, list);
        if (held.empty()) return;
        Table table({{std::move(title)}, {"SINCE"}, {"REASON"}});
        for (const json& one : held)
            table.row({text_of(one, key), text_of(one, "since"), text_of(one, "reason")});
        out += fmt::format("\nheld at the last good version: {}\n{}",
                           counted(number_of(report, total), what), table.text());
    };
    add("held_zones", "held_zones_total", "zone", "HELD ZONE", "zone");
    add("held_certificates", "held_certificates_total", "entry", "HELD CERTIFICATE", "certificate");
    return out;
}

// Nothing where mail is not served.
std::string mail_text(const json& mail) {
    if (!mail.is_object() || number_of(mail, "workers") == 0) return "";
    std::string text = fmt::format("{} delivered, {} waiting", number_of(mail, "delivered"),
                                   number_of(mail, "waiting"));
    if (const std::string last = text_of(mail, "last_delivery_at"); !last.empty())
        text += "; the last at " + last;
    if (const uint64_t refused = number_of(mail, "refused"); refused != 0)
        text += fmt::format("; {} refused by the database, and kept", refused);
    if (const uint64_t lost = number_of(mail, "undeliverable"); lost != 0)
        text += fmt::format("; {} for accounts that are gone (gatepost.undeliverable)", lost);
    if (const std::string error = text_of(mail, "error"); !error.empty())
        text += "; the database is away: " + error;
    return line("mail", text);
}

// The same.
std::string mailboxes_text(const json& mailboxes) {
    if (!mailboxes.is_object() || number_of(mailboxes, "workers") == 0) return "";
    const uint64_t resident = number_of(mailboxes, "resident");
    std::string text =
        fmt::format("{} mailbox{} in memory with {}, {}", grouped(resident),
                    resident == 1 ? "" : "es", counted(number_of(mailboxes, "messages"), "message"),
                    human_size(number_of(mailboxes, "used_bytes")));
    text += fmt::format("; {} in {}", counted(number_of(mailboxes, "changes"), "change"),
                        counted(number_of(mailboxes, "transactions"), "transaction"));
    if (const uint64_t full = number_of(mailboxes, "full"); full != 0)
        text += fmt::format("; {} for which there was no room in memory", counted(full, "request"));
    if (const uint64_t lost = number_of(mailboxes, "lost"); lost != 0)
        text += fmt::format("; {} mailbox{} of which the database had lost changes (see the log)",
                            grouped(lost), lost == 1 ? "" : "es");
    if (const std::string error = text_of(mailboxes, "error"); !error.empty())
        text += "; the database is away: " + error;
    return line("mailboxes", text);
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
           checkpoint_text(member(report, "checkpoint")) + mail_text(member(report, "mail")) +
           mailboxes_text(member(report, "mailboxes")) + log_text(report) +
           dataplane_text(member(report, "dataplane")) + nics_text(report) + held_text(report);
}

}  // namespace gatepost::tools
