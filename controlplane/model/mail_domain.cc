#include "controlplane/model/mail_domain.h"

#include "controlplane/model/audit.h"
#include "controlplane/model/mail_name.h"
#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {
namespace {

MailDomain domain_of_row(const PgResult& rows, int row) {
    return {.id = rows.integer(row, 0),
            .name = rows.text(row, 1),
            .active = rows.boolean(row, 2),
            .alias_of = rows.text(row, 3),
            .display_name = rows.text(row, 4),
            .short_display_name = rows.text(row, 5),
            .imap_host = rows.text(row, 6),
            .pop_host = rows.text(row, 7),
            .smtp_host = rows.text(row, 8),
            .subaddress_delimiters = rows.text(row, 9),
            .default_quota_bytes = rows.unsigned_integer(row, 10),
            .default_quota_messages = rows.unsigned_integer(row, 11),
            .created_at = rows.text(row, 12),
            .created_by = rows.text(row, 13),
            .accounts = rows.unsigned_integer(row, 14),
            .aliases = rows.unsigned_integer(row, 15)};
}

// The row, which stays locked.
Result<MailDomain> lock_domain(Connection& connection, std::string_view name) {
    auto locked = connection.exec_params(
        "SELECT FROM gatepost.mail_domains WHERE name = $1 FOR NO KEY UPDATE", {name});
    if (!locked) return tl::unexpected(std::move(locked).error());
    return mail_domain_get(connection, name);
}

template <typename T>
PgParam param(const std::optional<T>& value) {
    return value ? PgParam(*value) : PgParam(nullptr);
}

// Between BEGIN and COMMIT; whether anything changed.
Result<bool> change_row(Connection& connection, std::string_view name,
                        const MailDomainChange& change, MailDomainResult& result) {
    if (Status done = mail_domain_update(connection, name, change); !done)
        return tl::unexpected(std::move(done).error());
    auto after = mail_domain_get(connection, name);
    if (!after) return tl::unexpected(std::move(after).error());
    const bool changed = !result.before || *after != *result.before;
    result.after = std::move(*after);
    if (changed)
        if (Status told = audit_write(
                connection, result.before ? "mail_domain.set" : "mail_domain.create", name);
            !told)
            return tl::unexpected(std::move(told).error());
    return changed;
}

}  // namespace

Result<std::vector<MailDomain>> mail_domain_list(Connection& connection, std::string_view name) {
    auto rows = connection.exec_params(
        "SELECT d.id, d.name, d.active, t.name, d.display_name, d.short_display_name, "
        "d.imap_host, d.pop_host, d.smtp_host, d.subaddress_delimiters, d.default_quota_bytes, "
        "d.default_quota_messages, to_char(d.created_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), d.created_by, "
        "(SELECT count(*) FROM gatepost.accounts a WHERE a.domain_id = d.id AND a.state <> "
        "'removed'), (SELECT count(*) FROM gatepost.aliases l WHERE "
        "gatepost.domain_of_address(l.source) = d.name) "
        "FROM gatepost.mail_domains d LEFT JOIN gatepost.mail_domains t ON t.id = d.alias_of "
        "WHERE $1 = '' OR d.name = $1 ORDER BY d.name",
        {name});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<MailDomain> domains;
    for (int row = 0; row < rows->rows(); ++row) domains.push_back(domain_of_row(*rows, row));
    return domains;
}

Result<MailDomain> mail_domain_get(Connection& connection, std::string_view name) {
    auto found = mail_domain_list(connection, name);
    if (!found) return tl::unexpected(std::move(found).error());
    if (name.empty() || found->empty())
        return fail(ErrorCode::refused,
                    "{} is no mail domain of this system; to make it one: gatepost domain create "
                    "{}",
                    name, name);
    return std::move(found->front());
}

Result<bool> mail_domain_ensure(Connection& connection, std::string_view name) {
    auto inserted = connection.exec_params(
        "INSERT INTO gatepost.mail_domains (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
        {name});
    if (!inserted) return tl::unexpected(std::move(inserted).error());
    return inserted->affected() > 0;
}

Status mail_domain_update(Connection& connection, std::string_view name,
                          const MailDomainChange& change) {
    PgParam alias_of = nullptr;
    if (change.alias_of && !change.alias_of->empty()) {
        auto target = mail_domain_get(connection, *change.alias_of);
        if (!target) return tl::unexpected(std::move(target).error());
        alias_of = PgParam(target->id);
    }
    auto updated = connection.exec_params(
        "UPDATE gatepost.mail_domains SET active = coalesce($2, active), "
        "alias_of = CASE WHEN $3::boolean THEN $4::bigint ELSE alias_of END, "
        "display_name = coalesce($5, display_name), "
        "short_display_name = coalesce($6, short_display_name), "
        "imap_host = coalesce($7, imap_host), pop_host = coalesce($8, pop_host), "
        "smtp_host = coalesce($9, smtp_host), "
        "subaddress_delimiters = coalesce($10, subaddress_delimiters), "
        "default_quota_bytes = coalesce($11, default_quota_bytes), "
        "default_quota_messages = coalesce($12, default_quota_messages) WHERE name = $1",
        {name, param(change.active), change.alias_of.has_value(), alias_of,
         param(change.display_name), param(change.short_display_name), param(change.imap_host),
         param(change.pop_host), param(change.smtp_host), param(change.subaddress_delimiters),
         param(change.default_quota_bytes), param(change.default_quota_messages)});
    if (!updated) return tl::unexpected(std::move(updated).error());
    return {};
}

Result<MailDomainResult> mail_domain_put(Connection& connection, std::string_view name,
                                         const MailDomainChange& change,
                                         const WriteOptions& options) {
    MailDomainResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto made = mail_domain_ensure(connection, name);
        if (!made) return made;
        if (!*made) {
            auto before = mail_domain_get(connection, name);
            if (!before) return tl::unexpected(std::move(before).error());
            result.before = std::move(*before);
        }
        return change_row(connection, name, change, result);
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<MailDomainResult> mail_domain_set(Connection& connection, std::string_view name,
                                         const MailDomainChange& change,
                                         const WriteOptions& options) {
    MailDomainResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto before = lock_domain(connection, name);
        if (!before) return tl::unexpected(std::move(before).error());
        result.before = std::move(*before);
        return change_row(connection, name, change, result);
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

Result<MailDomainResult> mail_domain_remove(Connection& connection, std::string_view name,
                                            const WriteOptions& options) {
    MailDomainResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto before = lock_domain(connection, name);
        if (!before) return tl::unexpected(std::move(before).error());
        auto counted = connection.exec_params(
            "SELECT count(*), count(*) FILTER (WHERE state = 'removed') FROM gatepost.accounts "
            "WHERE domain_id = $1",
            {before->id});
        if (!counted) return tl::unexpected(std::move(counted).error());
        if (counted->integer(0, 0) > 0)
            return fail(ErrorCode::refused,
                        "{} has {} accounts, {} of them in the bin: remove and purge them first, "
                        "or say gatepost domain set {} --inactive",
                        name, counted->integer(0, 0), counted->integer(0, 1), name);
        auto deleted =
            connection.exec_params("DELETE FROM gatepost.mail_domains WHERE id = $1", {before->id});
        if (!deleted) return tl::unexpected(std::move(deleted).error());
        if (Status told = audit_write(connection, "mail_domain.remove", name); !told)
            return tl::unexpected(std::move(told).error());
        result.before = std::move(*before);
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    result.lsn = *lsn;
    return result;
}

}  // namespace gatepost::controlplane
