// Writes the sections of one reply. Records come precompiled (storage/zone_index/layout.h): where
// the owner is the question's name they are copied as they are; elsewhere their pointers are
// relocated.
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/dns/message.h"
#include "storage/zone_index/layout.h"

namespace gatepost::dataplane {

enum class Section : uint8_t { answer, authority, additional };

// Where the name that owns a record stands in the message.
struct Owner {
    uint16_t at = storage::kQuestionOffset;  // offset of the name's first label
    // Octets by which that name is longer than the one the record was compiled for: not 0 where a
    // wildcard stands in.
    int16_t longer = 0;

    bool is_question() const { return at == storage::kQuestionOffset && longer == 0; }
};

// Most RRsets are a few dozen octets long: no call is made for them. A record has at least 12.
inline void copy_records(uint8_t* to, const uint8_t* from, size_t length) {
    constexpr size_t kWord = 16;
    constexpr size_t kInlineMax = 128;
    if (length < kWord || length > kInlineMax) [[unlikely]] {
        std::memcpy(to, from, length);
        return;
    }
    for (size_t at = 0; at + kWord < length; at += kWord) std::memcpy(to + at, from + at, kWord);
    std::memcpy(to + length - kWord, from + length - kWord, kWord);
}

class AnswerWriter {
  public:
    // `message` holds the header and the question already; `limit` is where the records must end.
    AnswerWriter(uint8_t* message, uint16_t at, uint16_t limit)
        : message_(message), at_(at), limit_(limit) {}

    // Adds an RRset, with its signatures if asked. Gives false, with nothing added, where it does
    // not fit.
    bool add(Section section, const storage::Node& node, const storage::RRsetEntry& rrset,
             Owner owner, bool signatures);
    // The same for the one RRset of most replies: in the answer section, owned by the question's
    // name.
    bool add_answer(const storage::Node& node, const storage::RRsetEntry& rrset, bool signatures) {
        size_t length = rrset.length;
        uint16_t count = rrset.count;
        if (signatures) {
            length += rrset.signature_length;
            count = static_cast<uint16_t>(count + rrset.signature_count);
        }
        if (at_ + length > limit_) return false;
        copy_records(message_ + at_, node.data(rrset), length);
        at_ = static_cast<uint16_t>(at_ + length);
        counts_[static_cast<size_t>(Section::answer)] = count;
        return true;
    }
    // Only the signatures of an RRset.
    bool add_signatures(Section section, const storage::Node& node,
                        const storage::RRsetEntry& rrset, Owner owner);
    // The SOA for a negative answer: with the lesser of its TTL and its MINIMUM (RFC 2308 §3).
    bool add_negative_soa(const storage::Node& apex, Owner owner, bool signatures);
    // Adds an RRset whose owner stands nowhere in the message yet: its last octets are the
    // `suffix_length` ones of the name at `suffix_at`, the rest is written out with the first
    // record. With its signatures.
    bool add_named(Section section, const storage::Node& node, const storage::RRsetEntry& rrset,
                   uint16_t suffix_at, size_t suffix_length);
    // A CNAME from the owner to `target` (uncompressed wire form), as a DNAME makes it (RFC 6672
    // §3.1).
    bool add_cname(Owner owner, uint32_t ttl, const uint8_t* target, size_t target_length);

    // Of the record added last: offset of its RDATA; with add of several records, of the first one.
    uint16_t first_rdata() const { return first_rdata_; }
    uint16_t position() const { return at_; }
    uint16_t count(Section section) const { return counts_[static_cast<size_t>(section)]; }
    void set_limit(uint16_t limit) { limit_ = limit; }

    // Offset of the suffix of a name in the message that begins `skip` octets (whole labels) into
    // it.
    uint16_t suffix_at(uint16_t name_at, size_t skip) const;
    const uint8_t* message() const { return message_; }

  private:
    bool append(Section section, const uint8_t* records, size_t length, uint16_t count, Owner owner,
                bool pointers);
    void relocate(const uint8_t* records, size_t length, Owner owner, bool pointers);

    uint8_t* message_;
    uint16_t at_;
    uint16_t limit_;
    uint16_t first_rdata_ = 0;
    uint16_t counts_[3] = {};
};

}  // namespace gatepost::dataplane
