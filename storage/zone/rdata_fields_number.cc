#include <charconv>
#include <limits>

#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

template <typename Int>
void append_be(Int value, std::vector<uint8_t>& out) {
    for (int shift = static_cast<int>(sizeof(Int)) * 8 - 8; shift >= 0; shift -= 8)
        out.push_back(static_cast<uint8_t>(value >> shift));
}

template <typename Int>
Int read_be(ByteReader& in) {
    if constexpr (sizeof(Int) == 1) return in.u8();
    if constexpr (sizeof(Int) == 2) return in.u16();
    if constexpr (sizeof(Int) == 4) return in.u32();
}

template <typename Int>
bool parse_int(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    constexpr Int kMax = std::numeric_limits<Int>::max();
    uint64_t value = 0;
    if (!parse_number(token->text, kMax, value))
        return in.refuse(fmt::format("is not a number from 0 to {}", kMax));
    append_be(static_cast<Int>(value), out);
    return true;
}

template <typename Int>
const char* check_int(ByteReader& in) {
    read_be<Int>(in);
    return in.ok() ? nullptr : "is cut short";
}

template <typename Int>
void print_int(ByteReader& in, std::string& out) {
    print_number(read_be<Int>(in), out);
}

uint32_t unit_seconds(char unit) {
    switch (unit | 0x20) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        case 'w':
            return 604800;
        default:
            return 0;
    }
}

// "3600", "1h", "1h30m": as BIND and Knot take it, beyond RFC 1035.
bool parse_period(std::string_view text, uint32_t& seconds) {
    uint64_t sum = 0;
    for (size_t at = 0; at < text.size(); ++at) {
        size_t start = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
        uint64_t value = 0;
        if (!parse_number(text.substr(start, at - start), UINT32_MAX, value)) return false;
        uint32_t unit = 1;
        if (at < text.size()) unit = unit_seconds(text[at]);
        if (unit == 0) return false;
        sum += value * unit;
        if (sum > UINT32_MAX) return false;
    }
    seconds = static_cast<uint32_t>(sum);
    return !text.empty();
}

bool parse_period_field(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint32_t seconds = 0;
    if (!parse_period(token->text, seconds))
        return in.refuse("is not a time of up to 4294967295 seconds, such as 3600 or 1h30m");
    append_be(seconds, out);
    return true;
}

struct Mnemonic {
    uint16_t number;
    std::string_view name;
};

// IANA "DNS Security Algorithm Numbers". The text may name them (RFC 4034 §2.2); they are printed
// as numbers.
constexpr Mnemonic kAlgorithms[] = {
    {1, "RSAMD5"},
    {2, "DH"},
    {3, "DSA"},
    {5, "RSASHA1"},
    {6, "DSA-NSEC3-SHA1"},
    {7, "RSASHA1-NSEC3-SHA1"},
    {7, "NSEC3RSASHA1"},
    {8, "RSASHA256"},
    {10, "RSASHA512"},
    {12, "ECC-GOST"},
    {13, "ECDSAP256SHA256"},
    {14, "ECDSAP384SHA384"},
    {15, "ED25519"},
    {16, "ED448"},
    {252, "INDIRECT"},
    {253, "PRIVATEDNS"},
    {254, "PRIVATEOID"},
};

// RFC 4398 §2.1.
constexpr Mnemonic kCertTypes[] = {
    {1, "PKIX"}, {2, "SPKI"},   {3, "PGP"},     {4, "IPKIX"}, {5, "ISPKI"},
    {6, "IPGP"}, {7, "ACPKIX"}, {8, "IACPKIX"}, {253, "URI"}, {254, "OID"},
};

bool find_mnemonic(std::span<const Mnemonic> names, std::string_view text, uint64_t& number) {
    for (const Mnemonic& row : names) {
        if (row.name.size() != text.size()) continue;
        bool equal = true;
        for (size_t i = 0; i < text.size() && equal; ++i) {
            char c = text[i];
            equal = (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) == row.name[i];
        }
        if (!equal) continue;
        number = row.number;
        return true;
    }
    return false;
}

template <typename Int>
bool parse_named(TokenReader& in, std::vector<uint8_t>& out, std::span<const Mnemonic> names) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    constexpr Int kMax = std::numeric_limits<Int>::max();
    uint64_t value = 0;
    if (!parse_number(token->text, kMax, value) && !find_mnemonic(names, token->text, value))
        return in.refuse(fmt::format("is neither a number from 0 to {} nor a name such as {}", kMax,
                                     names.back().name));
    append_be(static_cast<Int>(value), out);
    return true;
}

bool parse_algorithm(TokenReader& in, std::vector<uint8_t>& out) {
    return parse_named<uint8_t>(in, out, kAlgorithms);
}

bool parse_cert_type(TokenReader& in, std::vector<uint8_t>& out) {
    return parse_named<uint16_t>(in, out, kCertTypes);
}

bool parse_type(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    Result<RRType> type = rrtype_from_text(token->text);
    if (!type) return in.refuse(kNotAType);
    append_be(static_cast<uint16_t>(*type), out);
    return true;
}

void print_type(ByteReader& in, std::string& out) {
    out += rrtype_to_text(RRType{in.u16()});
}

}  // namespace

bool parse_number(std::string_view text, uint64_t max, uint64_t& value) {
    const char* end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc() && stop == end && value <= max;
}

void print_number(uint64_t value, std::string& out) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

const FieldCodec kU8Field{parse_int<uint8_t>, check_int<uint8_t>, print_int<uint8_t>};
const FieldCodec kU16Field{parse_int<uint16_t>, check_int<uint16_t>, print_int<uint16_t>};
const FieldCodec kU32Field{parse_int<uint32_t>, check_int<uint32_t>, print_int<uint32_t>};
const FieldCodec kPeriodField{parse_period_field, check_int<uint32_t>, print_int<uint32_t>};
const FieldCodec kAlgorithmField{parse_algorithm, check_int<uint8_t>, print_int<uint8_t>};
const FieldCodec kCertTypeField{parse_cert_type, check_int<uint16_t>, print_int<uint16_t>};
const FieldCodec kTypeField{parse_type, check_int<uint16_t>, print_type};

}  // namespace gatepost::storage
