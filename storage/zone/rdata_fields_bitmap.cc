#include <algorithm>
#include <array>

#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

// RFC 4034 §4.1.2: type = window (high octet) and bit (low octet), a window's bits from the left.
constexpr size_t kWindowCount = 256;
constexpr size_t kWindowLengthMax = 32;  // octets: 256 bits

bool parse_bitmap(TokenReader& in, std::vector<uint8_t>& out) {
    std::array<std::array<uint8_t, kWindowLengthMax>, kWindowCount> windows{};
    // Octets up to the last that has a bit: windows without a type, and zero octets at a window's
    // end, are left out.
    std::array<uint8_t, kWindowCount> lengths{};
    while (!in.at_end()) {
        const Token* token = in.take_unquoted();
        if (token == nullptr) return false;
        Result<RRType> type = rrtype_from_text(token->text);
        if (!type) return in.refuse(kNotAType);
        auto number = static_cast<uint16_t>(*type);
        uint8_t octet = (number & 0xff) >> 3;
        windows[number >> 8][octet] |= static_cast<uint8_t>(0x80 >> (number & 7));
        uint8_t& length = lengths[number >> 8];
        length = std::max<uint8_t>(length, octet + 1);
    }
    for (size_t number = 0; number < kWindowCount; ++number) {
        if (lengths[number] == 0) continue;
        out.push_back(static_cast<uint8_t>(number));
        out.push_back(lengths[number]);
        ByteWriter(out).bytes(Bytes(windows[number]).first(lengths[number]));
    }
    return true;
}

const char* check_bitmap(ByteReader& in) {
    int last = -1;
    while (!in.at_end()) {
        int number = in.u8();
        size_t length = in.u8();
        Bytes window = in.bytes(length);
        if (!in.ok()) return "is cut short";
        if (number <= last) return "has its windows out of order";
        if (length == 0 || length > kWindowLengthMax)
            return "has a window that is not 1 to 32 octets long";
        if (window.back() == 0) return "has a window that ends with a zero octet";
        last = number;
    }
    return nullptr;
}

void print_bitmap(ByteReader& in, std::string& out) {
    const char* blank = "";
    while (!in.at_end()) {
        unsigned number = in.u8();
        Bytes window = in.bytes(in.u8());
        for (size_t bit = 0; bit < window.size() * 8; ++bit) {
            if ((window[bit >> 3] & (0x80 >> (bit & 7))) == 0) continue;
            out += blank;
            out += rrtype_to_text(RRType{static_cast<uint16_t>(number << 8 | bit)});
            blank = " ";
        }
    }
}

}  // namespace

const FieldCodec kTypeBitmapField{parse_bitmap, check_bitmap, print_bitmap};

}  // namespace gatepost::storage
