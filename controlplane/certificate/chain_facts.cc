#include "controlplane/certificate/chain_facts.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "controlplane/model/host_name.h"

namespace gatepost::controlplane {

namespace {

std::string hexadecimal(Bytes octets) {
    std::string out;
    for (const uint8_t octet : octets) out += fmt::format("{:02x}", octet);
    return out;
}

std::string_view text_of(const ASN1_STRING* string) {
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
            static_cast<size_t>(ASN1_STRING_length(string))};
}

void add_name(std::vector<std::string>& names, std::string_view text) {
    auto host = host_from_text(text);
    if (host && std::find(names.begin(), names.end(), *host) == names.end())
        names.push_back(std::move(*host));
}

// RFC 6125 §6.4.4: the common name counts only where there is no dNSName.
std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    const OwnedNames alternative(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    bool has_dns_name = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(alternative.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternative.get(), i);
        if (name->type != GEN_DNS) continue;
        has_dns_name = true;
        add_name(names, text_of(name->d.dNSName));
    }
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (!has_dns_name && at >= 0)
        add_name(names, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
    ERR_clear_error();
    return names;
}

Result<int64_t> seconds_of(const ASN1_TIME* time, std::string_view what) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        ERR_clear_error();
        return fail(ErrorCode::invalid, "its {} is not a time", what);
    }
    return static_cast<int64_t>(::timegm(&parts));
}

// RFC 5280 §4.2.1.12: without the extension, anything goes.
bool is_for_servers(X509* certificate) {
    const OwnedUsage usage(static_cast<EXTENDED_KEY_USAGE*>(
        X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
    ERR_clear_error();
    if (!usage) return true;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage.get()); ++i) {
        const int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usage.get(), i));
        if (nid == NID_server_auth || nid == NID_anyExtendedKeyUsage) return true;
    }
    return false;
}

Result<storage::KeyType> usable_ec_key(EVP_PKEY* key) {
    std::array<char, 64> curve{};
    size_t length = 0;
    if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &length) != 1)
        return fail(ErrorCode::invalid,
                    "its EC key is on a curve without a name; P-256, P-384 and P-521 can be used");
    const int nid = OBJ_sn2nid(curve.data());
    if (nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1)
        return storage::KeyType::ecdsa;
    return fail(ErrorCode::invalid,
                "its EC key is on the curve {}, which TLS clients do not take; use P-256, P-384 or "
                "P-521",
                curve.data());
}

}  // namespace

Result<storage::KeyType> usable_key_type(EVP_PKEY* key) {
    if (key == nullptr)
        return fail(ErrorCode::invalid, "its public key cannot be read ({})", openssl_reason());
    const int type = EVP_PKEY_get_base_id(key);
    if (type == EVP_PKEY_ED25519) return storage::KeyType::ed25519;
    if (type == EVP_PKEY_EC) return usable_ec_key(key);
    if (type != EVP_PKEY_RSA) {
        const char* name = OBJ_nid2sn(type);
        return fail(ErrorCode::invalid,
                    "its key is of the type {}, which TLS servers cannot use here; use ECDSA, "
                    "Ed25519 or RSA",
                    name == nullptr ? "unknown" : name);
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (bits >= kRsaBitsMin && bits <= kRsaBitsMax) return storage::KeyType::rsa;
    return fail(ErrorCode::invalid, "its RSA key has {} bits; from {} to {} can be used", bits,
                kRsaBitsMin, kRsaBitsMax);
}

std::string name_to_text(const X509_NAME* name) {
    const OwnedBio out(BIO_new(BIO_s_mem()));
    // Characters beyond ASCII stay what they are, in UTF-8.
    const unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    const int written = X509_NAME_print_ex(out.get(), name, 0, flags);
    ERR_clear_error();
    if (written < 0) return "a name that cannot be read";
    const char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return length <= 0 ? "no name" : std::string(text, static_cast<size_t>(length));
}

Result<CertificateFacts> certificate_facts(X509* certificate) {
    CertificateFacts facts;
    auto key_type = usable_key_type(X509_get0_pubkey(certificate));
    if (!key_type) return tl::unexpected(std::move(key_type).error());
    facts.key_type = *key_type;
    auto begin = seconds_of(X509_get0_notBefore(certificate), "notBefore");
    if (!begin) return tl::unexpected(std::move(begin).error());
    auto end = seconds_of(X509_get0_notAfter(certificate), "notAfter");
    if (!end) return tl::unexpected(std::move(end).error());
    if (*end <= *begin) return fail(ErrorCode::invalid, "it ends before it begins");
    facts.not_before_s = *begin;
    facts.not_after_s = *end;
    facts.names = names_of(certificate);
    facts.subject = name_to_text(X509_get_subject_name(certificate));
    facts.issuer = name_to_text(X509_get_issuer_name(certificate));
    facts.serial_number =
        hexadecimal({X509_get0_serialNumber(certificate)->data,
                     static_cast<size_t>(X509_get0_serialNumber(certificate)->length)});
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &length) != 1)
        return fail(ErrorCode::invalid, "its fingerprint cannot be made ({})", openssl_reason());
    facts.fingerprint = hexadecimal({digest.data(), length});
    uint8_t* spki = nullptr;
    const int spki_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
    const Owned<uint8_t, openssl_free> spki_owner(spki);
    if (spki_length <= 0)
        return fail(ErrorCode::invalid, "its public key cannot be read ({})", openssl_reason());
    facts.spki.assign(spki, spki + spki_length);
    facts.is_self_signed =
        X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
    facts.is_for_servers = is_for_servers(certificate);
    return facts;
}

}  // namespace gatepost::controlplane
