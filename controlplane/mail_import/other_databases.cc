#include "controlplane/mail_import/other_databases.h"

#include <fmt/format.h>

namespace gatepost::controlplane {
namespace {

constexpr uint64_t kKibi = 1024;

Result<bool> has_table(Connection& source, const char* name) {
    auto row = source.exec_params("SELECT to_regclass($1) IS NOT NULL", {name});
    if (!row) return tl::unexpected(std::move(row).error());
    return row->boolean(0, 0);
}

// What else goes wrong with an unknown table says "gatepost schema migrate", which is not meant.
Status check_table(Connection& source, const char* name, const char* system) {
    auto there = has_table(source, name);
    if (!there) return tl::unexpected(std::move(there).error());
    if (*there) return {};
    return fail(ErrorCode::refused,
                "the database has no table {}: is it the one of {}? Its schema must be in the "
                "search_path (options=-csearch_path=…)",
                name, system);
}

void add_password(MailImport& import, ImportedAccount& account, std::string_view stored,
                  std::string_view scheme, std::vector<std::string> services) {
    if (stored.empty()) return;
    auto hash = imported_hash(stored, scheme);
    if (!hash)
        return import.skip(account.address, fmt::format("its password: {}", hash.error().message));
    account.passwords.push_back({std::move(*hash), std::move(services)});
}

Status read_postoffice_aliases(Connection& source, MailImport& import) {
    auto aliases =
        source.exec("SELECT source, destination, active FROM accounts_alias ORDER BY id");
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    for (int row = 0; row < aliases->rows(); ++row)
        import.add_alias(aliases->view(row, 0), aliases->view(row, 1), aliases->boolean(row, 2),
                         fmt::format("alias {}", aliases->view(row, 0)));
    return {};
}

// Older versions have no such table.
Status read_postoffice_rules(Connection& source, MailImport& import) {
    auto there = has_table(source, "rules_filerule");
    if (!there) return tl::unexpected(std::move(there).error());
    if (!*there) return {};
    auto rules = source.exec(
        "SELECT u.username || '@' || d.fqdn, rtrim(trim(r.field), ':'), r.contains, r.folder FROM "
        "rules_filerule r JOIN accounts_mailuser u ON u.id = r.mailbox_id JOIN accounts_domain d "
        "ON d.id = u.domain_id ORDER BY r.id");
    if (!rules) return tl::unexpected(std::move(rules).error());
    for (int row = 0; row < rules->rows(); ++row)
        import.add_rule(rules->view(row, 0),
                        {rules->text(row, 1), rules->text(row, 2), rules->text(row, 3)},
                        fmt::format("rule of {}", rules->view(row, 0)));
    return {};
}

// "bytes", "MB", "GiB".
uint64_t quota_of(uint64_t value, std::string_view unit) {
    uint64_t factor = 1;
    switch (unit.empty() ? 'b' : unit.front() | 0x20) {
        case 'g':
            factor *= kKibi;
            [[fallthrough]];
        case 'm':
            factor *= kKibi;
            [[fallthrough]];
        case 'k':
            factor *= kKibi;
            break;
        default:
            break;
    }
    return value > static_cast<uint64_t>(INT64_MAX) / factor ? 0 : value * factor;
}

// Passwords by service, and roles: "dovecot" is mail, "apache" the web.
Status read_unified_passwords(Connection& source, MailImport& import) {
    auto rows = source.exec(
        "SELECT u.email, p.service, p.password_hash, p.hash_scheme FROM unified.user_passwords p "
        "JOIN unified.users u ON u.id = p.user_id ORDER BY u.id, p.service");
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row) {
        ImportedAccount* account = import.account(rows->view(row, 0));
        if (account == nullptr) continue;
        const std::string_view service = rows->view(row, 1);
        if (service == "dovecot")
            add_password(import, *account, rows->view(row, 2), rows->view(row, 3),
                         {"imap", "pop3", "sieve", "smtp"});
        else if (service == "apache")
            add_password(import, *account, rows->view(row, 2), rows->view(row, 3), {"web"});
        else
            import.skip(account->address,
                        fmt::format("its password for {}, which is no service here", service));
    }
    return {};
}

Status read_unified_quotas(Connection& source, MailImport& import) {
    auto rows = source.exec(
        "SELECT u.email, q.quota_value, coalesce(q.quota_unit, 'bytes') FROM unified.user_quotas q "
        "JOIN unified.users u ON u.id = q.user_id WHERE q.service = 'dovecot' AND q.quota_type = "
        "'storage' AND q.quota_value > 0");
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        if (ImportedAccount* account = import.account(rows->view(row, 0)); account != nullptr)
            account->quota_bytes = quota_of(rows->unsigned_integer(row, 1), rows->view(row, 2));
    return {};
}

Status read_unified_aliases(Connection& source, MailImport& import) {
    auto rows = source.exec(
        "SELECT l.alias_email, u.email, coalesce(l.is_active, true) FROM unified.email_aliases l "
        "JOIN unified.users u ON u.id = l.user_id WHERE l.alias_email <> u.email ORDER BY l.id");
    if (!rows) return tl::unexpected(std::move(rows).error());
    for (int row = 0; row < rows->rows(); ++row)
        import.add_alias(rows->view(row, 0), rows->view(row, 1), rows->boolean(row, 2),
                         fmt::format("alias {}", rows->view(row, 0)));
    return {};
}

}  // namespace

Result<MailImport> read_postoffice(Connection& source) {
    if (Status good = check_table(source, "accounts_mailuser", "Postoffice"); !good)
        return tl::unexpected(std::move(good).error());
    MailImport import;
    auto domains = source.exec("SELECT fqdn, active FROM accounts_domain ORDER BY id");
    if (!domains) return tl::unexpected(std::move(domains).error());
    for (int row = 0; row < domains->rows(); ++row)
        import.add_domain(domains->view(row, 0), {.active = domains->boolean(row, 1)});
    auto users = source.exec(
        "SELECT u.username || '@' || d.fqdn, u.shadigest, u.active FROM accounts_mailuser u JOIN "
        "accounts_domain d ON d.id = u.domain_id ORDER BY u.id");
    if (!users) return tl::unexpected(std::move(users).error());
    for (int row = 0; row < users->rows(); ++row) {
        ImportedAccount account{.address = users->text(row, 0), .active = users->boolean(row, 2)};
        // Base64 of SHA-1 and salt: Dovecot's SSHA.
        add_password(import, account, users->view(row, 1), "SSHA", {"*"});
        import.add_account(std::move(account), fmt::format("user {}", users->view(row, 0)));
    }
    if (Status read = read_postoffice_aliases(source, import); !read)
        return tl::unexpected(std::move(read).error());
    if (Status read = read_postoffice_rules(source, import); !read)
        return tl::unexpected(std::move(read).error());
    return import;
}

Result<MailImport> read_unified(Connection& source) {
    if (Status good = check_table(source, "unified.users", "unified"); !good)
        return tl::unexpected(std::move(good).error());
    MailImport import;
    auto users = source.exec(
        "SELECT u.email, trim(concat_ws(' ', u.first_name, u.last_name)), coalesce(u.is_active, "
        "true) AND NOT coalesce(u.is_locked, false), (SELECT r.role_name FROM unified.user_roles r "
        "WHERE r.user_id = u.id ORDER BY array_position(ARRAY['no_email', 'admin', 'customer', "
        "'user'], r.role_name::text) LIMIT 1) FROM unified.users u ORDER BY u.id");
    if (!users) return tl::unexpected(std::move(users).error());
    for (int row = 0; row < users->rows(); ++row)
        import.add_account({.address = users->text(row, 0),
                            .display_name = users->text(row, 1),
                            .role = users->is_null(row, 3) ? "user" : users->text(row, 3),
                            .active = users->boolean(row, 2)},
                           fmt::format("user {}", users->view(row, 0)));
    for (const auto read : {read_unified_passwords, read_unified_quotas, read_unified_aliases})
        if (Status done = read(source, import); !done)
            return tl::unexpected(std::move(done).error());
    return import;
}

Result<MailImport> read_dinomail(Connection& source) {
    if (Status good = check_table(source, "core_virtualuser", "DinoMail"); !good)
        return tl::unexpected(std::move(good).error());
    MailImport import;
    auto domains = source.exec(
        "SELECT name, display_name, short_display_name, imap_address, pop_address, smtp_address "
        "FROM core_virtualdomain ORDER BY id");
    if (!domains) return tl::unexpected(std::move(domains).error());
    for (int row = 0; row < domains->rows(); ++row)
        import.add_domain(domains->view(row, 0), {.display_name = domains->text(row, 1),
                                                  .short_display_name = domains->text(row, 2),
                                                  .imap_host = domains->text(row, 3),
                                                  .pop_host = domains->text(row, 4),
                                                  .smtp_host = domains->text(row, 5)});
    auto users =
        source.exec("SELECT email, password, coalesce(quota, 0) FROM core_virtualuser ORDER BY id");
    if (!users) return tl::unexpected(std::move(users).error());
    for (int row = 0; row < users->rows(); ++row) {
        ImportedAccount account{.address = users->text(row, 0),
                                .quota_bytes = users->unsigned_integer(row, 2)};
        add_password(import, account, users->view(row, 1), "SSHA512", {"*"});
        import.add_account(std::move(account), fmt::format("user {}", users->view(row, 0)));
    }
    auto aliases = source.exec("SELECT source, destination FROM core_virtualalias ORDER BY id");
    if (!aliases) return tl::unexpected(std::move(aliases).error());
    for (int row = 0; row < aliases->rows(); ++row)
        import.add_alias(aliases->view(row, 0), aliases->view(row, 1), true,
                         fmt::format("alias {}", aliases->view(row, 0)));
    return import;
}

}  // namespace gatepost::controlplane
