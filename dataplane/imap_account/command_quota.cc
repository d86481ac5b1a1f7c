// GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208). Every account has one root, which its own mailboxes
// are under.
#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

constexpr std::string_view kRoot = "User quota";
constexpr uint64_t kStorageUnit = 1024;  // octets, RFC 9208 §5.1

enum Number : size_t { kOctets, kOctetsMax, kMessages, kMessagesMax, kNumbers };

Task<ImapReply> append_quota(AccountContext& context) {
    const storage::MailboxRequest request = storage::GetQuota{context.account_id};
    const storage::MailboxReply reply = co_await context.mailboxes.ask(request);
    if (!reply.ok()) co_return reply_of(reply);
    if (reply.numbers.size() < kNumbers)
        co_return imap_no("SERVERBUG", "the quota could not be read");
    const auto& numbers = reply.numbers;
    std::string& out = context.out;
    out += "* QUOTA ";
    append_astring(out, kRoot, context.utf8);
    out += " (";
    // RFC 9208 §4.1.1: what has no limit is not named.
    if (numbers[kOctetsMax] != 0) {
        const uint64_t used = (numbers[kOctets] + kStorageUnit - 1) / kStorageUnit;
        out += "STORAGE " + std::to_string(used) + " " +
               std::to_string(numbers[kOctetsMax] / kStorageUnit);
        if (numbers[kMessagesMax] != 0) out += ' ';
    }
    if (numbers[kMessagesMax] != 0)
        out += "MESSAGE " + std::to_string(numbers[kMessages]) + " " +
               std::to_string(numbers[kMessagesMax]);
    out += ")\r\n";
    co_return imap_ok("that is it");
}

Task<ImapReply> append_root(AccountContext& context, const std::string& name) {
    const auto mailbox = find_mailbox(context, name);
    if (!mailbox) co_return no_such_mailbox();
    if ((mailbox->rights & storage::kRightRead) == 0) co_return no_permission("r");
    const bool own = mailbox->owner_id == context.account_id;
    std::string& out = context.out;
    out += "* QUOTAROOT ";
    append_mailbox_name(out, name, context.utf8);
    if (own) {
        out += ' ';
        append_astring(out, kRoot, context.utf8);
    }
    out += "\r\n";
    // What others have used is not told.
    if (!own) co_return imap_ok("its owner's quota is hers to see");
    ImapReply reply = co_await append_quota(context);
    co_return reply;
}

}  // namespace

Task<ImapReply> run_quota(AccountContext& context, const ImapCommand& command) {
    ImapReply reply;
    if (command.verb == ImapVerb::set_quota) {
        reply = imap_no("NOPERM", "quotas are set by the administrator");
    } else if (command.verb == ImapVerb::get_quota_root) {
        reply = co_await append_root(context, command.name);
    } else if (command.name == kRoot || command.name.empty()) {
        reply = co_await append_quota(context);
    } else {
        reply = imap_no("NONEXISTENT", "there is no such quota root");
    }
    co_return reply;
}

}  // namespace gatepost::dataplane
