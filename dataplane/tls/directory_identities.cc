#include "dataplane/tls/directory_identities.h"

#include <limits>
#include <utility>

#include "storage/directory/tls_identity.h"

namespace gatepost::dataplane {

namespace {

// The counters have one writer each.
void increment(std::atomic<uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

const LoadedIdentity& DirectoryIdentities::find(std::string_view name, storage::Service service) {
    const int64_t now_s = options_.clock_s();
    const DirectoryNow now = options_.directory();
    if (now.view == nullptr) return own(now_s);
    if (now.generation != generation_ || keys_.version() != keys_version_) {
        by_key_.clear();
        kept_.clear();
        generation_ = now.generation;
        keys_version_ = keys_.version();
    }
    if (!name.empty()) {
        if (const LoadedIdentity* exact = look_up(*now.view, name, service, now_s)) return *exact;
        // A wildcard stands for one label (RFC 6125 §6.4.3).
        if (const size_t dot = name.find('.'); dot != std::string_view::npos) {
            wildcard_.assign("*").append(name.substr(dot));
            if (const LoadedIdentity* above = look_up(*now.view, wildcard_, service, now_s))
                return *above;
        }
    }
    if (const LoadedIdentity* fallback = look_up(*now.view, "", service, now_s)) return *fallback;
    return own(now_s);
}

const LoadedIdentity* DirectoryIdentities::look_up(const storage::DirectoryView& view,
                                                   std::string_view name, storage::Service service,
                                                   int64_t now_s) {
    const auto entry = view.find(storage::EntryKind::tls_identity, name);
    if (!entry) return nullptr;
    key_.assign(1, static_cast<char>('0' + static_cast<int>(service))).append(name);
    auto found = by_key_.find(key_);
    if (found == by_key_.end()) {
        if (kept_.size() == kIdentitiesKept) {
            by_key_.erase(kept_.back().key);
            kept_.pop_back();
        }
        kept_.push_front({key_, entry->serial, load(entry->value, name, service, now_s)});
        by_key_.emplace(kept_.front().key, kept_.begin());
    } else {
        kept_.splice(kept_.begin(), kept_, found->second);
        Kept& kept = kept_.front();
        if (kept.serial != entry->serial || now_s >= kept.identity.valid_until_s()) {
            kept.identity = load(entry->value, name, service, now_s);
            kept.serial = entry->serial;
        }
    }
    const LoadedIdentity& identity = kept_.front().identity;
    return identity.empty() ? nullptr : &identity;
}

// A name of several services comes once for each: they may have different certificates.
size_t DirectoryIdentities::list(std::span<IdentityFacts> out) const {
    size_t count = 0;
    for (const Kept& kept : kept_) {
        if (count == out.size()) break;
        if (kept.identity.empty()) continue;
        out[count++] = {std::string_view(kept.key).substr(1), kept.identity.not_after_s()};
    }
    return count;
}

LoadedIdentity DirectoryIdentities::load(Bytes entry, std::string_view name,
                                         storage::Service service, int64_t now_s) {
    const auto report = [&](const Error& error) {
        increment(counters_.identity_failures);
        if (options_.report) options_.report(name, error);
    };
    auto decoded = storage::decode_tls_identity(entry);
    if (!decoded) {
        report(decoded.error());
        return LoadedIdentity::none(std::numeric_limits<int64_t>::max());
    }
    LoadedIdentity loaded = LoadedIdentity::load(*decoded, service, now_s, *keys_.get(), report);
    if (!loaded.empty()) increment(counters_.identities_loaded);
    return loaded;
}

const LoadedIdentity& DirectoryIdentities::own(int64_t now_s) {
    if (own_ == nullptr || now_s >= own_->valid_until_s()) own_ = self_signed_.current(now_s);
    return *own_;
}

std::unique_ptr<IdentitySource> make_directory_identities(DirectoryIdentitiesOptions options,
                                                          const SealingKeys& keys,
                                                          SelfSignedIdentity& self_signed,
                                                          storage::StreamCounters& counters) {
    return std::make_unique<DirectoryIdentities>(std::move(options), keys, self_signed, counters);
}

}  // namespace gatepost::dataplane
