// Answers of DNS for as long as they count, of a bounded number. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "dataplane/resolver/dns_answer.h"

namespace gatepost::dataplane {

// Between these, in seconds, whatever the zone says: a TTL of 0 would have every recipient of a
// message ask again, and a day-long one outlives the mistake that an administrator has mended.
inline constexpr uint32_t kAnswerTtlLeast = 5;
inline constexpr uint32_t kAnswerTtlMost = 3600;
inline constexpr uint32_t kNegativeTtlMost = 300;
// A server that does not answer is not asked the same again at once.
inline constexpr uint32_t kFailureTtl = 5;

class AnswerCache {
  public:
    // `size_max`: answers; some 300 octets each.
    explicit AnswerCache(size_t size_max) : size_max_(size_max) {}

    // nullptr: it is not there, or too old. Valid until the next put().
    const DnsAnswer* find(const DnsQuestion& question, uint64_t now_ms);
    // In place of whoever has not been asked for the longest.
    void put(const DnsQuestion& question, const DnsAnswer& answer, uint64_t now_ms);

    size_t size() const { return entries_.size(); }

    // Of names in any case: one of them.
    static std::string key(const DnsQuestion& question);

  private:
    struct Entry {
        std::string key;
        DnsAnswer answer;
        uint64_t until_ms = 0;
    };
    using Entries = std::list<Entry>;

    const size_t size_max_;
    Entries entries_;  // the one that was used last is the first
    std::unordered_map<std::string_view, Entries::iterator> index_;
};

}  // namespace gatepost::dataplane
