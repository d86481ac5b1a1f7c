#include "controlplane/mail_import/mail_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "controlplane/model/account.h"
#include "controlplane/model/audit.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/pg/text_array.h"
#include "storage/password/create.h"

namespace gatepost::controlplane {
namespace {

using storage::PasswordScheme;

bool stores_the_password(PasswordScheme scheme) {
    return scheme == PasswordScheme::plain || scheme == PasswordScheme::clear ||
           scheme == PasswordScheme::cleartext || scheme == PasswordScheme::plain_trunc;
}

// Domains that the import names itself, and those of its addresses.
Status import_domains(Connection& connection, const MailImport& import, MailImportResult& result) {
    std::set<std::string, std::less<>> done;
    const auto ensure = [&](std::string_view name, const MailDomainChange& properties) -> Status {
        if (!done.emplace(name).second) return {};
        auto made = mail_domain_ensure(connection, name);
        if (!made) return tl::unexpected(std::move(made).error());
        ++(*made ? result.domains_added : result.domains_kept);
        if (!*made) return {};
        return mail_domain_update(connection, name, properties);
    };
    for (const ImportedDomain& domain : import.domains())
        if (Status ok = ensure(domain.name, domain.properties); !ok) return ok;
    for (const ImportedAccount& account : import.accounts())
        if (Status ok = ensure(domain_of(account.address), {}); !ok) return ok;
    for (const MailAlias& alias : import.aliases())
        if (Status ok = ensure(domain_of(alias.source), {}); !ok) return ok;
    return {};
}

Status import_passwords(Connection& connection, int64_t id, const ImportedAccount& account) {
    for (const ImportedPassword& password : account.passwords) {
        auto added = connection.exec_params(
            "INSERT INTO gatepost.credentials (account_id, kind, services, hash) VALUES ($1, "
            "'password', $2, $3) ON CONFLICT DO NOTHING",
            {id, text_array_to_literal(password.services), password.hash});
        if (!added) return wrap(account.address, std::move(added).error());
    }
    return {};
}

Status import_account(Connection& connection, const ImportedAccount& account,
                      MailImportResult& result) {
    auto there = connection.exec_params("SELECT FROM gatepost.accounts WHERE address = $1",
                                        {account.address});
    if (!there) return tl::unexpected(std::move(there).error());
    if (!there->empty()) {
        ++result.accounts_kept;
        return {};
    }
    auto id = account_insert(connection, {.address = account.address,
                                          .display_name = account.display_name,
                                          .role = account.role,
                                          .quota_bytes = account.quota_bytes,
                                          .quota_messages = account.quota_messages});
    if (!id) return wrap(account.address, std::move(id).error());
    ++result.accounts_added;
    if (!account.active) {
        auto suspended = connection.exec_params(
            "UPDATE gatepost.accounts SET state = 'suspended' WHERE id = $1", {*id});
        if (!suspended) return tl::unexpected(std::move(suspended).error());
    }
    return import_passwords(connection, *id, account);
}

Status import_rules(Connection& connection, const MailImport& import, MailImportResult& result) {
    for (const ImportedRule& rule : import.rules()) {
        auto added = connection.exec_params(
            "INSERT INTO gatepost.filing_rules (account_id, field, contains, folder, position) "
            "SELECT a.id, $2, $3, $4, coalesce((SELECT max(r.position) + 1 FROM "
            "gatepost.filing_rules r WHERE r.account_id = a.id), 0) FROM gatepost.accounts a "
            "WHERE a.address = $1 ON CONFLICT DO NOTHING",
            {rule.address, rule.rule.field, rule.rule.contains, rule.rule.folder});
        if (!added) return wrap(rule.address, std::move(added).error());
        result.rules_added += static_cast<size_t>(added->affected());
    }
    return {};
}

Result<bool> apply(Connection& connection, const MailImport& import, MailImportResult& result) {
    if (Status ok = import_domains(connection, import, result); !ok)
        return tl::unexpected(std::move(ok).error());
    for (const ImportedAccount& account : import.accounts())
        if (Status ok = import_account(connection, account, result); !ok)
            return tl::unexpected(std::move(ok).error());
    auto aliases = mail_alias_insert(connection, import.aliases());
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    result.aliases_added = aliases->size();
    result.aliases_kept = import.aliases().size() - aliases->size();
    if (Status ok = import_rules(connection, import, result); !ok)
        return tl::unexpected(std::move(ok).error());
    const size_t changes =
        result.domains_added + result.accounts_added + result.aliases_added + result.rules_added;
    if (changes == 0) return false;
    const std::string data = fmt::format(
        "{{\"domains\":{},\"accounts\":{},\"aliases\":{},\"rules\":{}}}", result.domains_added,
        result.accounts_added, result.aliases_added, result.rules_added);
    if (Status told = audit_write(connection, "mail.import", "", data); !told)
        return tl::unexpected(std::move(told).error());
    return true;
}

}  // namespace

Result<std::string> imported_hash(std::string_view stored, std::string_view scheme) {
    std::string_view hash = stored;
    if (stored.starts_with('{') && stored.find('}') != std::string_view::npos) {
        scheme = stored.substr(1, stored.find('}') - 1);
        hash.remove_prefix(scheme.size() + 2);
    }
    if (hash.empty()) return fail(ErrorCode::invalid, "an empty password");
    // "{SSHA256.HEX}": the name is before the dot.
    const auto known = storage::find_scheme(scheme.substr(0, scheme.find('.')));
    if (!known) return fail(ErrorCode::invalid, "the scheme {} is not known here", scheme);
    if (!stores_the_password(*known)) return fmt::format("{{{}}}{}", scheme, hash);
    return storage::hash_password(storage::kPreferredScheme, hash);
}

void MailImport::skip(std::string_view place, std::string_view why) {
    skipped_.push_back(fmt::format("{}: {}", place, why));
}

void MailImport::add_domain(std::string_view name, MailDomainChange properties) {
    auto domain = mail_domain_from_text(name);
    if (!domain) return skip("domain", domain.error().message);
    for (const auto field : {&MailDomainChange::imap_host, &MailDomainChange::pop_host,
                             &MailDomainChange::smtp_host}) {
        std::optional<std::string>& host = properties.*field;
        if (!host || host->empty()) continue;
        auto name_of_host = client_host_from_text(*host);
        if (!name_of_host) skip(fmt::format("domain {}", *domain), name_of_host.error().message);
        host = name_of_host ? std::optional(std::move(*name_of_host)) : std::nullopt;
    }
    domains_.push_back({std::move(*domain), std::move(properties)});
}

ImportedAccount* MailImport::account(std::string_view address) {
    const auto normalized = mail_address_from_text(address);
    if (!normalized) return nullptr;
    const auto found = by_address_.find(*normalized);
    return found == by_address_.end() ? nullptr : &accounts_[found->second];
}

void MailImport::add_account(ImportedAccount account, std::string_view place) {
    auto address = mail_address_from_text(account.address);
    if (!address) return skip(place, address.error().message);
    account.address = std::move(*address);
    if (!by_address_.emplace(account.address, accounts_.size()).second)
        return skip(place, fmt::format("{} stands there twice", account.address));
    accounts_.push_back(std::move(account));
}

void MailImport::add_alias(std::string_view source, std::string_view target, bool active,
                           std::string_view place) {
    auto from = alias_source_from_text(source);
    if (!from) return skip(place, from.error().message);
    auto to = mail_address_from_text(target);
    if (!to) return skip(place, to.error().message);
    MailAlias alias{std::move(*from), std::move(*to), active};
    if (!seen_aliases_.emplace(alias.source + '\n' + alias.target).second) return;
    aliases_.push_back(std::move(alias));
}

void MailImport::add_rule(std::string_view address, FilingRule rule, std::string_view place) {
    auto normalized = mail_address_from_text(address);
    if (!normalized) return skip(place, normalized.error().message);
    rules_.push_back({std::move(*normalized), std::move(rule)});
}

Result<MailImportResult> mail_import_apply(Connection& connection, const MailImport& import,
                                           const WriteOptions& options) {
    MailImportResult result;
    result.skipped = import.skipped();
    auto lsn = mail_write(connection, options, [&] { return apply(connection, import, result); });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

}  // namespace gatepost::controlplane
