#include "tools/gatepost/command/mail_output.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "storage/mail_address/mail_domain.h"
#include "tools/gatepost/command/write_output.h"
#include "tools/gatepost/config/units.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

using controlplane::Account;
using controlplane::CredentialInfo;
using controlplane::MailDomain;
using nlohmann::ordered_json;

namespace {

constexpr size_t kDateLength = 10;  // of RFC 3339: "2026-08-01"

ordered_json null_if_empty(const std::string& text) {
    return text.empty() ? ordered_json() : ordered_json(text);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    return fmt::format("{}", fmt::join(parts, between));
}

// As people say it: "20 GB", "512 MiB"; else "18.6 GiB".
std::string limit_size(uint64_t octets) {
    struct Unit {
        uint64_t octets;
        std::string_view name;
    };
    constexpr Unit kUnits[] = {{uint64_t{1} << 30U, "GiB"},
                               {1'000'000'000, "GB"},
                               {uint64_t{1} << 20U, "MiB"},
                               {1'000'000, "MB"}};
    for (const Unit& unit : kUnits)
        if (octets > 0 && octets % unit.octets == 0)
            return fmt::format("{} {}", octets / unit.octets, unit.name);
    return human_size(octets);
}

std::string limit_text(uint64_t octets, uint64_t messages) {
    std::string text = octets == 0 ? "none" : limit_size(octets);
    if (messages > 0) text += fmt::format(", {}", counted(messages, "message"));
    return text;
}

std::string line_of(const Account& account) {
    return fmt::format("{} {} {}, quota {}{}\n", account.address,
                       account.state == "removed" ? "in the bin" : account.state, account.role,
                       limit_text(account.quota_bytes, account.quota_messages),
                       account.display_name.empty() ? "" : ", " + account.display_name);
}

std::string line_of(const std::string& address, const CredentialInfo& credential) {
    return fmt::format("{} {}{} {} for {}{}\n", address,
                       credential.kind == "app_password" ? "app password" : credential.kind,
                       credential.label.empty() ? "" : " \"" + credential.label + "\"",
                       credential.scheme, joined(credential.services, ","),
                       credential.expires_at.empty() ? "" : " until " + credential.expires_at);
}

std::string line_of(const MailDomain& domain) {
    std::string hosts;
    for (const auto& [service, host] :
         {std::pair{"imap", &domain.imap_host}, std::pair{"pop3", &domain.pop_host},
          std::pair{"smtp", &domain.smtp_host}})
        if (!host->empty()) hosts += fmt::format(", {} {}", service, *host);
    return fmt::format(
        "{} {}{}, delimiters {}, quota {}{}{}{}\n", domain.name,
        domain.active ? "active" : "inactive",
        domain.alias_of.empty() ? "" : ", alias of " + domain.alias_of,
        domain.subaddress_delimiters.empty() ? "none" : domain.subaddress_delimiters,
        limit_text(domain.default_quota_bytes, domain.default_quota_messages),
        domain.display_name.empty() ? "" : ", " + domain.display_name,
        domain.short_display_name.empty() ? "" : " (" + domain.short_display_name + ")", hosts);
}

// The part that all reports have in common: `what` has before and after. A password that was
// generated comes first, so that it is not lost should waiting for the edge be broken off.
void report(Context& context, const Arguments& arguments, controlplane::Lsn lsn, ordered_json what,
            const std::string& lines, const NewPassword& password) {
    const bool dry_run = context.options().dry_run;
    const std::string generated = dry_run ? "" : password.generated;
    if (context.json()) {
        ordered_json out{{"dry_run", dry_run}};
        out.update(what);
        if (!generated.empty()) out["generated_password"] = generated;
        const EdgeWait edge = wait_for_edge(context, arguments, lsn);
        out["edge"] = edge_json(edge);
        return context.print(out.dump(2) + "\n");
    }
    context.print(lines);
    if (!generated.empty()) context.print(fmt::format("password: {}\n", generated));
    if (lines.empty())
        context.note("nothing to change");
    else if (dry_run)
        context.note("dry run: nothing was changed");
    wait_for_edge(context, arguments, lsn);
}

}  // namespace

Result<uint64_t> quota_from_text(std::string_view text, std::string_view option) {
    if (text == "none" || text == "0") return uint64_t{0};
    auto size = size_from_text(text);
    if (!size || *size == 0 || *size > static_cast<uint64_t>(INT64_MAX))
        return fail(ErrorCode::usage, "{}\"{}\" is not a quota, expected one such as 20GB, or none",
                    option.empty() ? "" : fmt::format("{}: ", option), text);
    return *size;
}

Result<std::optional<uint64_t>> quota_option(const Arguments& arguments, std::string_view name) {
    if (!arguments.has(name)) return std::nullopt;
    auto quota = quota_from_text(arguments.text(name), name);
    if (!quota) return tl::unexpected(std::move(quota).error());
    return *quota;
}

std::string quota_text(const Account& account) {
    std::string text = human_size(account.used_bytes);
    if (account.quota_bytes > 0) text += " of " + limit_size(account.quota_bytes);
    if (account.quota_messages > 0)
        text += fmt::format(", {} of {} messages", grouped(account.used_messages),
                            grouped(account.quota_messages));
    return text;
}

ordered_json account_json(const Account& account) {
    return {{"id", account.id},
            {"address", account.address},
            {"domain", account.domain},
            {"display_name", account.display_name},
            {"state", account.state},
            {"role", account.role},
            {"quota_bytes", account.quota_bytes},
            {"quota_messages", account.quota_messages},
            {"used_bytes", account.used_bytes},
            {"used_messages", account.used_messages},
            {"over_quota", account.over_quota},
            {"passwords", account.passwords},
            {"app_passwords", account.app_passwords},
            {"created_at", account.created_at},
            {"created_by", account.created_by},
            {"last_login_at", null_if_empty(account.last_login_at)},
            {"removed_at", null_if_empty(account.removed_at)},
            {"findings", controlplane::account_findings(account)}};
}

std::string account_table(const std::vector<Account>& accounts) {
    const bool bin = !accounts.empty() && accounts.front().state == "removed";
    std::vector<Table::Column> columns = {{"ADDRESS"}, {"STATE"}, {"ROLE"}, {"MAIL"}};
    if (bin) columns.insert(columns.begin(), {"ID", Align::right});
    columns.push_back({bin ? "REMOVED" : "LAST LOG-IN"});
    if (!bin) columns.push_back({"CHECK"});
    Table table(columns);
    for (const Account& account : accounts) {
        std::vector<std::string> row = {account.address, account.state, account.role,
                                        quota_text(account)};
        if (bin) {
            row.insert(row.begin(), std::to_string(account.id));
            row.push_back(account.removed_at);
        } else {
            const auto findings = controlplane::account_findings(account);
            row.push_back(account.last_login_at.empty()
                              ? "never"
                              : account.last_login_at.substr(0, kDateLength));
            row.push_back(findings.empty() ? "ok" : joined(findings, "; "));
        }
        table.row(std::move(row));
    }
    return table.text();
}

std::string account_text(const Account& account) {
    const auto findings = controlplane::account_findings(account);
    const auto or_dash = [](const std::string& text) { return text.empty() ? "–" : text; };
    return fmt::format(
        "{}, {}\n  id            {}\n  name          {}\n  role          {}\n"
        "  mail          {} in {}\n  quota         {}\n  passwords     {}, and {} of apps\n"
        "  last log-in   {}\n  created       {} by {}\n{}  check         {}\n",
        account.address, account.state == "removed" ? "in the bin" : account.state, account.id,
        or_dash(account.display_name), account.role, human_size(account.used_bytes),
        counted(account.used_messages, "message"),
        limit_text(account.quota_bytes, account.quota_messages), account.passwords,
        account.app_passwords, account.last_login_at.empty() ? "never" : account.last_login_at,
        account.created_at, account.created_by,
        account.removed_at.empty() ? "" : fmt::format("  removed       {}\n", account.removed_at),
        findings.empty() ? "ok" : joined(findings, "; "));
}

ordered_json credential_json(const CredentialInfo& credential) {
    return {{"id", credential.id},
            {"kind", credential.kind},
            {"label", credential.label},
            {"services", credential.services},
            {"scheme", credential.scheme},
            {"must_change", credential.must_change},
            {"expires_at", null_if_empty(credential.expires_at)},
            {"created_at", credential.created_at},
            {"last_used_at", null_if_empty(credential.last_used_at)}};
}

std::string credential_table(const std::vector<CredentialInfo>& credentials) {
    Table table({{"KIND"}, {"LABEL"}, {"SERVICES"}, {"SCHEME"}, {"SINCE"}, {"UNTIL"}, {"USED"}});
    const auto date = [](const std::string& time, const char* none) {
        return time.empty() ? none : time.substr(0, kDateLength);
    };
    for (const CredentialInfo& credential : credentials)
        table.row({credential.kind == "app_password" ? "app password" : credential.kind,
                   credential.label.empty() ? "–" : credential.label,
                   joined(credential.services, ","), credential.scheme,
                   date(credential.created_at, "–"), date(credential.expires_at, "–"),
                   date(credential.last_used_at, "never")});
    return table.text();
}

ordered_json mail_domain_json(const MailDomain& domain) {
    return {{"name", domain.name},
            {"active", domain.active},
            {"alias_of", null_if_empty(domain.alias_of)},
            {"display_name", domain.display_name},
            {"short_display_name", domain.short_display_name},
            {"imap_host", null_if_empty(domain.imap_host)},
            {"pop_host", null_if_empty(domain.pop_host)},
            {"smtp_host", null_if_empty(domain.smtp_host)},
            {"subaddress_delimiters", domain.subaddress_delimiters},
            {"default_quota_bytes", domain.default_quota_bytes},
            {"default_quota_messages", domain.default_quota_messages},
            {"accounts", domain.accounts},
            {"aliases", domain.aliases},
            {"created_at", domain.created_at},
            {"created_by", domain.created_by}};
}

std::string mail_domain_text(const MailDomain& domain) {
    const std::string rule =
        domain.alias_of.empty() ? "the server's name" : "that of " + domain.alias_of;
    const auto or_rule = [&](const std::string& host) { return host.empty() ? rule : host; };
    const std::string shown = storage::display_domain(domain.name);
    return fmt::format(
        "{}{}, mail {}\n{}  display name  {}{}\n  accounts      {}, {}\n  delimiters    {}\n"
        "  quota         {} for new accounts\n  imap          {}\n  pop3          {}\n"
        "  smtp          {}\n  created       {} by {}\n",
        domain.name, shown == domain.name ? "" : " (" + shown + ")",
        domain.active ? "active" : "inactive",
        domain.alias_of.empty() ? "" : fmt::format("  alias of      {}\n", domain.alias_of),
        domain.display_name.empty() ? "–" : domain.display_name,
        domain.short_display_name.empty() ? "" : " (" + domain.short_display_name + ")",
        grouped(domain.accounts),
        domain.aliases == 1 ? "1 alias" : grouped(domain.aliases) + " aliases",
        domain.subaddress_delimiters.empty() ? "none" : domain.subaddress_delimiters,
        limit_text(domain.default_quota_bytes, domain.default_quota_messages),
        or_rule(domain.imap_host), or_rule(domain.pop_host), or_rule(domain.smtp_host),
        domain.created_at, domain.created_by);
}

void report_account(Context& context, const Arguments& arguments,
                    const controlplane::AccountResult& result, const NewPassword& password) {
    std::string lines;
    if (result.before != result.after) {
        if (result.before) lines += "- " + line_of(*result.before);
        if (result.after) lines += "+ " + line_of(*result.after);
    }
    const auto one = [](const std::optional<Account>& account) {
        return account ? account_json(*account) : ordered_json();
    };
    report(context, arguments, result.lsn,
           {{"before", one(result.before)}, {"after", one(result.after)}}, lines, password);
}

void report_credential(Context& context, const Arguments& arguments, const std::string& address,
                       const controlplane::CredentialResult& result, const NewPassword& password) {
    std::string lines;
    if (result.before) lines += "- " + line_of(address, *result.before);
    if (result.after) lines += "+ " + line_of(address, *result.after);
    const auto one = [](const std::optional<CredentialInfo>& credential) {
        return credential ? credential_json(*credential) : ordered_json();
    };
    report(context, arguments, result.lsn,
           {{"address", address}, {"before", one(result.before)}, {"after", one(result.after)}},
           lines, password);
}

void report_mail_domain(Context& context, const Arguments& arguments,
                        const controlplane::MailDomainResult& result) {
    std::string lines;
    if (result.before != result.after) {
        if (result.before) lines += "- " + line_of(*result.before);
        if (result.after) lines += "+ " + line_of(*result.after);
    }
    const auto one = [](const std::optional<MailDomain>& domain) {
        return domain ? mail_domain_json(*domain) : ordered_json();
    };
    report(context, arguments, result.lsn,
           {{"before", one(result.before)}, {"after", one(result.after)}}, lines, {});
}

}  // namespace gatepost::tools
