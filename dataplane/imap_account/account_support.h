// What the commands of this folder share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/imap_account/account_commands.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

inline ImapReply imap_ok(std::string text, std::string code = {}) {
    return {ImapReply::Kind::ok, std::move(code), std::move(text)};
}
inline ImapReply imap_no(std::string code, std::string text) {
    return {ImapReply::Kind::no, std::move(code), std::move(text)};
}
inline ImapReply imap_bad(std::string text) {
    return {ImapReply::Kind::bad, {}, std::move(text)};
}

// A mailbox that a command names, on its own: views do not outlast a wait.
struct NamedMailbox {
    uint64_t id = 0;
    uint64_t owner_id = 0;
    uint16_t rights = 0;
    bool subscribed = false;
    std::string owner_name;  // as its owner sees it
};

// The account's list as it is; open_account() was `ok`. nullopt: it went away this moment.
std::optional<storage::AccountView> account_of(const AccountContext& context);
// nullopt: there is none that the account may see.
std::optional<NamedMailbox> find_mailbox(const AccountContext& context, std::string_view name);
// Where a new mailbox of that name would be: whose, and how it is called there. `no`: nobody may.
struct MailboxPlace {
    uint64_t owner_id = 0;
    std::string name;
};
std::optional<MailboxPlace> place_of(const AccountContext& context, std::string_view name);

// "bob@example.org/INBOX" of "Other Users/bob@example.org/INBOX"; nullopt: a name of one's own.
std::optional<std::string_view> name_of_others(std::string_view name);

ImapReply no_such_mailbox();
ImapReply no_permission(std::string_view right);

// ---- the commands, each in a file of its group

Task<ImapReply> run_list(AccountContext& context, const ImapCommand& command);
Task<ImapReply> run_status(AccountContext& context, const ImapCommand& command);
Task<ImapReply> run_mailbox_change(AccountContext& context, const ImapCommand& command);
Task<ImapReply> run_quota(AccountContext& context, const ImapCommand& command);
Task<ImapReply> run_metadata(AccountContext& context, const ImapCommand& command);
Task<ImapReply> run_acl(AccountContext& context, const ImapCommand& command);

// "* STATUS name (…)": what is known of it is in the index once this is `ok`.
Task<ImapReply> append_status(AccountContext& context, std::string_view name,
                              const NamedMailbox& mailbox, const StatusItems& items);
// Rights as their letters (RFC 4314 §2.1), the old c and d among them (§2.1.1).
std::string rights_text(uint16_t rights);

}  // namespace gatepost::dataplane
