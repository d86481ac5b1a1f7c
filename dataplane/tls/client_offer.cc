#include "dataplane/tls/client_offer.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <iterator>

namespace gatepost::dataplane {

namespace {

// RFC 5289, RFC 7905.
constexpr uint16_t kEcdsaCiphers[] = {0xc02b, 0xc02c, 0xcca9};
constexpr uint16_t kRsaCiphers[] = {0xc02f, 0xc030, 0xcca8};

bool has(Bytes list, uint16_t wanted) {
    for (size_t at = 0; at + 2 <= list.size(); at += 2)
        if (load_be16(list.data() + at) == wanted) return true;
    return false;
}

template <size_t kCount>
bool has_any(Bytes list, const uint16_t (&wanted)[kCount]) {
    return std::any_of(std::begin(wanted), std::end(wanted),
                       [list](uint16_t each) { return has(list, each); });
}

Bytes extension(const SSL_CLIENT_HELLO& hello, uint16_t type) {
    const uint8_t* data = nullptr;
    size_t length = 0;
    if (SSL_early_callback_ctx_extension_get(&hello, type, &data, &length) == 0) return {};
    return {data, length};
}

// A list behind its length of `prefix` octets.
Bytes list_of(Bytes octets, size_t prefix) {
    if (octets.size() < prefix) return {};
    const size_t length = prefix == 1 ? octets[0] : load_be16(octets.data());
    return length == octets.size() - prefix ? octets.subspan(prefix) : Bytes();
}

}  // namespace

bool ClientOffer::has_signature(uint16_t algorithm) const {
    return has(signature_algorithms, algorithm);
}

bool ClientOffer::has_group(uint16_t group) const {
    return has(groups, group);
}

ClientOffer read_client_offer(const SSL_CLIENT_HELLO& hello) {
    const Bytes ciphers(hello.cipher_suites, hello.cipher_suites_len);
    return {
        .tls13 = has(list_of(extension(hello, TLSEXT_TYPE_supported_versions), 1), TLS1_3_VERSION),
        .ecdsa_ciphers = has_any(ciphers, kEcdsaCiphers),
        .rsa_ciphers = has_any(ciphers, kRsaCiphers),
        .signature_algorithms = list_of(extension(hello, TLSEXT_TYPE_signature_algorithms), 2),
        .groups = list_of(extension(hello, TLSEXT_TYPE_supported_groups), 2)};
}

std::string clean_server_name(std::string_view name) {
    constexpr size_t kNameMax = 253;  // RFC 1035 §2.3.4, as text without the last dot
    constexpr size_t kLabelMax = 63;
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    if (name.empty() || name.size() > kNameMax) return {};
    std::string clean;
    clean.reserve(name.size());
    size_t label = 0;
    bool only_digits = true;  // in the last label: an IPv4 address
    for (char c : name) {
        if (c == '.') {
            if (label == 0) return {};
            label = 0;
            only_digits = true;
        } else {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
            const bool digit = c >= '0' && c <= '9';
            // The underscore is not for host names, but in use for them.
            if (!digit && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') return {};
            only_digits = only_digits && digit;
            if (++label > kLabelMax) return {};
        }
        clean += c;
    }
    return label == 0 || only_digits ? std::string() : clean;
}

}  // namespace gatepost::dataplane
