// NOTIFY (RFC 5465 §8).
#include <algorithm>

#include "dataplane/imap_syntax/argument_parsers.h"
#include "dataplane/imap_syntax/common_arguments.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {
namespace {

using Group = NotifyArguments::Group;

constexpr struct {
    std::string_view name;
    bool Group::*event;
} kEvents[] = {
    {"MessageNew", &Group::message_new},
    {"MessageExpunge", &Group::message_expunge},
    {"FlagChange", &Group::flag_change},
    {"MailboxName", &Group::mailbox_name},
    {"SubscriptionChange", &Group::subscription_change},
    {"AnnotationChange", &Group::annotation_change},
};

// RFC 5465 §6: which events there are.
constexpr std::string_view kBadEvent =
    "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)";

bool parse_filter(ImapScanner& scanner, const ParseContext& context, MailboxFilter& out) {
    // SUBTREE-ONE, which ESEARCH has, is none of them.
    if (!take_mailbox_filter(scanner, out.kind) || out.kind == MailboxFilter::Kind::subtree_one)
        return scanner.fail("there is no such choice of mailboxes");
    if (!out.has_names()) return scanner.space();
    auto mailbox = [&] {
        if (out.mailboxes.size() == kNotifyMailboxesMax)
            return scanner.refuse("NOTIFICATIONOVERFLOW", "Those are too many mailboxes.");
        return parse_mailbox(scanner, context, out.mailboxes.emplace_back());
    };
    if (!scanner.space()) return false;
    if (!(scanner.peek() == '(' ? parse_list(scanner, 1, mailbox) : mailbox())) return false;
    std::ranges::sort(out.mailboxes);
    return scanner.space();
}

bool parse_event(ImapScanner& scanner, Group& out) {
    std::string_view word;
    if (!scanner.atom(word)) return false;
    bool found = false;
    for (const auto& known : kEvents) {
        if (!equal_ignoring_case(word, known.name)) continue;
        out.*known.event = true;
        found = true;
    }
    if (!found) return scanner.refuse(kBadEvent, "There is no such event here.");
    if (!equal_ignoring_case(word, "MessageNew")) return true;
    ImapScanner ahead(scanner);
    if (!ahead.take(' ') || ahead.peek() != '(') return true;
    // RFC 5465 §5.2: only of the selected mailbox.
    if (!out.filter.is_selected())
        return scanner.fail("messages of that mailbox cannot be fetched");
    return scanner.space() && parse_list(scanner, 1, [&] {
               FetchItem item;
               return parse_fetch_item(scanner, item) &&
                      add_fetch_item(scanner, std::move(item), out.new_items);
           });
}

bool parse_group(ImapScanner& scanner, const ParseContext& context, Group& out) {
    if (!scanner.expect('(') || !parse_filter(scanner, context, out.filter)) return false;
    out.none = scanner.take_keyword("NONE");
    if (!out.none && !parse_list(scanner, 0, [&] { return parse_event(scanner, out); }))
        return false;
    // RFC 5465 §5.2: MessageNew and MessageExpunge come together; §5.3, §5.4: the other events of
    // messages only with them.
    if (out.message_new != out.message_expunge)
        return scanner.fail("MessageNew and MessageExpunge are for use together");
    if ((out.flag_change || out.annotation_change) && !out.message_new)
        return scanner.fail("changes of messages need MessageNew and MessageExpunge");
    return scanner.expect(')');
}

}  // namespace

bool parse_notify(ImapScanner& scanner, const ParseContext& context, NotifyArguments& out) {
    if (!scanner.space()) return false;
    if (scanner.take_keyword("NONE")) return out.none = true;
    if (!scanner.take_keyword("SET")) return scanner.fail("NOTIFY is with SET or NONE");
    if (!scanner.space()) return false;
    if (scanner.take_keyword("STATUS")) {
        out.status = true;
        if (!scanner.space()) return false;
    }
    bool of_selected = false;
    do {
        if (out.groups.size() == kNotifyGroupsMax)
            return scanner.refuse("NOTIFICATIONOVERFLOW", "Those are too many groups of events.");
        Group& group = out.groups.emplace_back();
        if (!parse_group(scanner, context, group)) return false;
        // RFC 5465 §6.1: one of SELECTED and SELECTED-DELAYED, once.
        if (group.filter.is_selected() && of_selected)
            return scanner.fail("the selected mailbox is there twice");
        of_selected |= group.filter.is_selected();
        while (scanner.take(' ')) continue;
    } while (!scanner.at_end());
    return true;
}

}  // namespace gatepost::dataplane
