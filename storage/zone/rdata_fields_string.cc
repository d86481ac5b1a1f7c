#include "storage/zone/rdata_encoding.h"
#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {

constexpr size_t kStringLengthMax = 255;  // octets, RFC 1035 §3.3

// Takes a token and appends its octets, without a length.
bool parse_octets(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take();
    if (token == nullptr) return false;
    if (string_unescape(token->text, out)) return true;
    return in.refuse(
        "has a broken escape, or a quote that is not written \\\": a '\\' takes a character or "
        "three digits up to 255");
}

bool parse_string(TokenReader& in, std::vector<uint8_t>& out) {
    size_t start = out.size();
    out.push_back(0);
    if (!parse_octets(in, out)) return false;
    size_t length = out.size() - start - 1;
    if (length > kStringLengthMax)
        return in.refuse(fmt::format(
            "has {} octets, a string has at most 255: split it in several, \"…\" \"…\"", length));
    out[start] = static_cast<uint8_t>(length);
    return true;
}

const char* check_string(ByteReader& in) {
    in.bytes(in.u8());
    return in.ok() ? nullptr : "is cut short";
}

void print_string(ByteReader& in, std::string& out) {
    string_to_quoted(in.bytes(in.u8()), out);
}

bool parse_strings(TokenReader& in, std::vector<uint8_t>& out) {
    do {
        if (!parse_string(in, out)) return false;
    } while (!in.at_end());
    return true;
}

const char* check_strings(ByteReader& in) {
    do {
        if (const char* wrong = check_string(in)) return wrong;
    } while (!in.at_end());
    return nullptr;
}

void print_strings(ByteReader& in, std::string& out) {
    print_string(in, out);
    while (!in.at_end()) {
        out += ' ';
        print_string(in, out);
    }
}

const char* check_long_string(ByteReader& in) {
    in.bytes(in.left());
    return nullptr;
}

void print_long_string(ByteReader& in, std::string& out) {
    string_to_quoted(in.bytes(in.left()), out);
}

constexpr const char* kEmptyTarget = "is empty";

// RFC 7553 §4.4: the target is quoted, and not empty.
bool parse_uri(TokenReader& in, std::vector<uint8_t>& out) {
    size_t start = out.size();
    if (!parse_octets(in, out)) return false;
    return out.size() > start || in.refuse_field(kEmptyTarget);
}

const char* check_uri(ByteReader& in) {
    return in.bytes(in.left()).empty() ? kEmptyTarget : nullptr;
}

// RFC 8659 §4.1: one to 255 ASCII letters and digits.
bool is_caa_tag(Bytes tag) {
    for (uint8_t c : tag)
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    return !tag.empty() && tag.size() <= kStringLengthMax;
}

bool parse_caa_tag(TokenReader& in, std::vector<uint8_t>& out) {
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    Bytes tag(reinterpret_cast<const uint8_t*>(token->text.data()), token->text.size());
    if (!is_caa_tag(tag))
        return in.refuse("is not 1 to 255 letters and digits, such as issue, issuewild or iodef");
    out.push_back(static_cast<uint8_t>(tag.size()));
    ByteWriter(out).bytes(tag);
    return true;
}

const char* check_caa_tag(ByteReader& in) {
    Bytes tag = in.bytes(in.u8());
    if (!in.ok()) return "is cut short";
    return is_caa_tag(tag) ? nullptr : "is not 1 to 255 letters and digits";
}

void print_caa_tag(ByteReader& in, std::string& out) {
    Bytes tag = in.bytes(in.u8());
    out.append(tag.begin(), tag.end());
}

}  // namespace

const FieldCodec kStringField{parse_string, check_string, print_string};
const FieldCodec kStringsField{parse_strings, check_strings, print_strings};
const FieldCodec kLongStringField{parse_octets, check_long_string, print_long_string};
const FieldCodec kUriField{parse_uri, check_uri, print_long_string};
const FieldCodec kCaaTagField{parse_caa_tag, check_caa_tag, print_caa_tag};

}  // namespace gatepost::storage
