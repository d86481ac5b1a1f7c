// gatepost nic list|check
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/gatepost/cli/context.h"
#include "tools/gatepost/command/nouns.h"
#include "tools/gatepost/nic/nic_situation.h"
#include "tools/gatepost/nic/nic_use.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json text_or_null(std::string_view text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

template <typename T>
ordered_json number_or_null(T number, T unknown) {
    return number == unknown ? ordered_json(nullptr) : ordered_json(number);
}

// The `nics` of a running instance's status; empty where none can be asked.
json reported_nics(Context& context) {
    auto control = context.control();
    if (!control) return json::array();
    auto reply = control->request({{"op", "status"}}, context.timeout(std::chrono::seconds(2)));
    return reply ? reply->value("nics", json::array()) : json::array();
}

std::optional<ReportedNic> reported_nic(const json& nics, const std::string& interface) {
    for (const json& nic : nics) {
        if (nic.value("interface", "") != interface) continue;
        const json pid = nic.value("pid", json());
        return ReportedNic{pid.is_number() ? pid.get<pid_t>() : 0, nic.value("ready", false)};
    }
    return std::nullopt;
}

std::string_view link_text(const InterfaceFacts& interface) {
    if (!interface.exists) return "missing";
    if (!interface.up) return "down";
    return interface.carrier ? "up" : "no carrier";
}

// An interface without [[nic]] is looked at as one with nothing but its name.
NicConfig nic_of(const Config& config, const std::string& interface) {
    const NicConfig* found = find_nic(config, interface);
    NicConfig nic;
    nic.interface = interface;
    nic.xdp_mode = "auto";
    return found != nullptr ? *found : nic;
}

// Those of the host without loopback, and those of the configuration.
std::vector<std::string> listed_interfaces(const Config& config) {
    std::vector<std::string> names;
    for (std::string& name : interface_names())
        if (name != "lo" || find_nic(config, name) != nullptr) names.push_back(std::move(name));
    for (const NicConfig& nic : config.nics)
        if (std::find(names.begin(), names.end(), nic.interface) == names.end())
            names.push_back(nic.interface);
    return names;
}

ordered_json interface_json(const InterfaceFacts& interface) {
    return {{"interface", interface.name},
            {"exists", interface.exists},
            {"driver", text_or_null(interface.driver)},
            {"pci_address", text_or_null(interface.pci_address)},
            {"numa_node", number_or_null(interface.numa_node, -1)},
            {"link", link_text(interface)},
            {"speed_mbps", number_or_null(interface.speed_mbps, 0u)},
            {"mtu", interface.mtu},
            {"queues", interface.queues},
            {"queues_max", number_or_null(interface.queues_max, 0u)},
            {"ring", number_or_null(interface.ring, 0u)},
            {"ring_max", number_or_null(interface.ring_max, 0u)},
            {"addresses", interface.addresses},
            {"vlan_interfaces", interface.vlans},
            {"rx_vlan_offload", interface.rx_vlan_offload},
            {"xdp_native", interface.xdp.native},
            {"xdp_zero_copy", interface.xdp.zero_copy},
            {"xdp_program", interface.program_id == 0
                                ? ordered_json(nullptr)
                                : ordered_json{{"id", interface.program_id},
                                               {"name", text_or_null(interface.program_name)},
                                               {"native", interface.program_native}}}};
}

Result<int> list(Context& context, const Arguments&) {
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    const json reported = reported_nics(context);
    const HostFacts host = host_facts();
    Table table({{"INTERFACE"},
                 {"DRIVER"},
                 {"LINK"},
                 {"QUEUES", Align::right},
                 {"ANSWERED BY"},
                 {"WHY"},
                 {"POLL MODE HERE"},
                 {"ADDRESSES"}});
    ordered_json nics = ordered_json::array();
    for (const std::string& name : listed_interfaces(*config)) {
        const bool configured = find_nic(*config, name) != nullptr;
        const NicSituation at = nic_situation(*config, nic_of(*config, name), host);
        const NicUse use = judge_use(at, configured, reported_nic(reported, name));
        std::string by(answered_by_name(use.answered_by));
        ordered_json row = interface_json(at.interface);
        row["configured"] = configured;
        row["answered_by"] = by;
        row["reason"] = use.reason;
        row["poll_mode"] = use.poll_mode;
        nics.push_back(std::move(row));
        std::replace(by.begin(), by.end(), '_', ' ');
        table.row({name, at.interface.driver.empty() ? "-" : at.interface.driver,
                   std::string(link_text(at.interface)), std::to_string(at.interface.queues), by,
                   use.reason, use.poll_mode,
                   fmt::format("{}", fmt::join(at.interface.addresses, " "))});
    }
    context.print(context.json() ? ordered_json{{"nics", nics}}.dump(2) + "\n" : table.text());
    return kExitDone;
}

ordered_json findings_json(const std::string& interface, bool configured,
                           const Findings& findings) {
    ordered_json out = {{"interface", interface},
                        {"configured", configured},
                        {"grade", grade_name(findings.worst())},
                        {"findings", ordered_json::array()},
                        {"faster", findings.faster}};
    for (const Finding& finding : findings.list)
        out["findings"].push_back({{"check", finding.check},
                                   {"grade", grade_name(finding.grade)},
                                   {"message", finding.message},
                                   {"advice", text_or_null(finding.advice)}});
    return out;
}

std::string findings_text(const std::string& interface, bool configured, const Findings& findings) {
    std::string out =
        fmt::format("{}{}\n", interface, configured ? "" : " (no [[nic]] for it; if it had one:)");
    for (const Finding& finding : findings.list) {
        out += fmt::format("  {:<8} {:<13} {}\n", grade_name(finding.grade), finding.check,
                           finding.message);
        if (!finding.advice.empty()) out += fmt::format("  {:<22} → {}\n", "", finding.advice);
    }
    for (const std::string& faster : findings.faster)
        out += fmt::format("  {:<8} {:<13} {}\n", "faster", "", faster);
    return out;
}

int exit_code(Grade worst) {
    switch (worst) {
        case Grade::ok:
            return kExitDone;
        case Grade::warning:
            return kExitWarnings;
        case Grade::error:
            return static_cast<int>(ErrorCode::invalid);
    }
    return kExitDone;
}

Result<int> check(Context& context, const Arguments& arguments) {
    auto config = context.config();
    if (!config) return tl::unexpected(std::move(config).error());
    std::vector<std::string> names;
    for (const NicConfig& nic : config->nics) names.push_back(nic.interface);
    if (arguments.has("INTERFACE")) names = {arguments.text("INTERFACE")};
    const HostFacts host = host_facts();
    Grade worst = Grade::ok;
    ordered_json checked = ordered_json::array();
    std::string text;
    for (const std::string& name : names) {
        const bool configured = find_nic(*config, name) != nullptr;
        const Findings findings = judge_nic(nic_situation(*config, nic_of(*config, name), host));
        worst = std::max(worst, findings.worst());
        checked.push_back(findings_json(name, configured, findings));
        text += (text.empty() ? "" : "\n") + findings_text(name, configured, findings);
    }
    if (context.json())
        context.print(ordered_json{{"grade", grade_name(worst)}, {"nics", checked}}.dump(2) + "\n");
    else if (names.empty())
        context.note(
            "no [[nic]] is configured: the kernel's sockets answer on every interface. gatepost "
            "nic check INTERFACE looks at one all the same");
    else
        context.print(text);
    return exit_code(worst);
}

}  // namespace

std::vector<CommandSpec> nic_commands() {
    return {
        {.noun = "nic",
         .verb = "list",
         .summary = "Lists the host's network interfaces: driver, link, queues, addresses, and who "
                    "answers the queries that come in by each: poll mode or the kernel's sockets.",
         .examples = {"gatepost nic list", "gatepost nic list --json"},
         .run = list},
        {.noun = "nic",
         .verb = "check",
         .summary = "Checks whether poll mode can work on the interfaces of the configuration, and "
                    "says what to do where it cannot, or could be faster. Exit code 5 with errors, "
                    "8 with warnings.",
         .arguments = {{"INTERFACE", Arity::optional,
                        "an interface, configured or not (default: those of each [[nic]])"}},
         .examples = {"gatepost nic check", "gatepost nic check eth1"},
         .run = check},
    };
}

}  // namespace gatepost::tools
