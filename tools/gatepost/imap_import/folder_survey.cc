#include "tools/gatepost/imap_import/folder_survey.h"

#include <algorithm>
#include <map>

#include "dataplane/imap_syntax/modified_utf7.h"
#include "tools/gatepost/imap_import/message_adoption.h"

namespace gatepost::tools {

namespace {

// UIDs of one STORE.
constexpr size_t kUidsOfStore = 500;

}  // namespace

std::string own_wire_name(std::string_view mailbox) {
    std::string wire;
    dataplane::append_modified_utf7(wire, mailbox);
    return wire;
}

Status FolderSurvey::look(FolderWork& folder) {
    folder.missing.clear();
    folder.count = {};
    auto opened = open_folder(*servers_.source, folder.folder.source.wire_name);
    if (!opened) return tl::unexpected(std::move(opened).error());
    folder.uid_validity = opened->uid_validity;
    std::vector<RemoteMessage> messages;
    if (opened->messages > 0) {
        auto listed = list_messages(*servers_.source, "1:*", flags_);
        if (!listed) return tl::unexpected(std::move(listed).error());
        messages = std::move(*listed);
    }
    folder.count.messages = messages.size();
    return dry_run_ ? look_dry(folder, messages) : look_here(folder, messages);
}

Status FolderSurvey::look_dry(FolderWork& folder, const std::vector<RemoteMessage>& messages) {
    const FolderState* known =
        state_.find_folder(folder.folder.source.wire_name, folder.uid_validity);
    for (const RemoteMessage& message : messages) {
        const bool copied = known != nullptr && known->messages.contains(message.uid);
        if (!copied) {
            ++folder.count.imported;
            folder.count.octets += message.size;
            continue;
        }
        ++folder.count.known;
        if (known->messages.at(message.uid).flags != message.flags) ++folder.count.flags_changed;
    }
    return {};
}

Status FolderSurvey::look_here(FolderWork& folder, const std::vector<RemoteMessage>& messages) {
    auto own = open_folder(*servers_.own, own_wire_name(folder.folder.mailbox), true);
    if (!own) return tl::unexpected(std::move(own).error());
    folder.own_uid_next = own->uid_next;
    auto state = state_.folder(folder.folder.source.wire_name, folder.uid_validity,
                               folder.folder.mailbox, own->uid_validity);
    if (!state) return tl::unexpected(std::move(state).error());
    folder.state = *state;
    std::vector<FlagChange> changes;
    for (const RemoteMessage& message : messages) {
        const auto known = folder.state->messages.find(message.uid);
        if (known == folder.state->messages.end()) {
            folder.missing.push_back(message);
            continue;
        }
        ++folder.count.known;
        if (known->second.flags != message.flags)
            changes.push_back(
                {message.uid, {known->second.uid, message.flags}, known->second.flags});
    }
    if (Status brought = bring_flags(folder, changes); !brought) return brought;
    if (folder.missing.empty() || own->messages == 0) return state_.flush();
    auto adopted = adopt_copies(servers_, state_, *folder.state, flags_, 1, folder.missing);
    if (!adopted) return tl::unexpected(std::move(adopted).error());
    folder.count.known += *adopted;
    return state_.flush();
}

// Only what has changed at the source is changed here: other flags are the user's.
Status FolderSurvey::bring_flags(FolderWork& folder, const std::vector<FlagChange>& changes) {
    std::map<std::pair<uint32_t, uint32_t>, std::vector<const FlagChange*>> kinds;
    for (const FlagChange& change : changes)
        kinds[{change.flags_before, change.copied.flags}].push_back(&change);
    for (const auto& [kind, of_kind] : kinds) {
        const std::string_view before = flags_.text(kind.first);
        const std::string_view after = flags_.text(kind.second);
        for (size_t begin = 0; begin < of_kind.size(); begin += kUidsOfStore) {
            std::vector<uint32_t> uids;
            const size_t end = std::min(begin + kUidsOfStore, of_kind.size());
            for (size_t i = begin; i < end; ++i) uids.push_back(of_kind[i]->copied.uid);
            std::ranges::sort(uids);
            for (const auto& [sign, flags] : {std::pair('+', flags_without(after, before)),
                                              std::pair('-', flags_without(before, after))}) {
                if (flags.empty()) continue;
                const std::string command =
                    fmt::format("UID STORE {} {}FLAGS.SILENT ({})", uid_set(uids), sign, flags);
                if (Status stored = servers_.own->expect(CommandText(command)); !stored)
                    return stored;
            }
        }
    }
    for (const FlagChange& change : changes) state_.note(*folder.state, change.uid, change.copied);
    folder.count.flags_changed += changes.size();
    return state_.flush();
}

}  // namespace gatepost::tools
