#include "dataplane/imap_account/account_support.h"

#include <utility>

namespace gatepost::dataplane {

using storage::MailboxListing;
using storage::MailboxOutcome;

std::optional<storage::AccountView> account_of(const AccountContext& context) {
    const auto index = context.mailboxes.index();
    return index ? index->account(context.account_id) : std::nullopt;
}

std::optional<std::string_view> name_of_others(std::string_view name) {
    if (!name.starts_with(storage::kOthersPrefix)) return std::nullopt;
    return name.substr(storage::kOthersPrefix.size());
}

namespace {

// "INBOX" of "bob@example.org/INBOX"; "" where there is nothing behind the address.
std::string_view behind_address(std::string_view others) {
    const size_t slash = others.find('/');
    return slash == std::string_view::npos ? std::string_view() : others.substr(slash + 1);
}

NamedMailbox named(const MailboxListing& listing) {
    NamedMailbox mailbox;
    mailbox.id = listing.mailbox_id;
    mailbox.owner_id = listing.owner_id;
    mailbox.rights = listing.rights;
    mailbox.subscribed = listing.subscribed;
    const auto others = name_of_others(listing.name);
    mailbox.owner_name = others ? behind_address(*others) : listing.name;
    return mailbox;
}

}  // namespace

std::optional<NamedMailbox> find_mailbox(const AccountContext& context, std::string_view name) {
    const auto account = account_of(context);
    if (!account) return std::nullopt;
    const auto listing = account->find(name);
    // RFC 4314 §6: whoever may not look it up is told that it is not there.
    if (!listing || listing->mailbox_id == 0 || (listing->rights & storage::kRightLookup) == 0)
        return std::nullopt;
    return named(*listing);
}

std::optional<MailboxPlace> place_of(const AccountContext& context, std::string_view name) {
    const auto others = name_of_others(name);
    if (!others) return MailboxPlace{context.account_id, std::string(name)};
    const auto account = account_of(context);
    if (!account) return std::nullopt;
    // RFC 4314 §4: the right to create below the nearest mailbox above.
    for (size_t slash = name.rfind('/'); slash > storage::kOthersPrefix.size();
         slash = name.rfind('/', slash - 1)) {
        const auto parent = account->find(name.substr(0, slash));
        if (!parent || parent->mailbox_id == 0) continue;
        if ((parent->rights & storage::kRightCreate) == 0) return std::nullopt;
        return MailboxPlace{parent->owner_id, std::string(behind_address(*others))};
    }
    return std::nullopt;
}

ImapReply no_such_mailbox() {
    return imap_no("NONEXISTENT", "there is no such mailbox");
}

ImapReply no_permission(std::string_view right) {
    return imap_no("NOPERM", "you may not do that with this mailbox: the right \"" +
                                 std::string(right) + "\" is missing");
}

Task<ImapReply> open_account(MailboxPort& mailboxes, uint64_t account_id) {
    const auto index = mailboxes.index();
    if (index && index->account(account_id)) co_return imap_ok("");
    const storage::MailboxRequest request = storage::OpenAccount{account_id};
    const storage::MailboxReply reply = co_await mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    const auto now = mailboxes.index();
    if (now && now->account(account_id)) co_return imap_ok("");
    co_return imap_no("UNAVAILABLE", "the mailboxes cannot be read now; try again");
}

ImapReply reply_of(const storage::MailboxReply& reply) {
    // RFC 5530 §3, RFC 9051 §7.1.
    const auto code = [&]() -> std::string {
        switch (reply.outcome) {
            case MailboxOutcome::ok:
                return "";
            case MailboxOutcome::not_found:
                return "NONEXISTENT";
            case MailboxOutcome::exists:
                return "ALREADYEXISTS";
            case MailboxOutcome::over_quota:
                return "OVERQUOTA";
            case MailboxOutcome::limit:
                return "LIMIT";
            case MailboxOutcome::in_use:
                return "USEATTR";
            case MailboxOutcome::cannot:
                return "CANNOT";
            case MailboxOutcome::too_large:
                return "METADATA TOOMANY";
            case MailboxOutcome::conflict:
                return "INUSE";
            case MailboxOutcome::unavailable:
            case MailboxOutcome::unknown:
                return "UNAVAILABLE";
        }
        return "SERVERBUG";
    }();
    if (reply.ok()) return imap_ok("done");
    // RFC 9051 §7.1: OK or NO would say what nobody knows.
    if (reply.outcome == MailboxOutcome::unknown)
        return {ImapReply::Kind::bye, code,
                "Whether it was done is not known; connect again and look"};
    return imap_no(code, reply.text.empty() ? "it was not done" : reply.text);
}

std::string mailbox_object_id(uint64_t mailbox_id) {
    return "M" + std::to_string(mailbox_id);
}

}  // namespace gatepost::dataplane
