#include "dataplane/mail_directory/address_key.h"

#include <algorithm>

#include "storage/mail_address/mail_address.h"

namespace gatepost::dataplane {

namespace {

// Some of RFC 5322's atext, in lower case: what nearly all addresses consist of.
bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' ||
           c == '=';
}

// Atoms between single dots (RFC 5321 §4.1.2, Dot-string): neither quoted nor changed.
bool is_plain_local_part(std::string_view text) {
    bool after_atom = false;
    for (const char c : text) {
        if (c == '.' ? !after_atom : !is_plain(c)) return false;
        after_atom = c != '.';
    }
    return after_atom;
}

}  // namespace

AddressKey::AddressKey(std::string_view local_part, std::string_view domain) {
    if (is_plain_local_part(local_part))
        assign(local_part, domain);
    else
        assign(storage::MailAddress{std::string(local_part), {}}.text(), domain);
}

AddressKey AddressKey::catch_all(std::string_view domain) {
    AddressKey key;
    key.assign({}, domain);
    return key;
}

void AddressKey::assign(std::string_view local_part, std::string_view domain) {
    if (local_part.size() + 1 + domain.size() > kSizeMax) return;
    char* end = std::copy(local_part.begin(), local_part.end(), octets_.data());
    *end++ = '@';
    end = std::copy(domain.begin(), domain.end(), end);
    size_ = static_cast<size_t>(end - octets_.data());
}

std::optional<AddressParts> split_plain_address(std::string_view text) {
    const size_t at = text.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    const AddressParts parts{text.substr(0, at), text.substr(at + 1)};
    if (!is_plain_local_part(parts.local_part) || !is_plain_local_part(parts.domain))
        return std::nullopt;
    return parts;
}

}  // namespace gatepost::dataplane
