#include "controlplane/model/mail_name.h"

#include <algorithm>

#include "controlplane/model/host_name.h"
#include "storage/mail_address/mail_address.h"
#include "storage/mail_address/mail_domain.h"

namespace gatepost::controlplane {

Result<std::string> mail_domain_from_text(std::string_view text) {
    auto domain =
        storage::normalize_domain(text.ends_with('.') ? text.substr(0, text.size() - 1) : text);
    if (!domain) return fail(ErrorCode::usage, "{}", domain.error().message);
    return *domain;
}

Result<std::string> mail_address_from_text(std::string_view text) {
    auto address = storage::parse_mail_address(text, storage::AddressForm::utf8);
    if (!address) return fail(ErrorCode::usage, "{}", address.error().message);
    if (address->is_address_literal())
        return fail(ErrorCode::usage, "\"{}\": an address in brackets is of no mail domain", text);
    return address->text();
}

Result<std::string> alias_source_from_text(std::string_view text) {
    if (!text.starts_with('@')) return mail_address_from_text(text);
    auto domain = mail_domain_from_text(text.substr(1));
    if (!domain) return domain;
    return "@" + *domain;
}

Result<std::string> client_host_from_text(std::string_view text) {
    auto host = mail_domain_from_text(text);
    // An address is no name: the last label is never all digits (RFC 1123 §2.1).
    const std::string_view last =
        host ? std::string_view(*host).substr(host->rfind('.') + 1) : std::string_view();
    const bool is_number =
        std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!host || is_number || !is_host_name(*host))
        return fail(ErrorCode::usage,
                    "\"{}\" is not the name of one host, expected one such as mail.example.org",
                    text);
    return host;
}

std::string_view domain_of(std::string_view address) {
    return address.substr(address.rfind('@') + 1);
}

std::string_view local_part_of(std::string_view address) {
    return address.substr(0, address.rfind('@'));
}

}  // namespace gatepost::controlplane
