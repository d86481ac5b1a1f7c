#include "dataplane/imap_search/header_match.h"

#include "dataplane/imap_search/casemap.h"
#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/header_field.h"
#include "dataplane/mail/header_reader.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {
namespace {

bool has_encoded_words(std::string_view value) {
    return value.find("=?") != std::string_view::npos;
}

// Nothing is to be done to it before it is compared.
bool is_plain(std::string_view value) {
    return is_ascii(value) && !has_encoded_words(value) &&
           value.find('\n') == std::string_view::npos;
}

void append_decoded(std::string_view value, const Charsets& charsets, std::string& out) {
    if (is_ascii(value) && !has_encoded_words(value))
        out += value;
    else
        out += decode_encoded_words(value, charsets);
}

void append_address(const AddressPiece& address, const Charsets& charsets, std::string& out) {
    if (address.kind == AddressKind::group_end) {
        out += ';';
        return;
    }
    if (!out.empty() && out.back() != ' ') out += ", ";
    if (address.kind == AddressKind::group_start) {
        append_decoded(address.mailbox, charsets, out);
        out += ": ";
        return;
    }
    append_decoded(address.name, charsets, out);
    if (!address.name.empty()) out += " <";
    out += address.mailbox;
    if (!address.host.empty()) {
        out += '@';
        out += address.host;
    }
    if (!address.name.empty()) out += '>';
}

}  // namespace

bool is_in_value(const TextNeedle& needle, std::string_view value, const Charsets& charsets,
                 MatchScratch& scratch) {
    if (is_plain(value)) return needle.is_in_casemapped(value);
    scratch.text = decode_encoded_words(value, charsets);
    return needle.is_in(scratch.text, scratch.casemapped);
}

bool is_in_addresses(const TextNeedle& needle, AddressCursor addresses, const Charsets& charsets,
                     MatchScratch& scratch) {
    scratch.text.clear();
    AddressPiece address;
    while (addresses.next(address)) append_address(address, charsets, scratch.text);
    return !scratch.text.empty() && needle.is_in(scratch.text, scratch.casemapped);
}

bool is_in_fields(const TextNeedle& needle, std::string_view name, std::string_view header,
                  const Charsets& charsets, MatchScratch& scratch) {
    HeaderReader reader(header);
    while (auto field = reader.next()) {
        if (equal_ignoring_case(field->field.name, name) &&
            is_in_value(needle, field->field.value, charsets, scratch))
            return true;
    }
    return false;
}

void append_header_text(std::string_view header, const Charsets& charsets, MatchScratch& scratch,
                        std::string& out) {
    HeaderReader reader(header);
    while (auto field = reader.next()) {
        std::string_view value = trim(field->raw);
        if (!is_plain(value)) {
            scratch.text = decode_encoded_words(value, charsets);
            value = scratch.text;
        }
        append_casemapped(value, out);
        out += '\n';
    }
}

}  // namespace gatepost::dataplane
