#include "controlplane/model/names.h"

#include <map>

#include "storage/zone/rdata.h"

namespace gatepost::controlplane {

using storage::Dname;
using storage::DnameView;
using storage::RRType;

namespace {

constexpr size_t kStringLengthMax = 255;  // RFC 1035 §3.3: <character-string>

// Text without quotes as one or more quoted strings.
std::string quote_text(std::string_view text) {
    std::string quoted;
    for (size_t at = 0; at < text.size() || at == 0; at += kStringLengthMax) {
        if (at > 0) quoted += ' ';
        quoted += '"';
        quoted += text.substr(at, kStringLengthMax);
        quoted += '"';
    }
    return quoted;
}

bool ends_with_escape(std::string_view text) {
    size_t backslashes = 0;
    while (backslashes < text.size() && text[text.size() - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
}

Status parse_value(RRType type, std::string_view text, DnameView zone, std::vector<uint8_t>& wire) {
    constexpr RRType kSpf{99};
    const bool plain_text = (type == RRType::TXT || type == kSpf) &&
                            text.find_first_of("\"\\") == std::string_view::npos;
    const Status parsed = plain_text ? storage::rdata_from_text(type, quote_text(text), zone, wire)
                                     : storage::rdata_from_text(type, text, zone, wire);
    if (!parsed)
        return fail(ErrorCode::invalid, "{} \"{}\": {}", storage::rrtype_to_text(type), text,
                    parsed.error().message);
    return {};
}

bool is_absolute(std::string_view text) {
    return text.ends_with('.') && !ends_with_escape(text.substr(0, text.size() - 1));
}

}  // namespace

Result<Dname> absolute_name(std::string_view text) {
    if (text.empty())
        return fail(ErrorCode::usage, "an empty name: expected one such as example.org");
    auto name = storage::dname_from_text(text);
    if (!name) return fail(ErrorCode::invalid, "\"{}\": {}", text, name.error().message);
    return name->lower();
}

Result<Dname> owner_name(std::string_view text, DnameView zone) {
    auto name = storage::dname_from_text(text.empty() ? "@" : text, zone);
    if (name && !text.empty() && !is_absolute(text)) {
        const auto absolute = storage::dname_from_text(text);
        if (absolute && !zone.is_root() && storage::dname_is_subdomain(*absolute, zone))
            name = *absolute;
    }
    if (!name) return fail(ErrorCode::invalid, "\"{}\": {}", text, name.error().message);
    if (!storage::dname_is_subdomain(*name, zone))
        return fail(ErrorCode::invalid, "{} is outside zone {}: names of the zone end in \".{}\"",
                    text, storage::dname_to_text(zone), storage::dname_to_text(zone));
    return name->lower();
}

Result<Dname> rname_from_text(std::string_view text) {
    const size_t at = text.find('@');
    if (at == std::string_view::npos || text == "@") return absolute_name(text);
    std::string local;
    for (const char c : text.substr(0, at)) {
        if (c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '$')
            local += '\\';
        local += c;
    }
    if (local.empty() || at + 1 == text.size())
        return fail(ErrorCode::invalid,
                    "\"{}\" is not a mail address such as hostmaster@example.org", text);
    return absolute_name(local + "." + std::string(text.substr(at + 1)));
}

Result<std::string> canonical_value(RRType type, std::string_view text, DnameView zone) {
    std::vector<uint8_t> wire;
    if (Status parsed = parse_value(type, text, zone, wire); !parsed)
        return tl::unexpected(std::move(parsed).error());
    return storage::rdata_to_text(type, wire);
}

Result<std::vector<std::string>> canonical_values(RRType type,
                                                  const std::vector<std::string>& texts,
                                                  DnameView zone) {
    // By canonical wire form, in strings: g++ 12 at -O3 warns of a compare of two vectors.
    std::map<std::string, std::string> by_wire;
    for (const std::string& text : texts) {
        std::vector<uint8_t> wire;
        if (Status parsed = parse_value(type, text, zone, wire); !parsed)
            return tl::unexpected(std::move(parsed).error());
        std::string canonical = storage::rdata_to_text(type, wire);
        storage::rdata_canonicalize(type, wire);
        by_wire.emplace(std::string(wire.begin(), wire.end()), std::move(canonical));
    }
    std::vector<std::string> values;
    values.reserve(by_wire.size());
    for (auto& [wire, value] : by_wire) values.push_back(std::move(value));
    return values;
}

Result<RRType> rrset_type(std::string_view text) {
    auto type = storage::rrtype_from_text(text);
    if (!type) return type;
    if (*type == RRType::SOA)
        return fail(ErrorCode::usage,
                    "the SOA record is made of the zone's own settings, and its serial moves by "
                    "itself; it is no "
                    "record to add or remove");
    if (storage::rrtype_is_meta(*type))
        return fail(ErrorCode::invalid, "{} stands only in messages, never in a zone", text);
    return type;
}

}  // namespace gatepost::controlplane
