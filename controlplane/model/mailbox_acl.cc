#include "controlplane/model/mailbox_acl.h"

#include <fmt/format.h>

#include "controlplane/model/account.h"
#include "controlplane/model/audit.h"
#include "controlplane/model/mail_write.h"
#include "controlplane/model/mailbox.h"

namespace gatepost::controlplane {
namespace {

// The letter of bit n.
constexpr std::string_view kLetters = "lrswipkxtea";

Result<unsigned> rights_of(Connection& connection, int64_t mailbox, std::string_view who) {
    auto rows = connection.exec_params(
        "SELECT coalesce(max(rights), 0) FROM gatepost.get_acl($1) WHERE identifier = $2",
        {mailbox, who});
    if (!rows) return tl::unexpected(std::move(rows).error());
    return static_cast<unsigned>(rows->integer(0, 0));
}

}  // namespace

std::string mailbox_rights_text(unsigned rights) {
    std::string text;
    for (size_t bit = 0; bit < kLetters.size(); ++bit)
        if ((rights >> bit & 1) != 0) text += kLetters[bit];
    return text;
}

Result<unsigned> mailbox_rights_from_text(std::string_view text) {
    unsigned rights = 0;
    for (const char letter : text) {
        const size_t bit = kLetters.find(letter);
        if (bit == std::string_view::npos)
            return fail(ErrorCode::usage,
                        "\"{}\" has the letter {}, which is no right; there are {} (RFC 4314)",
                        text, letter, kLetters);
        rights |= 1U << bit;
    }
    if (rights == 0)
        return fail(ErrorCode::usage, "no right is named, expected some of {}, such as lrs",
                    kLetters);
    return rights;
}

Result<std::vector<MailboxShare>> mailbox_shares(Connection& connection, int64_t account_id) {
    auto rows = connection.exec_params(
        "SELECT c.mailbox_id, CASE WHEN c.account_id IS NULL THEN 'anyone' ELSE a.address END, "
        "c.rights FROM gatepost.mailboxes b JOIN gatepost.mailbox_acl c ON c.mailbox_id = b.id "
        "LEFT JOIN gatepost.accounts a ON a.id = c.account_id WHERE b.account_id = $1 "
        "AND (c.account_id IS NULL OR a.address IS NOT NULL) ORDER BY 1, 2",
        {account_id});
    if (!rows) return tl::unexpected(std::move(rows).error());
    std::vector<MailboxShare> shares;
    for (int row = 0; row < rows->rows(); ++row)
        shares.push_back({rows->integer(row, 0), rows->text(row, 1),
                          static_cast<unsigned>(rows->integer(row, 2))});
    return shares;
}

Result<MailboxShareResult> mailbox_share(Connection& connection, std::string_view address,
                                         std::string_view name, std::string_view with,
                                         unsigned rights, const WriteOptions& options) {
    if (with == address)
        return fail(ErrorCode::refused, "{} owns the mailbox, and has all rights on it", address);
    MailboxShareResult result;
    auto lsn = mail_write(connection, options, [&]() -> Result<bool> {
        auto mailbox = mailbox_get(connection, address, name);
        if (!mailbox) return tl::unexpected(std::move(mailbox).error());
        if (with != "anyone")
            if (auto account = account_get(connection, with); !account)
                return tl::unexpected(std::move(account).error());
        auto before = rights_of(connection, mailbox->id, with);
        if (!before) return tl::unexpected(std::move(before).error());
        result = {*before, rights};
        if (*before == rights) return false;
        constexpr int kReplace = 2;
        auto done = connection.exec_params("SELECT gatepost.set_acl($1, $2, $3, $4)",
                                           {mailbox->id, with, kReplace, rights});
        if (!done) return tl::unexpected(std::move(done).error());
        auto data = connection.exec_params(
            "SELECT jsonb_build_object('mailbox', $1::text, 'with', $2::text, 'before', $3::text, "
            "'after', $4::text)::text",
            {name, with, mailbox_rights_text(*before), mailbox_rights_text(rights)});
        if (!data) return tl::unexpected(std::move(data).error());
        if (Status noted = audit_write(connection, "mailbox.share", address, data->text(0, 0));
            !noted)
            return tl::unexpected(std::move(noted).error());
        return true;
    });
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    return result;
}

}  // namespace gatepost::controlplane
