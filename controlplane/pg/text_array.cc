#include "controlplane/pg/text_array.h"

namespace gatepost::controlplane {
namespace {

Error not_an_array(std::string_view why) {
    return {ErrorCode::invalid, fmt::format("not a text[] value of ours: {}", why)};
}

// Reads a quoted element whose opening quote is passed already; `at` is moved behind the closing
// one.
bool read_quoted(std::string_view text, size_t& at, std::string& out) {
    while (at < text.size()) {
        char c = text[at++];
        if (c == '"') return true;
        if (c == '\\') {
            if (at == text.size()) return false;
            c = text[at++];
        }
        out += c;
    }
    return false;
}

}  // namespace

void text_array_append(std::string& out, std::span<const std::string> values) {
    out += '{';
    bool first = true;
    for (const std::string& value : values) {
        if (!first) out += ',';
        first = false;
        out += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    out += '}';
}

std::string text_array_to_literal(std::span<const std::string> values) {
    std::string out;
    text_array_append(out, values);
    return out;
}

Result<std::vector<std::string>> text_array_from_literal(std::string_view literal) {
    std::vector<std::string> values;
    if (literal.size() < 2 || literal.front() != '{' || literal.back() != '}')
        return tl::unexpected(not_an_array("no braces"));
    const std::string_view text = literal.substr(1, literal.size() - 2);
    size_t at = 0;
    while (at < text.size()) {
        std::string value;
        if (text[at] == '"') {
            if (!read_quoted(text, ++at, value))
                return tl::unexpected(not_an_array("a quote is not closed"));
        } else {
            const size_t end = std::min(text.find(',', at), text.size());
            value = text.substr(at, end - at);
            at = end;
            if (value == "NULL" || value.empty() || value.front() == '{')
                return tl::unexpected(not_an_array("an element is NULL or an array"));
        }
        values.push_back(std::move(value));
        if (at < text.size() && text[at++] != ',')
            return tl::unexpected(not_an_array("a comma is missing"));
    }
    return values;
}

Status text_array_from_binary(Bytes value, std::vector<std::string_view>& out) {
    constexpr uint32_t kTextOid = 25;
    constexpr uint32_t kVarcharOid = 1043;
    out.clear();
    // array_send: dimensions, has-nulls flag, element type; for each dimension length and lower
    // bound; then each element as length and octets.
    ByteReader reader(value);
    const uint32_t dimensions = reader.u32();
    reader.u32();
    const uint32_t type = reader.u32();
    if (!reader.ok() || (type != kTextOid && type != kVarcharOid))
        return tl::unexpected(not_an_array("other element type"));
    if (dimensions == 0 && reader.at_end()) return {};
    const uint32_t count = reader.u32();
    reader.u32();
    if (!reader.ok() || dimensions != 1 || count > reader.left() / 4)
        return tl::unexpected(not_an_array("dimensions"));
    out.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
        const Bytes element = reader.bytes(reader.u32());  // NULL is length -1: too long
        if (!reader.ok()) return tl::unexpected(not_an_array("short or NULL element"));
        out.emplace_back(reinterpret_cast<const char*>(element.data()), element.size());
    }
    if (!reader.at_end()) return tl::unexpected(not_an_array("trailing octets"));
    return {};
}

}  // namespace gatepost::controlplane
