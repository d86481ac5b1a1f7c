#include "tools/load/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/gatepost/dns/message.h"
#include "tools/gatepost/output/table.h"
#include "tools/load/figures.h"

namespace gatepost::tools {

namespace {

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string rcodes_text(const Counts& counts) {
    std::string text;
    for (size_t i = 0; i < counts.rcodes.size(); ++i) {
        if (counts.rcodes[i] == 0) continue;
        text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : "  ",
                            rcode_to_text(static_cast<uint16_t>(i)),
                            100 * share(counts.rcodes[i], counts.answered));
    }
    return text;
}

uint64_t of(const Counts& counts, Verdict verdict) {
    return counts.verdicts[static_cast<size_t>(verdict)];
}

// "short 1, not ours 2", or "none".
std::string listed(std::initializer_list<std::pair<const char*, uint64_t>> counters) {
    std::string text;
    for (const auto& [name, count] : counters)
        if (count > 0)
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, grouped(count));
    return text.empty() ? "none" : text;
}

std::string with_share(uint64_t count, uint64_t whole) {
    return fmt::format("{} ({:.3f} %)", grouped(count), 100 * share(count, whole));
}

}  // namespace

CpuSeconds cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return {seconds(usage.ru_utime), seconds(usage.ru_stime)};
}

std::string interval_line(const Interval& interval) {
    const Counts& counts = interval.counts;
    return fmt::format(
        "{:5.1f} s  sent {}  answered {}  lost {} ({:.2f} %)  p50 {:.0f} us  p99 {:.0f} us  {}{}\n",
        in_s(interval.end_ns), grouped(counts.sent), grouped(counts.answered),
        grouped(interval.lost), 100 * share(interval.lost, counts.answered + interval.lost),
        in_us(interval.latency.percentile_ns(0.5)), in_us(interval.latency.percentile_ns(0.99)),
        rcodes_text(counts),
        counts.wrong() == 0 ? "" : fmt::format("  WRONG {}", grouped(counts.wrong())));
}

std::string report_table(const RunReport& report) {
    const Statistics& all = report.statistics;
    const Counts& counts = all.total;
    const TransportCounters& drops = report.transport_counters;
    double sending = in_s(all.duration_ns);
    const auto rate = [&](uint64_t count) {
        return grouped(sending > 0 ? static_cast<uint64_t>(static_cast<double>(count) / sending)
                                   : 0);
    };
    Table table({{"", Align::left}, {"", Align::left}});
    table.row({"server", report.target});
    table.row({"over", report.transport});
    table.row({"load", report.rate != 0 ? fmt::format("{} queries/s", grouped(report.rate))
                                        : fmt::format("{} in flight", grouped(report.in_flight))});
    table.row({"time", fmt::format("{:.3f} s", sending)});
    table.row({"sent", fmt::format("{} ({} /s)", grouped(counts.sent), rate(counts.sent))});
    table.row({"answered",
               fmt::format("{} ({} /s), {:.3f} %", grouped(counts.answered), rate(counts.answered),
                           100 * share(counts.answered, counts.sent))});
    table.row({"lost", with_share(all.lost, counts.sent)});
    if (report.rate != 0)
        table.row({"behind schedule",
                   fmt::format("{} late, {} not sent", grouped(all.late), grouped(all.unsent))});
    table.row({"rcodes", rcodes_text(counts)});
    table.row({"truncated (TC)", with_share(counts.truncated, counts.answered)});
    table.row({"latency us", latency_text(all.latency, 1)});
    table.row({"octets", fmt::format("{} sent, {} received", grouped(counts.octets_sent),
                                     grouped(counts.octets_received))});
    table.row({"wrong", listed({{"no message", of(counts, Verdict::no_message)},
                                {"no response", of(counts, Verdict::no_response)},
                                {"other question", of(counts, Verdict::other_question)},
                                {"unexpected answer", of(counts, Verdict::unexpected)}})});
    if (report.expected > 0)
        table.row(
            {"compared", fmt::format("{} answers to {} of {} queries", grouped(counts.verified),
                                     grouped(report.expected), grouped(report.queries))});
    table.row({"dropped", listed({{"short", drops.truncated_frames},
                                  {"not ours", drops.not_ours},
                                  {"bad checksum", drops.bad_checksum},
                                  {"unknown id", counts.unknown_id},
                                  {"unreachable", drops.unreachable}})});
    table.row(
        {"own CPU", fmt::format("{:.2f} s user, {:.2f} s system, {:.3f} us a query",
                                report.cpu.user, report.cpu.system,
                                counts.sent == 0 ? 0
                                                 : 1e6 * (report.cpu.user + report.cpu.system) /
                                                       static_cast<double>(counts.sent))});
    std::string text = table.text();
    return text.substr(text.find('\n') + 1);
}

std::string report_json(const RunReport& report) {
    const Statistics& all = report.statistics;
    const Counts& counts = all.total;
    const TransportCounters& drops = report.transport_counters;
    double sending = in_s(all.duration_ns);
    const auto rate = [&](uint64_t count) {
        return sending > 0 ? static_cast<double>(count) / sending : 0;
    };
    nlohmann::ordered_json out;
    out["target"] = report.target;
    out["transport"] = report.transport;
    out["rate"] = report.rate == 0 ? nlohmann::json() : nlohmann::json(report.rate);
    out["in_flight"] = report.in_flight == 0 ? nlohmann::json() : nlohmann::json(report.in_flight);
    out["duration_s"] = sending;
    out["queries"] = report.queries;
    out["sent"] = counts.sent;
    out["answered"] = counts.answered;
    out["answered_share"] = share(counts.answered, counts.sent);
    out["lost"] = all.lost;
    out["qps_sent"] = rate(counts.sent);
    out["qps_answered"] = rate(counts.answered);
    out["late"] = all.late;
    out["unsent"] = all.unsent;
    out["rcodes"] = nlohmann::ordered_json::object();
    for (size_t i = 0; i < counts.rcodes.size(); ++i)
        if (counts.rcodes[i] > 0)
            out["rcodes"][rcode_to_text(static_cast<uint16_t>(i))] = counts.rcodes[i];
    out["truncated"] = counts.truncated;
    out["latency_us"] = latency_json(all.latency);
    out["octets"] = {{"sent", counts.octets_sent}, {"received", counts.octets_received}};
    out["wrong"] = {{"total", counts.wrong()},
                    {"no_message", of(counts, Verdict::no_message)},
                    {"no_response", of(counts, Verdict::no_response)},
                    {"other_question", of(counts, Verdict::other_question)},
                    {"unexpected", of(counts, Verdict::unexpected)}};
    out["compared"] = counts.verified;
    out["drops"] = {{"short", drops.truncated_frames},
                    {"not_ours", drops.not_ours},
                    {"bad_checksum", drops.bad_checksum},
                    {"unknown_id", counts.unknown_id},
                    {"unreachable", drops.unreachable}};
    out["neighbor_replies"] = drops.neighbors;
    out["cpu_s"] = {{"user", report.cpu.user}, {"system", report.cpu.system}};
    return out.dump(2) + "\n";
}

}  // namespace gatepost::tools
