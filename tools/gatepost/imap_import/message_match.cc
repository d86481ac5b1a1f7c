#include "tools/gatepost/imap_import/message_match.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace gatepost::tools {

std::vector<RemoteMessage> similar(const std::vector<RemoteMessage>& messages,
                                   const std::vector<RemoteMessage>& others) {
    std::set<std::pair<int64_t, uint64_t>> kinds;
    for (const RemoteMessage& other : others) kinds.emplace(other.date_s, other.size);
    std::vector<RemoteMessage> found;
    std::ranges::copy_if(messages, std::back_inserter(found), [&](const RemoteMessage& message) {
        return kinds.contains({message.date_s, message.size});
    });
    return found;
}

std::vector<std::pair<uint32_t, uint32_t>> match_messages(const std::vector<NamedMessage>& theirs,
                                                          const std::vector<NamedMessage>& ours) {
    std::multimap<std::tuple<int64_t, uint64_t, std::string>, uint32_t> left;
    for (const NamedMessage& one : ours)
        left.emplace(std::tuple(one.message.date_s, one.message.size, one.message_id),
                     one.message.uid);
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    for (const NamedMessage& one : theirs) {
        const auto found =
            left.find(std::tuple(one.message.date_s, one.message.size, one.message_id));
        if (found == left.end()) continue;
        pairs.emplace_back(one.message.uid, found->second);
        left.erase(found);
    }
    return pairs;
}

}  // namespace gatepost::tools
