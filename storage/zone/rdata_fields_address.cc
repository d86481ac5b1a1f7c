#include <arpa/inet.h>

#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

constexpr size_t kIpv4Length = 4, kIpv6Length = 16;  // octets

bool parse_ipv4_field(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint8_t octets[kIpv4Length];
    if (!parse_ipv4(token->text, octets))
        return in.refuse("is not an IPv4 address such as 192.0.2.1");
    ByteWriter(out).bytes(octets);
    return true;
}

bool parse_ipv6_field(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint8_t octets[kIpv6Length];
    if (!parse_ipv6(token->text, octets))
        return in.refuse("is not an IPv6 address such as 2001:db8::1");
    ByteWriter(out).bytes(octets);
    return true;
}

template <size_t length>
const char* check_fixed(ByteReader& in) {
    in.bytes(length);
    return in.ok() ? nullptr : "is cut short";
}

void print_ipv4_field(ByteReader& in, std::string& out) {
    print_ipv4(in.bytes(kIpv4Length).data(), out);
}
void print_ipv6_field(ByteReader& in, std::string& out) {
    print_ipv6(in.bytes(kIpv6Length).data(), out);
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// RFC 7043 §3.2, §4.2: pairs of hex digits with hyphens between them.
template <size_t length>
bool parse_eui(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    std::string_view text = token->text;
    bool good = text.size() == length * 3 - 1;
    for (size_t i = 0; good && i < length; ++i) {
        int high = hex_value(text[3 * i]), low = hex_value(text[3 * i + 1]);
        good = high >= 0 && low >= 0 && (i + 1 == length || text[3 * i + 2] == '-');
        if (good) out.push_back(static_cast<uint8_t>(high << 4 | low));
    }
    if (good) return true;
    return in.refuse(fmt::format("is not {} pairs of hex digits with '-' between them", length));
}

template <size_t length>
void print_eui(ByteReader& in, std::string& out) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; ++i) {
        uint8_t octet = in.u8();
        if (i > 0) out += '-';
        out += kDigits[octet >> 4];
        out += kDigits[octet & 15];
    }
}

}  // namespace

bool parse_ipv4(std::string_view text, uint8_t* octets) {
    const char* p = text.data();
    const char* end = p + text.size();
    for (size_t i = 0; i < kIpv4Length; ++i) {
        if (i > 0 && (p == end || *p++ != '.')) return false;
        const char* start = p;
        unsigned value = 0;
        while (p != end && *p >= '0' && *p <= '9' && p - start < 3)
            value = value * 10 + static_cast<unsigned>(*p++ - '0');
        // A leading zero means octal to some programs and decimal to others: refused, as by
        // inet_pton.
        if (p == start || value > 255 || (*start == '0' && p - start > 1)) return false;
        octets[i] = static_cast<uint8_t>(value);
    }
    return p == end;
}

bool parse_ipv6(std::string_view text, uint8_t* octets) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof terminated) return false;
    std::memcpy(terminated, text.data(), text.size());
    terminated[text.size()] = '\0';
    return std::memchr(terminated, 0, text.size()) == nullptr &&
           inet_pton(AF_INET6, terminated, octets) == 1;
}

void print_ipv4(const uint8_t* octets, std::string& out) {
    for (size_t i = 0; i < kIpv4Length; ++i) {
        if (i > 0) out += '.';
        print_number(octets[i], out);
    }
}

void print_ipv6(const uint8_t* octets, std::string& out) {
    char text[INET6_ADDRSTRLEN];
    out += inet_ntop(AF_INET6, octets, text, sizeof text);
}

const FieldCodec kIpv4Field{parse_ipv4_field, check_fixed<kIpv4Length>, print_ipv4_field};
const FieldCodec kIpv6Field{parse_ipv6_field, check_fixed<kIpv6Length>, print_ipv6_field};
const FieldCodec kEui48Field{parse_eui<6>, check_fixed<6>, print_eui<6>};
const FieldCodec kEui64Field{parse_eui<8>, check_fixed<8>, print_eui<8>};

}  // namespace gatepost::storage
