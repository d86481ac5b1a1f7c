#include "tools/load/mail/mail_report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tools/gatepost/output/table.h"
#include "tools/load/figures.h"

namespace gatepost::tools {

namespace {

constexpr std::array<const char*, kSmtpStages> kStages = {"mail", "rcpt", "data", "final"};
constexpr std::array<const char*, kSessionFailures> kFailures = {
    "none",  "connect", "tls",     "greeting", "extension",
    "login", "lost",    "timeout", "protocol", "turned_away"};

double cpu_us_per_message(const MailReport& report) {
    const uint64_t begun = report.statistics.total.begun;
    const double seconds = report.cpu.user + report.cpu.system;
    return begun == 0 ? 0 : 1e6 * seconds / static_cast<double>(begun);
}

std::string rejections_text(const MailCounts& counts) {
    std::string text;
    for (const auto& [reply, count] : counts.rejections)
        text += fmt::format("{}{} at {} {}", text.empty() ? "" : ", ", reply.second,
                            kStages[static_cast<size_t>(reply.first)], grouped(count));
    return text.empty() ? "none" : text;
}

std::string failures_text(const MailCounts& counts) {
    std::string text;
    for (size_t i = 1; i < kSessionFailures; ++i)
        if (counts.failures[i] > 0)
            text += fmt::format(", {} {}", kFailures[i], grouped(counts.failures[i]));
    return text;
}

std::string load_text(const SmtpLoadOptions& options) {
    const MailEngineOptions& engine = options.engine;
    std::string text = engine.rate != 0
                           ? fmt::format("{} messages/s, at most {} sessions", grouped(engine.rate),
                                         grouped(engine.sessions))
                           : counted(engine.sessions, "session");
    text += engine.messages_per_session == 0
                ? ", kept"
                : fmt::format(", {} each", counted(engine.messages_per_session, "message"));
    return text + fmt::format(", {} octets, {}", grouped(engine.message_size),
                              counted(engine.recipients_per_message, "recipient"));
}

std::string protocol_text(const SmtpLoadOptions& options) {
    const DialogueOptions& dialogue = options.plan.dialogue;
    return fmt::format("{}{}{}{}", dialogue.lmtp ? "LMTP" : "SMTP",
                       options.tls         ? " over TLS"
                       : dialogue.starttls ? " with STARTTLS"
                                           : "",
                       dialogue.pipelining ? ", pipelining" : "",
                       dialogue.chunking ? ", chunking" : "");
}

}  // namespace

std::string mail_interval_line(const MailInterval& interval) {
    const MailCounts& counts = interval.counts;
    return fmt::format(
        "{:5.1f} s  accepted {}  rejected {}  unknown {}  sessions {}  failed {}  p50 {:.0f} us  "
        "p99 {:.0f} us\n",
        in_s(interval.end_ns), grouped(counts.accepted), grouped(counts.rejected),
        grouped(counts.unknown), grouped(interval.active), grouped(counts.failed_sessions()),
        in_us(interval.whole.percentile_ns(0.5)), in_us(interval.whole.percentile_ns(0.99)));
}

std::string mail_report_table(const MailReport& report) {
    const MailStatistics& all = report.statistics;
    const MailCounts& counts = all.total;
    Table table({{"", Align::left}, {"", Align::left}});
    table.row({"server", report.options.plan.target.text});
    table.row({"over", protocol_text(report.options)});
    table.row({"load", load_text(report.options)});
    table.row({"time", fmt::format("{:.3f} s", in_s(all.duration_ns))});
    table.row({"messages", grouped(counts.begun)});
    table.row({"accepted", fmt::format("{} ({:.1f} /s)", grouped(counts.accepted),
                                       per_second(counts.accepted, all.duration_ns))});
    table.row({"not accepted",
               fmt::format("{} rejected, {} without a reply, {} not sent", grouped(counts.rejected),
                           grouped(counts.unknown), grouped(counts.unsent))});
    table.row(
        {"recipients",
         fmt::format("{} accepted, {} rejected, {} unknown", grouped(counts.recipients_accepted),
                     grouped(counts.recipients_rejected), grouped(counts.recipients_unknown))});
    table.row({"rejections", rejections_text(counts)});
    if (report.options.engine.rate != 0)
        table.row({"behind schedule",
                   fmt::format("{} late, {} never begun", grouped(all.late), grouped(all.missed))});
    table.row(
        {"connections", fmt::format("{}, failed {}{}", grouped(counts.sessions),
                                    grouped(counts.failed_sessions()), failures_text(counts))});
    if (all.given_up) table.row({"given up", "the server could not be reached any more"});
    table.row({"latency us", latency_text(all.whole)});
    table.row({"final reply us", latency_text(all.final_reply)});
    table.row(
        {"own CPU", fmt::format("{:.2f} s user, {:.2f} s system, {:.1f} us a message",
                                report.cpu.user, report.cpu.system, cpu_us_per_message(report))});
    const std::string text = table.text();
    return text.substr(text.find('\n') + 1);
}

std::string mail_report_json(const MailReport& report) {
    const MailStatistics& all = report.statistics;
    const MailCounts& counts = all.total;
    const MailEngineOptions& engine = report.options.engine;
    nlohmann::ordered_json out;
    out["target"] = report.options.plan.target.text;
    out["protocol"] = protocol_text(report.options);
    out["rate"] = engine.rate == 0 ? nlohmann::json() : nlohmann::json(engine.rate);
    out["sessions"] = engine.sessions;
    out["messages_per_session"] = engine.messages_per_session;
    out["size_bytes"] = engine.message_size;
    out["duration_s"] = in_s(all.duration_ns);
    out["messages"] = counts.begun;
    out["accepted"] = counts.accepted;
    out["accepted_per_s"] = per_second(counts.accepted, all.duration_ns);
    out["rejected"] = counts.rejected;
    out["unknown"] = counts.unknown;
    out["unsent"] = counts.unsent;
    out["late"] = all.late;
    out["missed"] = all.missed;
    out["given_up"] = all.given_up;
    out["recipients"] = {{"accepted", counts.recipients_accepted},
                         {"rejected", counts.recipients_rejected},
                         {"unknown", counts.recipients_unknown}};
    out["rejections"] = nlohmann::ordered_json::object();
    for (const auto& [reply, count] : counts.rejections)
        out["rejections"][kStages[static_cast<size_t>(reply.first)]][std::to_string(reply.second)] =
            count;
    out["connections"] = {{"begun", counts.sessions}, {"failed", counts.failed_sessions()}};
    for (size_t i = 1; i < kSessionFailures; ++i)
        out["connections"][kFailures[i]] = counts.failures[i];
    out["octets"] = counts.octets;
    out["latency_us"] = latency_json(all.whole);
    out["final_reply_us"] = latency_json(all.final_reply);
    out["cpu_s"] = {{"user", report.cpu.user}, {"system", report.cpu.system}};
    out["cpu_us_per_message"] = cpu_us_per_message(report);
    return out.dump(2) + "\n";
}

}  // namespace gatepost::tools
