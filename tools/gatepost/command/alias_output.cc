#include "tools/gatepost/command/alias_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

using controlplane::MailAlias;
using controlplane::MailAliasInfo;
using controlplane::MailRoute;
using nlohmann::ordered_json;

namespace {

constexpr size_t kRecipientsShown = 3;  // in a table

std::string recipients_text(const MailRoute& route) {
    std::vector<std::string> all = route.accounts;
    all.insert(all.end(), route.elsewhere.begin(), route.elsewhere.end());
    if (all.empty()) return "–";
    const size_t more = all.size() > kRecipientsShown ? all.size() - kRecipientsShown : 0;
    all.resize(all.size() - more);
    return fmt::format("{}{}", fmt::join(all, " "), more > 0 ? fmt::format(" +{}", more) : "");
}

ordered_json plain_json(const std::vector<MailAlias>& aliases) {
    ordered_json out = ordered_json::array();
    for (const MailAlias& alias : aliases)
        out.push_back(
            {{"source", alias.source}, {"target", alias.target}, {"active", alias.active}});
    return out;
}

}  // namespace

std::string route_verdict(const MailRoute& route) {
    if (!route.active) return "domain inactive";
    if (!route.nobody.empty()) return fmt::format("nobody has {}", route.nobody.front());
    if (route.loop) return "circle";
    if (route.cut) return "too long";
    return "yes";
}

ordered_json route_json(const MailRoute& route) {
    return {{"accounts", route.accounts},   {"over_quota", route.over_quota},
            {"elsewhere", route.elsewhere}, {"nobody", route.nobody},
            {"loop", route.loop},           {"cut", route.cut}};
}

ordered_json alias_json(const MailAliasInfo& alias) {
    return {{"source", alias.alias.source},
            {"target", alias.alias.target},
            {"active", alias.alias.active},
            {"exterior", alias.exterior},
            {"ok", route_verdict(alias.route) == "yes"},
            {"recipients", route_json(alias.route)}};
}

std::string alias_table(const std::vector<MailAliasInfo>& aliases) {
    Table table({{"SOURCE"}, {"TARGET"}, {"EXTERIOR?"}, {"OK?"}, {"RECIPIENTS"}});
    for (const MailAliasInfo& alias : aliases)
        table.row({alias.alias.source, alias.alias.target, alias.exterior ? "yes" : "no",
                   alias.alias.active ? route_verdict(alias.route) : "inactive",
                   recipients_text(alias.route)});
    return table.text();
}

void report_aliases(Context& context, const Arguments& arguments,
                    const controlplane::MailAliasResult& result) {
    const bool dry_run = context.options().dry_run;
    if (context.json()) {
        const EdgeWait edge = wait_for_edge(context, arguments, result.lsn);
        context.print(ordered_json{{"dry_run", dry_run},
                                   {"added", plain_json(result.added)},
                                   {"removed", plain_json(result.removed)},
                                   {"kept", result.kept.size()},
                                   {"warnings", result.warnings},
                                   {"edge", edge_json(edge)}}
                          .dump(2) +
                      "\n");
        return;
    }
    for (const MailAlias& alias : result.removed)
        context.print(fmt::format("- {} {}\n", alias.source, alias.target));
    for (const MailAlias& alias : result.added)
        context.print(fmt::format("+ {} {}\n", alias.source, alias.target));
    for (const std::string& warning : result.warnings) context.warning(warning);
    if (result.added.empty() && result.removed.empty())
        context.note("nothing to change");
    else if (dry_run)
        context.note("dry run: nothing was changed");
    wait_for_edge(context, arguments, result.lsn);
}

}  // namespace gatepost::tools
