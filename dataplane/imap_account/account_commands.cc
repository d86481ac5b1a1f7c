#include "dataplane/imap_account/account_commands.h"

#include "dataplane/imap_account/account_support.h"

namespace gatepost::dataplane {

namespace {

using Run = Task<ImapReply> (*)(AccountContext&, const ImapCommand&);

Task<ImapReply> run_namespace(AccountContext& context, const ImapCommand&) {
    // RFC 9051 §6.3.10: one's own, those of others, none that belong to nobody.
    std::string& out = context.out;
    out += "* NAMESPACE ((\"\" \"/\")) ((\"";
    out += storage::kOthersPrefix;
    out += "\" \"/\")) NIL\r\n";
    co_return imap_ok("these are all");
}

Run find_command(ImapVerb verb) {
    switch (verb) {
        case ImapVerb::list:
        case ImapVerb::lsub:
            return run_list;
        case ImapVerb::status:
            return run_status;
        case ImapVerb::create:
        case ImapVerb::remove:
        case ImapVerb::rename:
        case ImapVerb::subscribe:
        case ImapVerb::unsubscribe:
            return run_mailbox_change;
        case ImapVerb::namespaces:
            return run_namespace;
        case ImapVerb::get_quota:
        case ImapVerb::get_quota_root:
        case ImapVerb::set_quota:
            return run_quota;
        case ImapVerb::get_metadata:
        case ImapVerb::set_metadata:
            return run_metadata;
        case ImapVerb::get_acl:
        case ImapVerb::set_acl:
        case ImapVerb::delete_acl:
        case ImapVerb::list_rights:
        case ImapVerb::my_rights:
            return run_acl;
        default:
            return nullptr;
    }
}

}  // namespace

bool is_account_command(ImapVerb verb) {
    return find_command(verb) != nullptr;
}

Task<ImapReply> run_account_command(AccountContext& context, const ImapCommand& command) {
    const Run run = find_command(command.verb);
    if (run == nullptr) co_return imap_bad("that is no command about mailboxes");
    ImapReply opened = co_await open_account(context.mailboxes, context.account_id);
    if (opened.kind != ImapReply::Kind::ok) co_return opened;
    ImapReply reply = co_await run(context, command);
    co_return reply;
}

}  // namespace gatepost::dataplane
