#include "dataplane/resolver/answer_cache.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

uint32_t ttl_of(const DnsAnswer& answer) {
    switch (answer.status) {
        case DnsAnswer::Status::found:
            return std::clamp(answer.ttl_s, kAnswerTtlLeast, kAnswerTtlMost);
        case DnsAnswer::Status::none:
            return std::clamp(answer.ttl_s, kAnswerTtlLeast, kNegativeTtlMost);
        case DnsAnswer::Status::failed:
            break;
    }
    return kFailureTtl;
}

}  // namespace

std::string AnswerCache::key(const DnsQuestion& question) {
    std::string key = std::to_string(static_cast<unsigned>(question.type)) + ' ';
    for (const char c : question.name)
        key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return key;
}

const DnsAnswer* AnswerCache::find(const DnsQuestion& question, uint64_t now_ms) {
    const auto found = index_.find(key(question));
    if (found == index_.end() || found->second->until_ms <= now_ms) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().answer;
}

void AnswerCache::put(const DnsQuestion& question, const DnsAnswer& answer, uint64_t now_ms) {
    const uint64_t until_ms = now_ms + uint64_t{ttl_of(answer)} * 1000;
    std::string name = key(question);
    if (const auto found = index_.find(name); found != index_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        entries_.front().answer = answer;
        entries_.front().until_ms = until_ms;
        return;
    }
    if (entries_.size() >= size_max_) {
        index_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.push_front({std::move(name), answer, until_ms});
    index_.emplace(entries_.front().key, entries_.begin());
}

}  // namespace gatepost::dataplane
