#include "dataplane/imap_search/references_cache.h"

namespace gatepost::dataplane {
namespace {

// Octets of an entry besides its IDs, about.
constexpr size_t kEntryOctets = 128;

}  // namespace

const std::vector<std::string>* ReferencesCache::find(const ReferencesKey& key) {
    if (auto found = young_.find(key); found != young_.end()) return &found->second;
    auto found = old_.find(key);
    if (found == old_.end()) return nullptr;
    std::vector<std::string> ids = std::move(found->second);
    old_.erase(found);
    put(key, std::move(ids));
    found = young_.find(key);
    return found == young_.end() ? nullptr : &found->second;
}

void ReferencesCache::put(const ReferencesKey& key, std::vector<std::string> ids) {
    size_t octets = kEntryOctets;
    for (const std::string& id : ids) octets += sizeof id + id.capacity();
    if (young_octets_ + octets > kOctetsMax) {
        old_ = std::exchange(young_, {});
        young_octets_ = 0;
    }
    if (young_.insert_or_assign(key, std::move(ids)).second) young_octets_ += octets;
}

}  // namespace gatepost::dataplane
