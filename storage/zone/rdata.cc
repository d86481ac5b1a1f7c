#include "storage/zone/rdata.h"

#include "storage/zone/rdata_descriptor.h"
#include "storage/zone/rdata_encoding.h"

namespace gatepost::storage {

namespace {

constexpr std::string_view kGenericMark = "\\#";

// RFC 3597 §5: \# LENGTH HEX…
bool parse_generic(TokenReader& in, std::vector<uint8_t>& out) {
    in.set_field("\\#");
    in.take();
    in.set_field("length");
    const Token* token = in.take_unquoted();
    if (token == nullptr) return false;
    uint64_t length = 0;
    if (!parse_number(token->text, kRdataLengthMax, length))
        return in.refuse("is not a number from 0 to 65535");
    in.set_field("data");
    size_t start = out.size();
    HexDecoder decoder(out);
    while (!in.at_end()) {
        token = in.take_unquoted();
        if (token == nullptr) return false;
        if (!decoder.feed(token->text))
            return in.refuse("is not hex: expected pairs of the digits 0-9 and A-F");
    }
    size_t octets = out.size() - start;
    if (decoder.finish() && octets == length) return true;
    return in.refuse_field(fmt::format("has {} octets{}, not the {} announced", octets,
                                       decoder.finish() ? "" : " and a half", length));
}

std::string field_names(const RdataDescriptor& descriptor) {
    std::string names;
    for (const RdataField& field : descriptor.fields) {
        if (!names.empty()) names += ' ';
        names += field.name;
    }
    return names;
}

bool parse_fields(const RdataDescriptor& descriptor, TokenReader& in, std::vector<uint8_t>& out) {
    for (const RdataField& field : descriptor.fields) {
        in.set_field(field.name);
        if (field.codec->parse(in, out)) continue;
        if (in.ended_early())
            in.error().message += fmt::format("; {} data is: {}", rrtype_to_text(descriptor.type),
                                              field_names(descriptor));
        return false;
    }
    if (in.at_end()) return true;
    in.set_field("unexpected");
    in.take();
    return in.refuse(fmt::format("behind the data; {} data is: {}", rrtype_to_text(descriptor.type),
                                 field_names(descriptor)));
}

// nullptr, or what is wrong; `field` then has the culprit's name, "" for the whole.
const char* find_wrong(const RdataDescriptor& descriptor, Bytes rdata, const char*& field) {
    ByteReader in(rdata);
    for (const RdataField& part : descriptor.fields) {
        field = part.name;
        if (const char* wrong = part.codec->check(in)) return wrong;
    }
    field = "";
    if (!in.at_end()) return "has octets behind its last field";
    return descriptor.check == nullptr ? nullptr : descriptor.check(rdata);
}

bool parse(RRType type, TokenReader& in, std::span<const Token> tokens, std::vector<uint8_t>& out) {
    size_t start = out.size();
    const RdataDescriptor* descriptor = rdata_descriptor(type);
    if (!tokens.empty() && !tokens[0].quoted && tokens[0].text == kGenericMark) {
        if (!parse_generic(in, out)) return false;
        Status status = rdata_check(type, Bytes(out).subspan(start));
        if (!status) in.error() = {0, std::move(status.error().message)};
        return status.has_value();
    }
    if (descriptor == nullptr) {
        in.error() = {0, fmt::format("data of type {} must be given as '\\# LENGTH HEX' (RFC 3597)",
                                     rrtype_to_text(type))};
        return false;
    }
    if (!parse_fields(*descriptor, in, out)) return false;
    Bytes rdata = Bytes(out).subspan(start);
    const char* wrong = nullptr;
    if (rdata.size() > kRdataLengthMax)
        wrong = "data is longer than 65535 octets";
    else if (descriptor->check != nullptr)
        wrong = descriptor->check(rdata);
    if (wrong != nullptr) in.error() = {tokens.size() - 1, wrong};
    return wrong == nullptr;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The two types that most rows have, without tokens. False: nothing was done.
bool parse_plain_address(RRType type, std::string_view text, std::vector<uint8_t>& out) {
    uint8_t octets[16];
    text = trim(text);
    size_t length = 0;
    if (type == RRType::A && parse_ipv4(text, octets)) length = 4;
    if (type == RRType::AAAA && parse_ipv6(text, octets)) length = 16;
    out.insert(out.end(), octets, octets + length);
    return length > 0;
}

std::string generic_text(Bytes rdata) {
    std::string text = fmt::format("\\# {}", rdata.size());
    if (!rdata.empty()) text += ' ';
    hex_to_text(rdata, text);
    return text;
}

}  // namespace

tl::expected<void, RdataTextError> rdata_from_tokens(RRType type, std::span<const Token> tokens,
                                                     DnameView origin, std::vector<uint8_t>& out) {
    size_t start = out.size();
    TokenReader in(tokens, origin);
    if (parse(type, in, tokens, out)) return {};
    out.resize(start);
    return tl::unexpected(std::move(in.error()));
}

Status rdata_from_text(RRType type, std::string_view text, DnameView origin,
                       std::vector<uint8_t>& out) {
    if (parse_plain_address(type, text, out)) return {};
    thread_local std::vector<Token> tokens;
    if (Status status = tokenize_rdata(text, tokens); !status) return status;
    auto parsed = rdata_from_tokens(type, tokens, origin, out);
    if (parsed) return {};
    return tl::unexpected(Error{ErrorCode::invalid, std::move(parsed.error().message)});
}

std::string rdata_to_text(RRType type, Bytes rdata) {
    const RdataDescriptor* descriptor = rdata_descriptor(type);
    const char* field = nullptr;
    if (descriptor == nullptr || find_wrong(*descriptor, rdata, field) != nullptr)
        return generic_text(rdata);
    std::string text;
    ByteReader in(rdata);
    for (const RdataField& part : descriptor->fields) {
        // A field at the end that prints nothing (no types, no parameters) leaves no blank behind.
        size_t before = text.size();
        if (before > 0) text += ' ';
        size_t start = text.size();
        part.codec->print(in, text);
        if (text.size() == start) text.resize(before);
    }
    return text;
}

Status rdata_check(RRType type, Bytes rdata) {
    if (rdata.size() > kRdataLengthMax)
        return fail(ErrorCode::invalid, "{} data is longer than 65535 octets",
                    rrtype_to_text(type));
    const RdataDescriptor* descriptor = rdata_descriptor(type);
    if (descriptor == nullptr) return {};
    const char* field = nullptr;
    const char* wrong = find_wrong(*descriptor, rdata, field);
    if (wrong == nullptr) return {};
    return fail(ErrorCode::invalid, "{} data: {}{}{}", rrtype_to_text(type), field,
                *field == '\0' ? "" : " ", wrong);
}

}  // namespace gatepost::storage
