#include "storage/zone/rrtype.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace gatepost::storage {

namespace {

struct TypeName {
    uint16_t number;
    std::string_view name;
};

// IANA's registry, ascending: the types whose data is known by field, and those of messages.
constexpr TypeName kTypes[] = {
    {1, "A"},       {2, "NS"},      {5, "CNAME"},    {6, "SOA"},         {7, "MB"},
    {8, "MG"},      {9, "MR"},      {12, "PTR"},     {13, "HINFO"},      {14, "MINFO"},
    {15, "MX"},     {16, "TXT"},    {17, "RP"},      {18, "AFSDB"},      {19, "X25"},
    {21, "RT"},     {25, "KEY"},    {28, "AAAA"},    {29, "LOC"},        {33, "SRV"},
    {35, "NAPTR"},  {36, "KX"},     {37, "CERT"},    {39, "DNAME"},      {41, "OPT"},
    {42, "APL"},    {43, "DS"},     {44, "SSHFP"},   {46, "RRSIG"},      {47, "NSEC"},
    {48, "DNSKEY"}, {49, "DHCID"},  {50, "NSEC3"},   {51, "NSEC3PARAM"}, {52, "TLSA"},
    {53, "SMIMEA"}, {59, "CDS"},    {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"},
    {63, "ZONEMD"}, {64, "SVCB"},   {65, "HTTPS"},   {99, "SPF"},        {105, "L32"},
    {107, "LP"},    {108, "EUI48"}, {109, "EUI64"},  {249, "TKEY"},      {250, "TSIG"},
    {251, "IXFR"},  {252, "AXFR"},  {253, "MAILB"},  {254, "MAILA"},     {255, "ANY"},
    {256, "URI"},   {257, "CAA"},   {32769, "DLV"},
};
constexpr size_t kNameLengthMax = 10;  // NSEC3PARAM, OPENPGPKEY
constexpr size_t kSlotCount = 256;     // a power of two, four times the names: probes stay short

constexpr char to_upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

constexpr size_t slot_of(std::string_view name) {
    uint32_t hash = 0;
    for (char c : name) hash = hash * 31 + static_cast<uint8_t>(to_upper(c));
    return (hash ^ hash >> 8) % kSlotCount;
}

// Open addressing from name to row + 1; 0 is a free slot.
consteval std::array<uint8_t, kSlotCount> build_slots() {
    std::array<uint8_t, kSlotCount> slots{};
    for (size_t row = 0; row < std::size(kTypes); ++row) {
        size_t slot = slot_of(kTypes[row].name);
        while (slots[slot] != 0) slot = (slot + 1) % kSlotCount;
        slots[slot] = static_cast<uint8_t>(row + 1);
    }
    return slots;
}
constexpr auto kSlots = build_slots();

bool equal_names(std::string_view text, std::string_view name) {
    return std::ranges::equal(text, name, {}, to_upper);
}

}  // namespace

std::string rrtype_to_text(RRType type) {
    auto number = static_cast<uint16_t>(type);
    const auto* row = std::ranges::lower_bound(kTypes, number, {}, &TypeName::number);
    if (row != std::end(kTypes) && row->number == number) return std::string(row->name);
    return fmt::format("TYPE{}", number);
}

Result<RRType> rrtype_from_text(std::string_view text) {
    if (text.size() <= kNameLengthMax) {
        for (size_t slot = slot_of(text); kSlots[slot] != 0; slot = (slot + 1) % kSlotCount) {
            const TypeName& row = kTypes[kSlots[slot] - 1];
            if (equal_names(text, row.name)) return RRType{row.number};
        }
        // RFC 3597 §5: "TYPE" and the decimal number.
        constexpr std::string_view kGeneric = "TYPE";
        if (text.size() > kGeneric.size() && equal_names(text.substr(0, 4), kGeneric)) {
            uint16_t number = 0;
            const char* end = text.data() + text.size();
            auto [stop, error] = std::from_chars(text.data() + kGeneric.size(), end, number);
            if (error == std::errc() && stop == end) return RRType{number};
        }
    }
    return fail(ErrorCode::invalid,
                "'{}' is not a record type: expected a name such as A or MX, or TYPE0 to TYPE65535",
                text.substr(0, 40));
}

bool rrtype_is_meta(RRType type) {
    auto number = static_cast<uint16_t>(type);
    // RFC 6895 §3.1: 0 is never a record's type, 128-255 are question and meta types, and so is
    // OPT.
    return number == 0 || type == RRType::OPT || (number >= 128 && number <= 255);
}

bool rrtype_allowed_beside_cname(RRType type) {
    constexpr RRType kKey{25};  // RFC 2535; superseded for zones, still used for SIG(0)
    return type == RRType::RRSIG || type == RRType::NSEC || type == kKey;
}

}  // namespace gatepost::storage
