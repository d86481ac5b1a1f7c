#include "dataplane/http/text_writer.h"

#include <charconv>

namespace gatepost::dataplane {

void TextWriter::put(std::string_view text) {
    Bytes octets(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    if (ok_) ok_ = out_.append(octets);
}

void TextWriter::put(uint64_t number) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    put(std::string_view(digits, static_cast<size_t>(end - digits)));
}

void TextWriter::put_json(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    put("\"");
    size_t plain = 0;  // begin of what needs no escape
    for (size_t i = 0; i < text.size(); ++i) {
        auto octet = static_cast<uint8_t>(text[i]);
        if (octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\') continue;
        put(text.substr(plain, i - plain));
        plain = i + 1;
        if (octet == '"' || octet == '\\') {
            put(octet == '"' ? "\\\"" : "\\\\");
        } else {
            const char escape[] = {'\\', 'u', '0', '0', kHex[octet >> 4], kHex[octet & 15]};
            put(std::string_view(escape, sizeof escape));
        }
    }
    put(text.substr(plain));
    put("\"");
}

void TextWriter::put_xml(std::string_view text) {
    const auto entity = [](char c) -> std::string_view {
        switch (c) {
            case '&':
                return "&amp;";
            case '<':
                return "&lt;";
            case '>':
                return "&gt;";
            case '"':
                return "&quot;";
            case '\'':
                return "&apos;";
            default:
                return {};
        }
    };
    size_t plain = 0;  // begin of what needs no escape
    for (size_t i = 0; i < text.size(); ++i) {
        const std::string_view escape = entity(text[i]);
        const auto octet = static_cast<uint8_t>(text[i]);
        const bool said = octet >= 0x20 || octet == '\t' || octet == '\n' || octet == '\r';
        if (escape.empty() && said && octet != 0x7f) continue;
        put(text.substr(plain, i - plain));
        put(escape);
        plain = i + 1;
    }
    put(text.substr(plain));
}

}  // namespace gatepost::dataplane
