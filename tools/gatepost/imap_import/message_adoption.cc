#include "tools/gatepost/imap_import/message_adoption.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tools/gatepost/imap_import/message_match.h"

namespace gatepost::tools {

namespace {

Result<std::vector<NamedMessage>> with_names(MailServer& server,
                                             const std::vector<RemoteMessage>& messages) {
    std::vector<uint32_t> uids;
    for (const RemoteMessage& message : messages) uids.push_back(message.uid);
    auto names = message_names(server, uids);
    if (!names) return tl::unexpected(std::move(names).error());
    std::unordered_map<uint32_t, std::string> by_uid;
    for (MessageName& name : *names) by_uid[name.uid] = std::move(name.message_id);
    std::vector<NamedMessage> named;
    // One without an answer has gone meanwhile.
    for (const RemoteMessage& message : messages)
        if (const auto name = by_uid.find(message.uid); name != by_uid.end())
            named.push_back({message, name->second});
    return named;
}

}  // namespace

Result<size_t> adopt_copies(ServerPair& servers, ImportState& state, FolderState& folder,
                            FlagTable& flags, uint32_t own_uid_min,
                            std::vector<RemoteMessage>& messages) {
    auto own = list_messages(*servers.own, fmt::format("{}:*", own_uid_min), flags);
    if (!own) return tl::unexpected(std::move(own).error());
    std::erase_if(*own, [&](const RemoteMessage& message) {
        // RFC 9051 §9: "*" is the last one, even where it is below the other number.
        return message.uid < own_uid_min || state.is_copy(folder.mailbox, message.uid);
    });
    const std::vector<RemoteMessage> here = similar(*own, messages);
    const std::vector<RemoteMessage> there = similar(messages, here);
    if (there.empty()) return 0U;
    auto ours = with_names(*servers.own, here);
    if (!ours) return tl::unexpected(std::move(ours).error());
    auto theirs = with_names(*servers.source, there);
    if (!theirs) return tl::unexpected(std::move(theirs).error());
    std::unordered_map<uint32_t, uint32_t> flags_of;
    for (const RemoteMessage& message : there) flags_of[message.uid] = message.flags;
    std::unordered_set<uint32_t> adopted;
    for (const auto& [uid, own_uid] : match_messages(*theirs, *ours))
        if (state.note(folder, uid, {own_uid, flags_of[uid]})) adopted.insert(uid);
    std::erase_if(messages,
                  [&](const RemoteMessage& message) { return adopted.contains(message.uid); });
    if (Status written = state.flush(); !written) return tl::unexpected(std::move(written).error());
    return adopted.size();
}

}  // namespace gatepost::tools
