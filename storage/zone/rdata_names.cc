#include "storage/zone/rdata.h"
#include "storage/zone/rdata_descriptor.h"

namespace gatepost::storage {

namespace {

// Calls `visit(offset, length)` for each name inside.
template <typename Visit>
void each_name(const RdataDescriptor& descriptor, Bytes rdata, Visit visit) {
    size_t left = descriptor.name_count;
    ByteReader in(rdata);
    for (const RdataField& field : descriptor.fields) {
        if (left == 0) return;
        size_t offset = in.position();
        if (field.codec->check(in) != nullptr) return;
        if (!field.is_dname) continue;
        visit(offset, in.position() - offset);
        --left;
    }
}

}  // namespace

void rdata_canonicalize(RRType type, std::span<uint8_t> rdata) {
    const RdataDescriptor* descriptor = rdata_descriptor(type);
    if (descriptor == nullptr || (descriptor->name_flags & kNamesLowered) == 0) return;
    each_name(*descriptor, rdata, [&](size_t offset, size_t length) {
        // Length octets are at most 63, below 'A'.
        for (uint8_t& c : rdata.subspan(offset, length))
            if (c >= 'A' && c <= 'Z') c |= 0x20;
    });
}

size_t rdata_names(RRType type, Bytes rdata, std::span<RdataName> out) {
    const RdataDescriptor* descriptor = rdata_descriptor(type);
    if (descriptor == nullptr || descriptor->name_count == 0) return 0;
    size_t count = 0;
    each_name(*descriptor, rdata, [&](size_t offset, size_t length) {
        // The root as a target says that there is none: RFC 2782, RFC 7505 §3, RFC 9460 §2.5.
        bool root = length == 1;
        if (count < out.size())
            out[count] = {offset, length, (descriptor->name_flags & kNamesCompressible) != 0,
                          (descriptor->name_flags & kNamesAdditional) != 0 && !root};
        ++count;
    });
    return count;
}

}  // namespace gatepost::storage
