#include "dataplane/dns/answer_writer.h"

#include <algorithm>
#include <cstring>

#include "storage/base/bytes.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::Node;
using storage::RRsetEntry;
using storage::RRType;

using storage::kRRFixedSize;
constexpr size_t kTtlAt = 6;
constexpr size_t kRdlengthAt = 10;

// How many names that may end in a pointer an RDATA begins with, and at which octet.
struct CompressedNames {
    size_t at = 0;
    size_t count = 0;
};

CompressedNames compressed_names(uint16_t type) {
    switch (RRType{type}) {
        case RRType::NS:
        case RRType::CNAME:
        case RRType::PTR:
            return {0, 1};
        case RRType::MX:
            return {2, 1};
        case RRType::SOA:
            return {0, 2};
        default:
            return {};
    }
}

}  // namespace

uint16_t AnswerWriter::suffix_at(uint16_t name_at, size_t skip) const {
    size_t at = name_at;
    while (true) {
        uint8_t label = message_[at];
        if (label >= 0xc0) {
            at = load_be16(message_ + at) & kPointerMax;
            continue;
        }
        if (skip == 0) return static_cast<uint16_t>(at);
        skip -= size_t{label} + 1;
        at += size_t{label} + 1;
    }
}

// Copies records while pointing each owner, and each pointer in RDATA, to where the owner stands
// now.
void AnswerWriter::relocate(const uint8_t* records, size_t length, Owner owner, bool pointers) {
    uint8_t* out = message_ + at_;
    std::memcpy(out, records, length);
    for (size_t at = 0; at < length;) {
        uint8_t* record = out + at;
        store_be16(record, static_cast<uint16_t>(0xc000 | owner.at));
        size_t rdata_length = load_be16(record + kRdlengthAt);
        if (pointers) {
            CompressedNames names = compressed_names(load_be16(record + 2));
            uint8_t* p = record + kRRFixedSize + names.at;
            for (size_t i = 0; i < names.count; ++i) {
                while (*p != 0 && *p < 0xc0) p += *p + 1;
                if (*p == 0) {
                    ++p;
                    continue;
                }
                int into = (load_be16(p) & kPointerMax) - storage::kQuestionOffset + owner.longer;
                uint16_t target = suffix_at(owner.at, static_cast<size_t>(into));
                store_be16(p, static_cast<uint16_t>(0xc000 | target));
                p += 2;
            }
        }
        at += kRRFixedSize + rdata_length;
    }
}

bool AnswerWriter::append(Section section, const uint8_t* records, size_t length, uint16_t count,
                          Owner owner, bool pointers) {
    if (at_ + length > limit_) return false;
    if (owner.is_question()) [[likely]] {
        copy_records(message_ + at_, records, length);
    } else {
        // A pointer reaches 16 KiB far; a suffix stands at most one name's length behind the owner.
        if (owner.at + storage::kDnameLengthMax > kPointerMax) return false;
        relocate(records, length, owner, pointers);
    }
    first_rdata_ = static_cast<uint16_t>(at_ + kRRFixedSize);
    at_ = static_cast<uint16_t>(at_ + length);
    counts_[static_cast<size_t>(section)] =
        static_cast<uint16_t>(counts_[static_cast<size_t>(section)] + count);
    return true;
}

bool AnswerWriter::add(Section section, const Node& node, const RRsetEntry& rrset, Owner owner,
                       bool signatures) {
    size_t length = rrset.length;
    uint16_t count = rrset.count;
    if (signatures) {
        length += rrset.signature_length;
        count = static_cast<uint16_t>(count + rrset.signature_count);
    }
    return append(section, node.data(rrset), length, count, owner,
                  rrset.flags & storage::kRRsetPointers);
}

bool AnswerWriter::add_signatures(Section section, const Node& node, const RRsetEntry& rrset,
                                  Owner owner) {
    return append(section, node.data(rrset) + rrset.length, rrset.signature_length,
                  rrset.signature_count, owner, false);
}

bool AnswerWriter::add_negative_soa(const Node& apex, Owner owner, bool signatures) {
    const RRsetEntry* soa = apex.find(static_cast<uint16_t>(RRType::SOA));
    uint16_t start = at_;
    if (soa == nullptr || !add(Section::authority, apex, *soa, owner, signatures)) return false;
    uint8_t* record = message_ + start;
    uint32_t minimum = load_be32(record + soa->length - 4);
    uint32_t ttl = std::min(load_be32(record + kTtlAt), minimum);
    for (uint8_t* end = message_ + at_; record < end;
         record += kRRFixedSize + load_be16(record + kRdlengthAt))
        store_be32(record + kTtlAt, ttl);
    return true;
}

bool AnswerWriter::add_named(Section section, const Node& node, const RRsetEntry& rrset,
                             uint16_t suffix_at, size_t suffix_length) {
    size_t written = node.name_length - suffix_length;  // of the owner's own octets
    size_t length = size_t{rrset.length} + rrset.signature_length;
    if (at_ + written + length > limit_ || at_ > kPointerMax || suffix_at > kPointerMax)
        return false;
    uint16_t owner = written == 0 ? suffix_at : at_;
    std::memcpy(message_ + at_, node.name(), written);
    at_ = static_cast<uint16_t>(at_ + written);
    uint8_t* first = message_ + at_;
    relocate(node.data(rrset), length, {.at = owner}, rrset.flags & storage::kRRsetPointers);
    store_be16(first, static_cast<uint16_t>(0xc000 | suffix_at));
    first_rdata_ = static_cast<uint16_t>(at_ + kRRFixedSize);
    at_ = static_cast<uint16_t>(at_ + length);
    counts_[static_cast<size_t>(section)] = static_cast<uint16_t>(
        counts_[static_cast<size_t>(section)] + rrset.count + rrset.signature_count);
    return true;
}

bool AnswerWriter::add_cname(Owner owner, uint32_t ttl, const uint8_t* target,
                             size_t target_length) {
    size_t length = kRRFixedSize + target_length;
    if (at_ + length > limit_ || owner.at > kPointerMax) return false;
    uint8_t* record = message_ + at_;
    store_be16(record, static_cast<uint16_t>(0xc000 | owner.at));
    store_be16(record + 2, static_cast<uint16_t>(RRType::CNAME));
    store_be16(record + 4, storage::kClassIn);
    store_be32(record + kTtlAt, ttl);
    store_be16(record + kRdlengthAt, static_cast<uint16_t>(target_length));
    std::memcpy(record + kRRFixedSize, target, target_length);
    first_rdata_ = static_cast<uint16_t>(at_ + kRRFixedSize);
    at_ = static_cast<uint16_t>(at_ + length);
    ++counts_[static_cast<size_t>(Section::answer)];
    return true;
}

}  // namespace gatepost::dataplane
