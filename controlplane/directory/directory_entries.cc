#include "controlplane/directory/directory_entries.h"

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using storage::EntryKind;

// As people are told of it.
std::string describe(EntryKind kind, const std::string& key) {
    switch (kind) {
        case EntryKind::tls_identity:
            return key.empty() ? "identity of clients without a name" : "identity of " + key;
        case EntryKind::redirect:
            return "redirect of " + key;
        case EntryKind::acme_challenge:
            return "challenge " + key;
        case EntryKind::mail_domain:
            return "mail domain " + key;
        case EntryKind::mail_account:
            return "account " + key;
        case EntryKind::mail_alias:
            return "alias " + key;
        case EntryKind::filter_database:
            return "filter rules";
        case EntryKind::mail_policy:
            break;
    }
    return "mail policy";
}

}  // namespace

Status DirectoryEntries::put(EntryKind kind, const std::string& key, Bytes value) {
    Status ok = writer_->put(kind, key, value);
    if (ok)
        release(kind, key);
    else
        hold(kind, key, ok.error().message);
    return ok;
}

void DirectoryEntries::hold(EntryKind kind, const std::string& key, const std::string& reason) {
    const bool served = find(kind, key).has_value();
    if (held_->set(describe(kind, key), reason, served))
        log_warning("sync.entry_held")
            .field("entry", describe(kind, key))
            .field("served", served)
            .field("reason", reason);
}

void DirectoryEntries::remove(EntryKind kind, const std::string& key) {
    writer_->remove(kind, key);
    release(kind, key);
}

// Mostly nothing is held, and a load puts millions of entries: those make no text for it.
void DirectoryEntries::release(EntryKind kind, const std::string& key) {
    if (!held_->empty()) held_->clear(describe(kind, key));
}

std::optional<Bytes> DirectoryEntries::find(EntryKind kind, std::string_view key) const {
    const auto entry = writer_->view().find(kind, key);
    return entry ? std::optional(entry->value) : std::nullopt;
}

}  // namespace gatepost::controlplane
