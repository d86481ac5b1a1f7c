// LIST and LSUB.
#include <utility>

#include "dataplane/imap_account/account_support.h"
#include "dataplane/imap_account/mailbox_listing.h"

namespace gatepost::dataplane {

namespace {

using storage::SpecialUse;

std::string_view special_use_name(SpecialUse use) {
    switch (use) {
        case SpecialUse::none:
            return "";
        case SpecialUse::all:
            return "\\All";
        case SpecialUse::archive:
            return "\\Archive";
        case SpecialUse::drafts:
            return "\\Drafts";
        case SpecialUse::flagged:
            return "\\Flagged";
        case SpecialUse::junk:
            return "\\Junk";
        case SpecialUse::sent:
            return "\\Sent";
        case SpecialUse::trash:
            return "\\Trash";
    }
    return "";
}

class Attributes {
  public:
    explicit Attributes(std::string& out) : out_(out) { out_ += '('; }
    void add(std::string_view attribute) {
        if (attribute.empty()) return;
        if (!std::exchange(first_, false)) out_ += ' ';
        out_ += attribute;
    }
    void end() { out_ += ')'; }

  private:
    std::string& out_;
    bool first_ = true;
};

void append_listing(AccountContext& context, const ListArguments& arguments,
                    const ListedMailbox& mailbox, bool lsub) {
    std::string& out = context.out;
    out += lsub ? "* LSUB " : "* LIST ";
    Attributes attributes(out);
    const bool extended = arguments.extended || context.rev2;
    if (mailbox.mailbox_id == 0 || (lsub && !mailbox.selected)) {
        // RFC 5258 §3: \NonExistent says \Noselect as well, but only to whoever knows it.
        attributes.add(extended && !lsub ? "\\NonExistent" : "\\Noselect");
    }
    if (!lsub) {
        attributes.add(mailbox.has_children ? "\\HasChildren" : "\\HasNoChildren");
        if (mailbox.subscribed && (arguments.return_subscribed || arguments.subscribed_only))
            attributes.add("\\Subscribed");
        attributes.add(special_use_name(mailbox.special_use));
    }
    attributes.end();
    out += " \"/\" ";
    append_mailbox_name(out, mailbox.name, context.utf8);
    // RFC 5258 §3.5.
    if (arguments.recursive_match && mailbox.child_selected)
        out += " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
    out += "\r\n";
    // RFC 8440.
    if (arguments.return_my_rights && mailbox.mailbox_id != 0) {
        out += "* MYRIGHTS ";
        append_mailbox_name(out, mailbox.name, context.utf8);
        out += ' ';
        out += rights_text(mailbox.rights);
        out += "\r\n";
    }
}

// RFC 9590 §3: like GETMETADATA for each mailbox.
Task<ImapReply> append_metadata(AccountContext& context, const std::string& name,
                                const ListArguments& arguments) {
    ImapCommand command;
    command.verb = ImapVerb::get_metadata;
    MetadataArguments wanted;
    wanted.mailbox = name;
    for (const std::string& entry : arguments.return_metadata)
        wanted.entries.emplace_back(entry, std::nullopt);
    command.arguments = std::move(wanted);
    ImapReply reply = co_await run_metadata(context, command);
    co_return reply;
}

// RFC 5819, and what comes with it.
Task<ImapReply> append_details(AccountContext& context, const ListArguments& arguments,
                               const std::vector<ListedMailbox>& listed) {
    ImapReply done = imap_ok("these are all");
    for (const ListedMailbox& mailbox : listed) {
        if (mailbox.mailbox_id == 0) continue;
        if (arguments.return_metadata_given) {
            const std::string name = mailbox.name;
            ImapReply reply = co_await append_metadata(context, name, arguments);
            if (reply.code == "UNAVAILABLE") co_return reply;
        }
        if (!arguments.return_status || (mailbox.rights & storage::kRightRead) == 0) continue;
        const auto found = find_mailbox(context, mailbox.name);
        if (!found) continue;
        const NamedMailbox named = *found;
        const StatusItems items = *arguments.return_status;
        // RFC 5819 §2: one that cannot be had is left out.
        ImapReply reply = co_await append_status(context, mailbox.name, named, items);
        if (reply.code == "UNAVAILABLE") co_return reply;
    }
    co_return done;
}

}  // namespace

Task<ImapReply> run_list(AccountContext& context, const ImapCommand& command) {
    const auto& arguments = std::get<ListArguments>(command.arguments);
    const bool lsub = command.verb == ImapVerb::lsub;
    // RFC 9051 §6.3.9: an empty pattern asks for the separator and the root of the reference.
    if (!arguments.extended && arguments.patterns.size() == 1 && arguments.patterns[0].empty()) {
        context.out +=
            lsub ? "* LSUB (\\Noselect) \"/\" \"\"\r\n" : "* LIST (\\Noselect) \"/\" \"\"\r\n";
        co_return imap_ok("the separator of levels");
    }
    // RFC 5258 §3.5.
    if (arguments.recursive_match && !arguments.subscribed_only && !arguments.special_use_only)
        co_return imap_bad("RECURSIVEMATCH needs another selection option beside it");
    const auto account = account_of(context);
    if (!account) co_return imap_no("UNAVAILABLE", "the mailboxes cannot be read now; try again");
    const std::vector<ListedMailbox> listed = list_mailboxes(*account, arguments, lsub);
    for (const ListedMailbox& mailbox : listed) append_listing(context, arguments, mailbox, lsub);
    if (!arguments.return_status && !arguments.return_metadata_given)
        co_return imap_ok("these are all");
    ImapReply reply = co_await append_details(context, arguments, listed);
    co_return reply;
}

}  // namespace gatepost::dataplane
