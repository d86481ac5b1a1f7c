#include "controlplane/model/mail_alias.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controlplane/model/audit.h"
#include "controlplane/model/mail_domain.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

constexpr size_t kInsertAtOnce = 10'000;  // rows of one statement: some MiB of parameters

std::vector<MailAlias> aliases_of(const PgResult& rows) {
    std::vector<MailAlias> aliases;
    for (int row = 0; row < rows.rows(); ++row)
        aliases.push_back({rows.text(row, 0), rows.text(row, 1), rows.boolean(row, 2)});
    return aliases;
}

Status check_domains(Connection& connection, const std::vector<MailAlias>& aliases) {
    std::set<std::string> names;
    for (const MailAlias& alias : aliases) names.emplace(domain_of(alias.source));
    for (const std::string& name : names) {
        auto domain = mail_domain_get(connection, name);
        if (!domain) return tl::unexpected(std::move(domain).error());
        if (!domain->alias_of.empty())
            return fail(ErrorCode::refused,
                        "{} is an alias of the domain {}: that one's aliases count", name,
                        domain->alias_of);
    }
    return {};
}

Result<std::vector<std::string>> warnings_of(Connection& connection,
                                             const std::vector<MailAlias>& aliases) {
    std::vector<MailRouteStart> starts;
    for (const MailAlias& alias : aliases) starts.push_back({alias.source, alias.target});
    auto routes = mail_routes(connection, starts);
    if (!routes) return tl::unexpected(std::move(routes).error());
    std::vector<std::string> warnings;
    for (size_t n = 0; n < routes->size(); ++n) {
        const MailRoute& route = (*routes)[n];
        const std::string what = fmt::format("{} → {}", aliases[n].source, aliases[n].target);
        for (const std::string& address : route.nobody)
            warnings.push_back(fmt::format("{}: nobody has the address {}", what, address));
        if (route.loop)
            warnings.push_back(
                fmt::format("{}: aliases go in a circle here, and end where it closes", what));
        if (route.cut)
            warnings.push_back(
                fmt::format("{}: more than {} levels or {} recipients; the rest is not followed",
                            what, kAliasDepthMax, kAliasRecipientsMax));
    }
    return warnings;
}

// Those of the domains of `aliases` that are not among them.
Result<std::vector<MailAlias>> remove_others(Connection& connection,
                                             const std::vector<MailAlias>& aliases) {
    std::set<std::string> domains;
    std::vector<std::string> sources;
    std::vector<std::string> targets;
    for (const MailAlias& alias : aliases) {
        domains.emplace(domain_of(alias.source));
        sources.push_back(alias.source);
        targets.push_back(alias.target);
    }
    auto rows = connection.exec_params(
        "DELETE FROM gatepost.aliases l WHERE gatepost.domain_of_address(l.source) = ANY "
        "($1::text[]) AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS n (source, "
        "target) WHERE n.source = l.source AND n.target = l.target) RETURNING source, target, "
        "active",
        {text_array_to_literal(std::vector<std::string>(domains.begin(), domains.end())),
         text_array_to_literal(sources), text_array_to_literal(targets)});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return aliases_of(*rows);
}

}  // namespace

Result<std::vector<MailAliasInfo>> mail_alias_list(Connection& connection,
                                                   const MailAliasFilter& filter) {
    auto rows = connection.exec_params(
        "SELECT source, target, active FROM gatepost.aliases WHERE ($1 = '' OR "
        "gatepost.domain_of_address(source) = $1) AND ($2 = '' OR source = $2) ORDER BY "
        "gatepost.domain_of_address(source), source, id",
        {filter.domain, filter.source});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<MailAlias> aliases = aliases_of(*rows);
    std::vector<MailRouteStart> starts;
    for (const MailAlias& alias : aliases) starts.push_back({alias.source, alias.target});
    auto routes = mail_routes(connection, starts);
    if (!routes) return tl::unexpected(std::move(routes).error());
    auto domains = mail_domain_list(connection);
    if (!domains) return tl::unexpected(std::move(domains).error());
    std::set<std::string, std::less<>> ours;
    for (const MailDomain& domain : *domains) ours.insert(domain.name);
    std::vector<MailAliasInfo> out;
    for (size_t n = 0; n < aliases.size(); ++n) {
        const bool exterior = ours.find(domain_of(aliases[n].target)) == ours.end();
        out.push_back({std::move(aliases[n]), exterior, std::move((*routes)[n])});
    }
    return out;
}

Result<std::vector<MailAlias>> mail_alias_insert(Connection& connection,
                                                 const std::vector<MailAlias>& aliases) {
    std::vector<MailAlias> added;
    for (size_t first = 0; first < aliases.size(); first += kInsertAtOnce) {
        const size_t last = std::min(first + kInsertAtOnce, aliases.size());
        std::vector<std::string> sources, targets, active;
        for (size_t n = first; n < last; ++n) {
            sources.push_back(aliases[n].source);
            targets.push_back(aliases[n].target);
            active.emplace_back(aliases[n].active ? "t" : "f");
        }
        auto rows = connection.exec_params(
            "INSERT INTO gatepost.aliases (source, target, active) SELECT * FROM "
            "unnest($1::text[], $2::text[], $3::boolean[]) ON CONFLICT DO NOTHING RETURNING "
            "source, target, active",
            {text_array_to_literal(sources), text_array_to_literal(targets),
             text_array_to_literal(active)});
        if (!rows) return tl::unexpected(std::move(rows).error());
        for (MailAlias& alias : aliases_of(*rows)) added.push_back(std::move(alias));
    }
    return added;
}

Result<MailAliasResult> mail_alias_import(Connection& connection,
                                          const std::vector<MailAlias>& aliases, bool replace,
                                          const WriteOptions& options) {
    MailAliasResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        if (Status good = check_domains(connection, aliases); !good)
            return tl::unexpected(std::move(good).error());
        if (replace) {
            auto removed = remove_others(connection, aliases);
            if (!removed) return tl::unexpected(std::move(removed).error());
            result.removed = std::move(*removed);
        }
        auto added = mail_alias_insert(connection, aliases);
        if (!added) return tl::unexpected(std::move(added).error());
        std::set<std::pair<std::string, std::string>> fresh;
        for (const MailAlias& alias : *added) fresh.emplace(alias.source, alias.target);
        for (const MailAlias& alias : aliases)
            if (fresh.count({alias.source, alias.target}) == 0) result.kept.push_back(alias);
        result.added = std::move(*added);
        auto warnings = warnings_of(connection, result.added);
        if (!warnings) return tl::unexpected(std::move(warnings).error());
        result.warnings = std::move(*warnings);
        const bool changed = !result.added.empty() || !result.removed.empty();
        if (!changed) return false;
        const std::string data = fmt::format("{{\"added\":{},\"removed\":{}}}", result.added.size(),
                                             result.removed.size());
        const std::string_view resource =
            aliases.empty() ? std::string_view() : std::string_view(aliases.front().source);
        if (Status told = audit_write(connection, "alias.add", resource, data); !told)
            return tl::unexpected(std::move(told).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<MailAliasResult> mail_alias_add(Connection& connection, std::string_view source,
                                       const std::vector<std::string>& targets,
                                       const WriteOptions& options) {
    std::vector<MailAlias> aliases;
    for (const std::string& target : targets) aliases.push_back({std::string(source), target});
    return mail_alias_import(connection, aliases, false, options);
}

Result<MailAliasResult> mail_alias_remove(Connection& connection, std::string_view source,
                                          const std::vector<std::string>& targets,
                                          const WriteOptions& options) {
    MailAliasResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto rows = connection.exec_params(
            "DELETE FROM gatepost.aliases WHERE source = $1 AND (cardinality($2::text[]) = 0 OR "
            "target = ANY ($2::text[])) RETURNING source, target, active",
            {source, text_array_to_literal(targets)});
        if (!rows) return tl::unexpected(std::move(rows).error());
        if (rows->empty())
            return fail(ErrorCode::refused,
                        "there is no such alias of {}; see: gatepost alias list", source);
        result.removed = aliases_of(*rows);
        const std::string data = fmt::format("{{\"removed\":{}}}", result.removed.size());
        if (Status told = audit_write(connection, "alias.remove", source, data); !told)
            return tl::unexpected(std::move(told).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

}  // namespace gatepost::controlplane
