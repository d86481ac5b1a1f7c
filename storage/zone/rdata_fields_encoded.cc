#include "storage/zone/rdata_encoding.h"
#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

constexpr size_t kCountedLengthMax = 255;  // of a field with a length octet

// One or more tokens to the end, white space between them without meaning (RFC 4034 §2.2).
template <typename Decoder>
bool parse_rest(TokenReader& in, std::vector<uint8_t>& out, std::string_view expected) {
    Decoder decoder(out);
    do {
        const Token* token = in.take_unquoted();
        if (token == nullptr) return false;
        if (!decoder.feed(token->text)) return in.refuse(expected);
    } while (!in.at_end());
    return decoder.finish() || in.refuse("ends in the middle of an octet");
}

bool parse_hex(TokenReader& in, std::vector<uint8_t>& out) {
    return parse_rest<HexDecoder>(in, out, "is not hex: expected pairs of the digits 0-9 and A-F");
}

bool parse_base64(TokenReader& in, std::vector<uint8_t>& out) {
    return parse_rest<Base64Decoder>(
        in, out, "is not base64: expected A-Z a-z 0-9 + / in groups of four, padded with '='");
}

const char* check_rest(ByteReader& in) {
    return in.bytes(in.left()).empty() ? "is empty" : nullptr;
}
void print_hex(ByteReader& in, std::string& out) {
    hex_to_text(in.bytes(in.left()), out);
}
void print_base64(ByteReader& in, std::string& out) {
    base64_to_text(in.bytes(in.left()), out);
}

// Puts the length octet at `start` for what was appended behind it.
bool set_length(std::vector<uint8_t>& out, size_t start) {
    size_t length = out.size() - start - 1;
    out[start] = static_cast<uint8_t>(length);
    return length <= kCountedLengthMax;
}

// RFC 5155 §3.3: hex without white space, or "-" for no salt.
bool parse_salt(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    size_t start = out.size();
    out.push_back(0);
    if (token->text == "-") return true;
    HexDecoder decoder(out);
    if (decoder.feed(token->text) && decoder.finish() && set_length(out, start)) return true;
    return in.refuse("is neither '-' nor up to 255 pairs of hex digits");
}

const char* check_salt(ByteReader& in) {
    in.bytes(in.u8());
    return in.ok() ? nullptr : "is cut short";
}

void print_salt(ByteReader& in, std::string& out) {
    Bytes salt = in.bytes(in.u8());
    if (salt.empty()) out += '-';
    hex_to_text(salt, out);
}

// RFC 5155 §3.3: base32hex without padding.
bool parse_hash(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    size_t start = out.size();
    out.push_back(0);
    if (base32hex_decode(token->text, out) && set_length(out, start)) return true;
    return in.refuse("is not base32hex: expected the digits 0-9 and A-V, 32 of them for SHA-1");
}

const char* check_hash(ByteReader& in) {
    Bytes hash = in.bytes(in.u8());
    if (!in.ok()) return "is cut short";
    return hash.empty() ? "is empty" : nullptr;
}

void print_hash(ByteReader& in, std::string& out) {
    base32hex_to_text(in.bytes(in.u8()), out);
}

}  // namespace

const FieldCodec kHexField{parse_hex, check_rest, print_hex};
const FieldCodec kBase64Field{parse_base64, check_rest, print_base64};
const FieldCodec kSaltField{parse_salt, check_salt, print_salt};
const FieldCodec kHashField{parse_hash, check_hash, print_hash};

}  // namespace gatepost::storage
