// Which mailboxes NOTIFY and ESEARCH are about.
#include <algorithm>

#include "dataplane/imap_syntax/common_arguments.h"

namespace gatepost::dataplane {
namespace {

using Kind = MailboxFilter::Kind;

// RFC 5465 §8, RFC 7377 §4.
constexpr struct {
    std::string_view name;
    Kind kind;
} kFilters[] = {
    {"SELECTED", Kind::selected},       {"SELECTED-DELAYED", Kind::selected_delayed},
    {"INBOXES", Kind::inboxes},         {"PERSONAL", Kind::personal},
    {"SUBSCRIBED", Kind::subscribed},   {"SUBTREE", Kind::subtree},
    {"SUBTREE-ONE", Kind::subtree_one}, {"MAILBOXES", Kind::mailboxes},
};

}  // namespace

bool take_mailbox_filter(ImapScanner& scanner, MailboxFilter::Kind& out) {
    const auto found = std::ranges::find_if(
        kFilters, [&](const auto& known) { return scanner.take_keyword(known.name); });
    if (found == std::end(kFilters)) return false;
    out = found->kind;
    return true;
}

}  // namespace gatepost::dataplane
