#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

// RFC 3123 §4: address family, prefix, negation and length, address without its trailing zero
// octets.
enum : uint16_t { kFamilyIpv4 = 1, kFamilyIpv6 = 2 };
constexpr size_t kAddressLengthMax = 16;  // octets
constexpr uint8_t kNegated = 0x80;

size_t address_length(uint64_t family) {
    return family == kFamilyIpv4 ? 4 : family == kFamilyIpv6 ? 16 : 0;
}

bool parse_item(std::string_view text, std::vector<uint8_t>& out) {
    uint8_t negated = 0;
    if (text.starts_with('!')) {
        negated = kNegated;
        text.remove_prefix(1);
    }
    size_t colon = text.find(':'), slash = text.rfind('/');
    if (colon == std::string_view::npos || slash == std::string_view::npos || slash < colon)
        return false;
    uint64_t family = 0, prefix = 0;
    if (!parse_number(text.substr(0, colon), kFamilyIpv6, family)) return false;
    size_t length = address_length(family);
    if (length == 0 || !parse_number(text.substr(slash + 1), length * 8, prefix)) return false;
    std::string_view address = text.substr(colon + 1, slash - colon - 1);
    uint8_t octets[kAddressLengthMax];
    if (!(family == kFamilyIpv4 ? parse_ipv4(address, octets) : parse_ipv6(address, octets)))
        return false;
    while (length > 0 && octets[length - 1] == 0) --length;
    ByteWriter writer(out);
    writer.u16(static_cast<uint16_t>(family));
    writer.u8(static_cast<uint8_t>(prefix));
    writer.u8(static_cast<uint8_t>(negated | length));
    writer.bytes(Bytes(octets, length));
    return true;
}

bool parse_apl(TokenReader& in, std::vector<uint8_t>& out) {
    while (!in.at_end()) {
        const Token* token = in.take_unquoted();
        if (token == nullptr) return false;
        if (!parse_item(token->text, out))
            return in.refuse(
                "is not a prefix such as 1:192.0.2.0/24, !1:192.0.2.64/28 or 2:2001:db8::/32");
    }
    return true;
}

const char* check_apl(ByteReader& in) {
    while (!in.at_end()) {
        size_t length_max = address_length(in.u16());
        uint8_t prefix = in.u8();
        Bytes address = in.bytes(in.u8() & ~kNegated);
        if (!in.ok()) return "is cut short";
        if (length_max == 0) return "has an address family other than 1 and 2";
        if (prefix > length_max * 8) return "has a prefix longer than its addresses";
        if (address.size() > length_max) return "has an address that is too long";
        if (!address.empty() && address.back() == 0)
            return "has an address that ends with a zero octet";
    }
    return nullptr;
}

void print_apl(ByteReader& in, std::string& out) {
    const char* blank = "";
    while (!in.at_end()) {
        uint16_t family = in.u16();
        uint8_t prefix = in.u8();
        uint8_t length = in.u8();
        uint8_t octets[kAddressLengthMax] = {};
        Bytes address = in.bytes(length & ~kNegated);
        std::memcpy(octets, address.data(), address.size());
        out += blank;
        if ((length & kNegated) != 0) out += '!';
        print_number(family, out);
        out += ':';
        family == kFamilyIpv4 ? print_ipv4(octets, out) : print_ipv6(octets, out);
        out += '/';
        print_number(prefix, out);
        blank = " ";
    }
}

}  // namespace

const FieldCodec kAplField{parse_apl, check_apl, print_apl};

}  // namespace gatepost::storage
