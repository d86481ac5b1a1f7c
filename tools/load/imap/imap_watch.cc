#include "tools/load/imap/imap_watch.h"

#include <algorithm>

#include "tools/load/imap/imap_facts.h"

namespace gatepost::tools {

ImapWatch::ImapWatch(const std::vector<uint32_t>& watchers) : mailboxes_(watchers.size()) {
    for (size_t i = 0; i < watchers.size(); ++i) mailboxes_[i].heard_ns.resize(watchers[i]);
}

void ImapWatch::begin(size_t mailbox, const ImapCommand& change, uint32_t exists) {
    Mailbox& one = mailboxes_[mailbox];
    one.change = change;
    one.exists = exists;
    one.open = true;
    one.made_ns = 0;
    std::fill(one.heard_ns.begin(), one.heard_ns.end(), 0);
}

void ImapWatch::made(size_t mailbox, bool ok, uint64_t now_ns) {
    mailboxes_[mailbox].made_ns = now_ns;
    mailboxes_[mailbox].open = ok;
    changes_ += ok;
}

void ImapWatch::heard(size_t mailbox, uint32_t watcher, std::string_view text, uint64_t now_ns) {
    Mailbox& one = mailboxes_[mailbox];
    if (!one.open || one.heard_ns[watcher] != 0) return;
    if (one.change.operation == ImapOperation::append) {
        const auto told = numbered_response(text);
        if (!told || told->rest != "EXISTS" || told->number <= one.exists) return;
    } else {
        const auto told = fetched_flags(text);
        if (!told || told->number != one.change.number || !told->flags) return;
        if (((*told->flags & kImapFlagged) != 0) != one.change.add) return;
    }
    one.heard_ns[watcher] = now_ns;
}

bool ImapWatch::settled(size_t mailbox, uint64_t now_ns) {
    Mailbox& one = mailboxes_[mailbox];
    if (!one.open) return true;
    if (one.made_ns == 0) return false;
    const auto missing = std::count(one.heard_ns.begin(), one.heard_ns.end(), uint64_t{0});
    if (missing > 0 && now_ns < one.made_ns + kPatienceNs) return false;
    for (const uint64_t heard_ns : one.heard_ns)
        if (heard_ns != 0) seen_.add(heard_ns - std::min(heard_ns, one.made_ns));
    unseen_ += static_cast<uint64_t>(missing);
    one.open = false;
    return true;
}

}  // namespace gatepost::tools
