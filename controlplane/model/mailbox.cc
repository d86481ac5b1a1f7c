#include "controlplane/model/mailbox.h"

#include <fmt/format.h>

#include <algorithm>

#include "controlplane/model/account.h"
#include "controlplane/model/audit.h"
#include "controlplane/model/mail_write.h"

namespace gatepost::controlplane {
namespace {

constexpr size_t kNameMax = 1000;  // octets, as the table has it
constexpr std::string_view kOthers = "Other Users";

constexpr const char* kColumns =
    "b.id, b.account_id, b.name, b.special_use, b.message_count, b.byte_count, "
    "b.unseen_count, b.uid_next, b.uid_validity, b.highest_modseq, b.subscribed, "
    "to_char(b.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') ";

Mailbox mailbox_of_row(const PgResult& rows, int row) {
    return {.id = rows.integer(row, 0),
            .account_id = rows.integer(row, 1),
            .name = rows.text(row, 2),
            .special_use = rows.text(row, 3),
            .messages = rows.unsigned_integer(row, 4),
            .octets = rows.unsigned_integer(row, 5),
            .unseen = rows.unsigned_integer(row, 6),
            .uid_next = rows.unsigned_integer(row, 7),
            .uid_validity = rows.unsigned_integer(row, 8),
            .highest_modseq = rows.unsigned_integer(row, 9),
            .subscribed = rows.boolean(row, 10),
            .created_at = rows.text(row, 11)};
}

Result<std::optional<Mailbox>> find(Connection& connection, int64_t account,
                                    std::string_view name) {
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.mailboxes b WHERE b.account_id = $1 AND b.name = $2",
                    kColumns),
        {account, name});
    if (!rows) return tl::unexpected(std::move(rows).error());
    if (rows->empty()) return std::nullopt;
    return mailbox_of_row(*rows, 0);
}

Result<Mailbox> must_find(Connection& connection, const Account& account, std::string_view name) {
    auto mailbox = find(connection, account.id, name);
    if (!mailbox) return tl::unexpected(std::move(mailbox).error());
    if (!*mailbox)
        return fail(ErrorCode::refused, "{} has no mailbox \"{}\": gatepost mailbox list {}",
                    account.address, name, account.address);
    return std::move(**mailbox);
}

// The row of account_usage is the lock of all mailboxes of the account.
Result<Account> lock_account(Connection& connection, std::string_view address) {
    auto account = account_get(connection, address);
    if (!account) return account;
    auto locked = connection.exec_params(
        "SELECT FROM gatepost.account_usage WHERE account_id = $1 FOR NO KEY UPDATE",
        {account->id});
    if (!locked) return tl::unexpected(std::move(locked).error());
    return account;
}

// `work` is called with the account locked, and sets before and after.
template <typename Work>
Result<MailboxResult> change(Connection& connection, std::string_view address,
                             const WriteOptions& options, std::string_view action, Work work) {
    MailboxResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto account = lock_account(connection, address);
        if (!account) return tl::unexpected(std::move(account).error());
        if (Status done = work(*account, result); !done)
            return tl::unexpected(std::move(done).error());
        auto data = connection.exec_params(
            "SELECT jsonb_build_object('before', $1::text, 'after', $2::text)::text",
            {result.before ? PgParam(result.before->name) : PgParam(nullptr),
             result.after ? PgParam(result.after->name) : PgParam(nullptr)});
        if (!data) return tl::unexpected(std::move(data).error());
        if (Status noted = audit_write(connection, action, address, data->text(0, 0)); !noted)
            return tl::unexpected(std::move(noted).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return result;
}

Status run(Connection& connection, const std::string& sql, std::initializer_list<PgParam> params) {
    auto done = connection.exec_params(sql, params);
    return done ? Status() : tl::unexpected(std::move(done).error());
}

Status set_after(Connection& connection, int64_t account, std::string_view name,
                 MailboxResult& result) {
    auto after = find(connection, account, name);
    if (!after) return tl::unexpected(std::move(after).error());
    result.after = std::move(*after);
    return {};
}

}  // namespace

Result<std::string> mailbox_name_from_text(std::string_view text) {
    std::string name(text);
    const bool is_inbox = std::ranges::equal(name, std::string_view("inbox"), {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? c | 32 : c;
    });
    if (is_inbox) return std::string("INBOX");  // RFC 9051 §5.1
    const bool has_control = std::ranges::any_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (name.empty() || name.size() > kNameMax || has_control || name.front() == '/' ||
        name.back() == '/' || name.find("//") != std::string::npos)
        return fail(ErrorCode::usage,
                    "\"{}\" cannot be the name of a mailbox, expected one such as Work/2026", text);
    if (name == kOthers || name.starts_with(fmt::format("{}/", kOthers)))
        return fail(ErrorCode::usage,
                    "\"{}\" is where the mailboxes of others are seen: name it as their owner does",
                    text);
    return name;
}

Result<std::vector<Mailbox>> mailbox_list(Connection& connection, std::string_view address) {
    auto account = account_get(connection, address);
    if (!account) return tl::unexpected(std::move(account).error());
    auto rows = connection.exec_params(
        fmt::format("SELECT {} FROM gatepost.mailboxes b WHERE b.account_id = $1 "
                    "ORDER BY b.name <> 'INBOX', b.name",
                    kColumns),
        {account->id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<Mailbox> mailboxes;
    for (int row = 0; row < rows->rows(); ++row) mailboxes.push_back(mailbox_of_row(*rows, row));
    return mailboxes;
}

Result<Mailbox> mailbox_get(Connection& connection, std::string_view address,
                            std::string_view name) {
    auto account = account_get(connection, address);
    if (!account) return tl::unexpected(std::move(account).error());
    return must_find(connection, *account, name);
}

Result<MailboxResult> mailbox_create(Connection& connection, std::string_view address,
                                     std::string_view name, const WriteOptions& options,
                                     std::string_view special_use) {
    return change(
        connection, address, options, "mailbox.create",
        [&](const Account& account, MailboxResult& result) -> Status {
            auto known = find(connection, account.id, name);
            if (!known) return tl::unexpected(std::move(known).error());
            if (*known)
                return fail(ErrorCode::refused, "{} has a mailbox \"{}\" already", account.address,
                            name);
            auto taken = connection.exec_params(
                "SELECT name FROM gatepost.mailboxes WHERE account_id = $1 AND special_use = $2",
                {account.id, special_use});
            if (!taken) return tl::unexpected(std::move(taken).error());
            if (!taken->empty())
                return fail(ErrorCode::refused, "{} has the mailbox \"{}\" for this use already",
                            account.address, taken->view(0, 0));
            if (Status made = run(connection, "SELECT gatepost.create_mailbox($1, $2, $3)",
                                  {account.id, name, special_use});
                !made)
                return made;
            if (Status done = run(connection, "SELECT gatepost.subscribe_mailbox($1, $2, true)",
                                  {account.id, name});
                !done)
                return done;
            return set_after(connection, account.id, name, result);
        });
}

Result<MailboxResult> mailbox_rename(Connection& connection, std::string_view address,
                                     std::string_view from, std::string_view to,
                                     const WriteOptions& options) {
    if (from == "INBOX" || to == "INBOX")
        return fail(ErrorCode::refused,
                    "INBOX is always there, and is the only one: it cannot be renamed");
    if (to.starts_with(fmt::format("{}/", from)))
        return fail(ErrorCode::refused, "\"{}\" would be below itself", to);
    return change(
        connection, address, options, "mailbox.rename",
        [&](const Account& account, MailboxResult& result) -> Status {
            auto before = must_find(connection, account, from);
            if (!before) return tl::unexpected(std::move(before).error());
            result.before = std::move(*before);
            auto taken = find(connection, account.id, to);
            if (!taken) return tl::unexpected(std::move(taken).error());
            if (*taken)
                return fail(ErrorCode::refused, "{} has a mailbox \"{}\" already", account.address,
                            to);
            if (Status done = run(connection, "SELECT gatepost.rename_mailbox($1, $2, $3, $4)",
                                  {account.id, result.before->id, from, to});
                !done)
                return done;
            return set_after(connection, account.id, to, result);
        });
}

Result<MailboxResult> mailbox_delete(Connection& connection, std::string_view address,
                                     std::string_view name, const WriteOptions& options) {
    if (name == "INBOX")
        return fail(ErrorCode::refused, "INBOX cannot be deleted: mail arrives there");
    return change(connection, address, options, "mailbox.delete",
                  [&](const Account& account, MailboxResult& result) -> Status {
                      auto before = must_find(connection, account, name);
                      if (!before) return tl::unexpected(std::move(before).error());
                      result.before = std::move(*before);
                      return run(connection, "SELECT gatepost.delete_mailbox($1)",
                                 {result.before->id});
                  });
}

}  // namespace gatepost::controlplane
