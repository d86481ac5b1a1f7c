#include "dataplane/imap_fetch/section_text.h"

#include <algorithm>

#include "dataplane/mail/header_reader.h"

namespace gatepost::dataplane {
namespace {

using Kind = FetchItem::Kind;
using Text = FetchSection::Text;

std::string_view item_name(Kind kind) {
    switch (kind) {
        case Kind::binary:
            return "BINARY";
        case Kind::binary_size:
            return "BINARY.SIZE";
        case Kind::rfc822:
            return "RFC822";
        case Kind::rfc822_header:
            return "RFC822.HEADER";
        case Kind::rfc822_text:
            return "RFC822.TEXT";
        default:
            return "BODY";
    }
}

std::string_view text_name(Text text) {
    switch (text) {
        case Text::all:
            return "";
        case Text::header:
            return "HEADER";
        case Text::header_fields:
            return "HEADER.FIELDS";
        case Text::header_fields_not:
            return "HEADER.FIELDS.NOT";
        case Text::text:
            return "TEXT";
        case Text::mime:
            return "MIME";
    }
    return "";
}

// RFC 9051 §9: an atom, of characters that an astring takes as well.
bool is_atom(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return is_field_name_character(c) &&
               std::string_view("(){%*\"\\").find(c) == std::string_view::npos;
    });
}

void write_field_names(const FetchSection& section, ResponseText& out) {
    for (size_t i = 0; i < section.fields.size(); ++i) {
        out.add(i == 0 ? " (" : " ");
        if (is_atom(section.fields[i]))
            out.add(section.fields[i]);
        else
            out.string(section.fields[i]);
    }
    out.add(')');
}

// The empty line at the end of a header, as it stands.
std::string_view empty_line(std::string_view header) {
    for (const std::string_view end : {"\r\n", "\n"}) {
        if (!header.ends_with(end)) continue;
        const std::string_view before = header.substr(0, header.size() - end.size());
        if (before.empty() || before.ends_with('\n')) return end;
    }
    return {};
}

}  // namespace

void write_section_name(const FetchItem& item, ResponseText& out) {
    out.add(item_name(item.kind));
    const bool has_section = item.kind == Kind::body_section || item.kind == Kind::binary ||
                             item.kind == Kind::binary_size;
    if (has_section) {
        out.add('[');
        bool is_first = true;
        for (const uint32_t number : item.section.part) {
            if (!is_first) out.add('.');
            is_first = false;
            out.number(number);
        }
        if (!is_first && item.section.text != Text::all) out.add('.');
        out.add(text_name(item.section.text));
        if (item.section.text == Text::header_fields ||
            item.section.text == Text::header_fields_not)
            write_field_names(item.section, out);
        out.add(']');
        // RFC 9051 §7.5.2: where the octets begin. RFC 3516 §4.3 has it for BINARY as well.
        if (item.partial && item.kind != Kind::binary_size) {
            out.add('<');
            out.number(item.partial->first);
            out.add('>');
        }
    }
    out.add(' ');
}

void select_fields(std::string_view header, const FetchSection& section, bool is_whole,
                   bool has_body, std::string& out) {
    const bool is_wanted = section.text == Text::header_fields;
    HeaderReader reader(header);
    while (const auto field = reader.next()) {
        // The last one may have been cut.
        if (!is_whole && field->offset + field->raw.size() == header.size()) break;
        const bool is_named = std::ranges::any_of(section.fields, [&](const std::string& name) {
            return equal_ignoring_case(name, field->field.name);
        });
        if (is_named == is_wanted) out.append(field->raw);
    }
    // RFC 9051 §6.4.5.1: "Subsetting does not exclude the [RFC5322] delimiting blank line between
    // the header and the body; the blank line is included in all header fetches, except in the case
    // of a message that has no body and no blank line."
    const std::string_view end = empty_line(header);
    if (is_whole && !end.empty())
        out.append(end);
    else if (has_body)
        out.append("\r\n");
}

}  // namespace gatepost::dataplane
