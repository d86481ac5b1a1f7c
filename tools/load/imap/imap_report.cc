#include "tools/load/imap/imap_report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tools/gatepost/output/table.h"
#include "tools/load/figures.h"

namespace gatepost::tools {

namespace {

constexpr std::array<const char*, kImapFailures> kFailures = {
    "none", "connect", "tls", "greeting", "login", "select", "lost", "timeout", "protocol"};
constexpr std::array<std::string_view, 5> kStages = {"reading", "opening", "measuring", "measured",
                                                     "checking"};

double cpu_us_per_command(const ImapReport& report) {
    const uint64_t answered = report.statistics.answered();
    const double seconds = report.cpu.user + report.cpu.system;
    return answered == 0 ? 0 : 1e6 * seconds / static_cast<double>(answered);
}

std::string failures_text(const ImapStatistics& all) {
    std::string text;
    for (size_t i = 1; i < kImapFailures; ++i)
        if (all.failures[i] > 0)
            text += fmt::format(", {} {}", kFailures[i], grouped(all.failures[i]));
    return text;
}

std::string work_text(const ImapEngineOptions& engine) {
    if (engine.mixed()) return engine.mix.text();
    const std::string name(imap_operation_name(engine.operation));
    return engine.operation == ImapOperation::watch ? name + " " + engine.mix.text() : name;
}

std::string_view protocol_text(const ImapPlan& plan) {
    return plan.implicit_tls ? "IMAP over TLS" : plan.starttls ? "IMAP with STARTTLS" : "IMAP";
}

std::string differences_text(const MailboxDifferences& found) {
    return fmt::format(
        "{} messages; {} missing, {} unexpected, {} with wrong flags, {} UIDs given twice, {} "
        "uncertain",
        grouped(found.messages), grouped(found.missing), grouped(found.unexpected),
        grouped(found.wrong_flags), grouped(found.doubled_uids), grouped(found.uncertain));
}

void add_operations(Table& table, const ImapStatistics& all) {
    for (size_t i = 0; i < kImapOperations; ++i) {
        const ImapOperationFigures& one = all.operations[i];
        if (one.latency.count() == 0 && one.refused == 0 && one.unknown == 0) continue;
        const std::string name(imap_operation_name(static_cast<ImapOperation>(i)));
        table.row({name, fmt::format("{} ({:.1f} /s), {} refused, {} without a response",
                                     grouped(one.latency.count()),
                                     per_second(one.latency.count(), all.duration_ns),
                                     grouped(one.refused), grouped(one.unknown))});
        table.row({name + " us", latency_text(one.latency)});
    }
}

nlohmann::ordered_json operations_json(const ImapStatistics& all) {
    auto out = nlohmann::ordered_json::object();
    for (size_t i = 0; i < kImapOperations; ++i) {
        const ImapOperationFigures& one = all.operations[i];
        if (one.latency.count() == 0 && one.refused == 0 && one.unknown == 0) continue;
        out[std::string(imap_operation_name(static_cast<ImapOperation>(i)))] = {
            {"answered", one.latency.count()},
            {"per_s", per_second(one.latency.count(), all.duration_ns)},
            {"refused", one.refused},
            {"unknown", one.unknown},
            {"latency_us", latency_json(one.latency)}};
    }
    return out;
}

nlohmann::ordered_json check_json(const ImapStatistics& all) {
    if (!all.checked) return nullptr;
    const MailboxDifferences& found = all.differences;
    return {{"messages", found.messages},         {"missing", found.missing},
            {"unexpected", found.unexpected},     {"wrong_flags", found.wrong_flags},
            {"doubled_uids", found.doubled_uids}, {"uncertain", found.uncertain}};
}

}  // namespace

std::string_view imap_stage_name(ImapStage stage) {
    return kStages[static_cast<size_t>(stage)];
}

std::string imap_interval_line(const ImapInterval& interval) {
    return fmt::format(
        "{:5.1f} s  commands {}  refused {}  connections {}  failed {}  p50 {:.0f} us  p99 {:.0f} "
        "us\n",
        in_s(interval.end_ns), grouped(interval.latency.count()), grouped(interval.refused),
        grouped(interval.ready), grouped(interval.failed),
        in_us(interval.latency.percentile_ns(0.5)), in_us(interval.latency.percentile_ns(0.99)));
}

std::string imap_report_table(const ImapReport& report) {
    const ImapStatistics& all = report.statistics;
    const ImapEngineOptions& engine = report.options.engine;
    Table table({{"", Align::left}, {"", Align::left}});
    table.row({"server", report.options.plan.target.text});
    table.row({"over", std::string(protocol_text(report.options.plan))});
    table.row(
        {"load", fmt::format("{}, {}, {} under way on each", work_text(engine),
                             counted(engine.connections, "connection"), grouped(engine.depth))});
    table.row({"time", fmt::format("{:.3f} s", in_s(all.duration_ns))});
    add_operations(table, all);
    if (engine.operation == ImapOperation::idle) table.row({"idle", grouped(all.idle)});
    if (engine.operation == ImapOperation::watch) {
        table.row(
            {"changes", fmt::format("{}, not seen {}", grouped(all.changes), grouped(all.unseen))});
        table.row({"seen after us", latency_text(all.seen)});
    }
    table.row(
        {"received", fmt::format("{:.1f} MB/s", per_second(all.octets, all.duration_ns) / 1e6)});
    table.row({"connections", fmt::format("{}, failed {}{}", grouped(all.connections),
                                          grouped(all.failed_connections()), failures_text(all))});
    if (!all.last_reason.empty()) table.row({"last refusal", all.last_reason});
    if (all.checked) table.row({"check", differences_text(all.differences)});
    if (all.given_up) table.row({"given up", "the server could not be reached any more"});
    table.row(
        {"own CPU", fmt::format("{:.2f} s user, {:.2f} s system, {:.1f} us a command",
                                report.cpu.user, report.cpu.system, cpu_us_per_command(report))});
    const std::string text = table.text();
    return text.substr(text.find('\n') + 1);
}

std::string imap_report_json(const ImapReport& report) {
    const ImapStatistics& all = report.statistics;
    const ImapEngineOptions& engine = report.options.engine;
    nlohmann::ordered_json out;
    out["target"] = report.options.plan.target.text;
    out["protocol"] = protocol_text(report.options.plan);
    out["work"] = work_text(engine);
    out["connections_wanted"] = engine.connections;
    out["depth"] = engine.depth;
    out["duration_s"] = in_s(all.duration_ns);
    out["begun"] = all.begun;
    out["answered"] = all.answered();
    out["answered_per_s"] = per_second(all.answered(), all.duration_ns);
    out["refused"] = all.refused();
    out["unknown"] = all.unknown();
    out["operations"] = operations_json(all);
    out["octets"] = all.octets;
    out["connections"] = {{"begun", all.connections}, {"failed", all.failed_connections()}};
    for (size_t i = 1; i < kImapFailures; ++i) out["connections"][kFailures[i]] = all.failures[i];
    out["last_reason"] = all.last_reason;
    out["given_up"] = all.given_up;
    out["idle"] = all.idle;
    if (engine.operation == ImapOperation::watch)
        out["watch"] = {{"changes", all.changes},
                        {"unseen", all.unseen},
                        {"seen", all.seen.count()},
                        {"seen_after_us", latency_json(all.seen)}};
    out["check"] = check_json(all);
    out["cpu_s"] = {{"user", report.cpu.user}, {"system", report.cpu.system}};
    out["cpu_us_per_command"] = cpu_us_per_command(report);
    // Octets of a server's refusal may be no UTF-8.
    return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace gatepost::tools
