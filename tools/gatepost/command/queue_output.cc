#include "tools/gatepost/command/queue_output.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

using controlplane::OutboundMessage;
using controlplane::OutboundStat;
using nlohmann::ordered_json;

namespace {

ordered_json null_if_empty(const std::string& text) {
    return text.empty() ? ordered_json() : ordered_json(text);
}

std::string or_null_path(const std::string& sender) {
    return sender.empty() ? "<>" : sender;
}

// RFC 3461 §4.1
std::vector<std::string> notify_names(int notify) {
    constexpr std::array<std::pair<int, const char*>, 4> kNames = {
        {{1, "NEVER"}, {2, "SUCCESS"}, {4, "FAILURE"}, {8, "DELAY"}}};
    std::vector<std::string> names;
    for (const auto& [bit, name] : kNames)
        if ((notify & bit) != 0) names.emplace_back(name);
    return names;
}

// Why it is as it is.
std::string reason_of(const OutboundMessage& message) {
    if (message.state == "held") return message.held_reason;
    if (message.state == "leased") return "until " + message.lease_expires_at;
    return message.last_error;
}

}  // namespace

ordered_json outbound_json(const OutboundMessage& message) {
    return {{"id", message.id},
            {"blob_id", message.blob_id},
            {"state", message.state},
            {"sender", message.sender},
            {"recipient", message.recipient},
            {"address", null_if_empty(message.address)},
            {"original_recipient", null_if_empty(message.original)},
            {"notify", notify_names(message.notify)},
            {"envid", null_if_empty(message.envid)},
            {"return", null_if_empty(message.ret)},
            {"body", message.body_kind},
            {"smtputf8", message.smtputf8},
            {"size_bytes", message.body.size},
            {"held_reason", null_if_empty(message.held_reason)},
            {"attempts", message.attempts},
            {"last_error", null_if_empty(message.last_error)},
            {"created_at", message.created_at},
            {"expires_at", message.expires_at},
            {"lease_expires_at", null_if_empty(message.lease_expires_at)}};
}

std::string outbound_table(const std::vector<OutboundMessage>& messages) {
    Table table({{"ID", Align::right},
                 {"STATE"},
                 {"FROM"},
                 {"TO"},
                 {"SIZE", Align::right},
                 {"SINCE"},
                 {"TRIES", Align::right},
                 {"WHY"}});
    for (const OutboundMessage& message : messages)
        table.row({std::to_string(message.id), message.state, or_null_path(message.sender),
                   message.recipient, human_size(message.body.size), message.created_at,
                   std::to_string(message.attempts), reason_of(message)});
    return table.text();
}

std::string outbound_text(const OutboundMessage& message) {
    std::string text;
    const auto line = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) text += fmt::format("{:<12}{}\n", name, value);
    };
    line("id", std::to_string(message.id));
    line("message", message.blob_id);
    line("state", message.state);
    line("why", reason_of(message));
    line("from", or_null_path(message.sender));
    line("to", message.recipient);
    if (message.address != message.recipient) line("given as", message.address);
    line("original", message.original);
    line("notify", fmt::format("{}", fmt::join(notify_names(message.notify), ",")));
    line("envid", message.envid);
    line("return", message.ret);
    line("body", message.body_kind + (message.smtputf8 ? ", SMTPUTF8" : ""));
    line("size", human_size(message.body.size));
    line("tries", std::to_string(message.attempts));
    line("last error", message.last_error);
    line("since", message.created_at);
    line("expires", message.expires_at);
    return text;
}

ordered_json outbound_stat_json(const OutboundStat& stat) {
    ordered_json states = ordered_json::object();
    for (const auto& one : stat.states)
        states[one.state] = {{"recipients", one.recipients},
                             {"messages", one.messages},
                             {"size_bytes", one.octets},
                             {"oldest_at", null_if_empty(one.oldest_at)},
                             {"oldest_age_seconds", one.oldest_age_s}};
    return {{"states", states}, {"auto_release", stat.auto_release}};
}

std::string outbound_stat_text(const OutboundStat& stat) {
    Table table({{"STATE"},
                 {"MESSAGES", Align::right},
                 {"RECIPIENTS", Align::right},
                 {"SIZE", Align::right},
                 {"OLDEST", Align::right}});
    for (const auto& one : stat.states)
        table.row({one.state, grouped(one.messages), grouped(one.recipients),
                   human_size(one.octets),
                   one.oldest_at.empty() ? "" : human_seconds(one.oldest_age_s)});
    return table.text() + (stat.auto_release ? "new mail is ready at once\n"
                                             : "new mail is held until somebody releases it\n");
}

}  // namespace gatepost::tools
