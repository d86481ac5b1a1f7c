// The table of record types whose data is known by field. Internal to this folder.
#pragma once

#include <cstdint>
#include <span>

#include "storage/zone/rdata_field.h"
#include "storage/zone/rrtype.h"

namespace gatepost::storage {

struct RdataField {
    const FieldCodec* codec;
    const char* name;  // as the RFC calls it; part of the messages
    bool is_dname = false;
};

// What holds for all names in a type's data.
enum RdataNameFlags : uint8_t {
    kNamesLowered = 1,       // in canonical form: RFC 4034 §6.2 as amended by RFC 6840 §5.1
    kNamesCompressible = 2,  // RFC 3597 §4
    kNamesAdditional = 4,    // their addresses go into the additional section
};

struct RdataDescriptor {
    RRType type;
    std::span<const RdataField> fields;
    uint8_t name_count = 0;
    uint8_t name_flags = 0;
    // What the fields must be together. nullptr, or what is wrong.
    const char* (*check)(Bytes rdata) = nullptr;
};

// nullptr for a type that is known only as octets (RFC 3597).
const RdataDescriptor* rdata_descriptor(RRType type);
std::span<const RdataDescriptor> rdata_descriptors();

}  // namespace gatepost::storage
