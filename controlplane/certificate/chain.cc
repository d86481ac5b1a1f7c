#include "controlplane/certificate/chain.h"

#include <array>

#include "controlplane/certificate/chain_facts.h"
#include "controlplane/certificate/openssl.h"
#include "controlplane/certificate/pem.h"

namespace gatepost::controlplane {

namespace {

constexpr std::array<std::string_view, storage::kChainMax> kOrdinals = {
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"};

std::string the(size_t index) {
    return fmt::format("the {} certificate", kOrdinals[index]);
}

bool is_certificate(const PemBlock& block) {
    // RFC 7468 §5.1 and §5.2 for the names of old.
    return block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE" ||
           block.label == "X.509 CERTIFICATE";
}

// A text without a certificate: what it may be instead.
tl::unexpected<Error> no_certificate(std::string_view text, const std::vector<PemBlock>& blocks) {
    for (const PemBlock& block : blocks) {
        if (block.label == "TRUSTED CERTIFICATE")
            return fail(ErrorCode::invalid,
                        "line {} begins a certificate in OpenSSL's own \"trusted\" form; make an "
                        "ordinary one of it with: openssl x509 -in FILE",
                        block.line);
        if (block.label.find("CERTIFICATE REQUEST") != std::string::npos)
            return fail(ErrorCode::invalid,
                        "line {} begins a request for a certificate, which a CA has to turn into "
                        "a certificate first",
                        block.line);
        if (block.label == "PKCS7" || block.label == "CMS")
            return fail(ErrorCode::invalid,
                        "line {} begins a PKCS #7 message; take the certificates out of it with: "
                        "openssl pkcs7 -print_certs -in FILE",
                        block.line);
    }
    if (!text.empty() && text.front() == '\x30')
        return fail(ErrorCode::invalid,
                    "no certificate in PEM; this may be DER (openssl x509 -inform DER -in FILE) or "
                    "PKCS #12 (openssl pkcs12 -nodes -in FILE)");
    return fail(ErrorCode::invalid,
                "no certificate: there is no line -----BEGIN CERTIFICATE----- in it");
}

// Whether the outermost SEQUENCE says that it is longer than what is there (X.690 §8.1.3).
bool is_cut_off(Bytes der) {
    ByteReader in(der);
    if (in.u8() != 0x30) return false;
    uint64_t length = in.u8();
    if (length >= 0x80) {
        const size_t octets = length & 0x7f;
        if (octets == 0 || octets > 4) return false;
        length = 0;
        for (size_t i = 0; i < octets; ++i) length = length << 8 | in.u8();
    }
    return !in.ok() || length > in.left();
}

Result<OwnedX509> certificate_from_der(Bytes der, size_t index) {
    if (der.size() > kCertificateSizeMax)
        return fail(ErrorCode::invalid, "{} has {} octets, at most {} are taken", the(index),
                    der.size(), kCertificateSizeMax);
    const uint8_t* at = der.data();
    OwnedX509 certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate && is_cut_off(der))
        return fail(ErrorCode::invalid,
                    "{} ends in the middle: there are fewer octets than it says it has; copy it "
                    "as a whole",
                    the(index));
    if (!certificate)
        return fail(ErrorCode::invalid, "{} is not an X.509 certificate ({})", the(index),
                    openssl_reason());
    if (at != der.data() + der.size())
        return fail(ErrorCode::invalid, "{} has {} octets behind its end", the(index),
                    der.data() + der.size() - at);
    return certificate;
}

// "the second certificate (CN=R3)"
std::string described(const std::vector<OwnedX509>& certificates, size_t index) {
    return fmt::format("{} ({})", the(index),
                       name_to_text(X509_get_subject_name(certificates[index].get())));
}

bool has_issued(X509* issuer, X509* subject) {
    const bool issued = X509_check_issued(issuer, subject) == X509_V_OK;
    ERR_clear_error();
    return issued;
}

tl::unexpected<Error> wrong_order(const std::vector<OwnedX509>& certificates, size_t index) {
    std::string message =
        fmt::format("wrong order: {} was not issued by {}, but by {}",
                    described(certificates, index), described(certificates, index + 1),
                    name_to_text(X509_get_issuer_name(certificates[index].get())));
    for (size_t i = 0; i < certificates.size(); ++i)
        if (i != index && has_issued(certificates[i].get(), certificates[index].get()))
            message += fmt::format(", which is {}", the(i));
    return fail(ErrorCode::invalid,
                "{}; put the server's own certificate first, and behind each the one that issued "
                "it",
                message);
}

// RFC 5246 §7.4.2: "each following certificate MUST directly certify the one preceding it".
// RFC 8446 §4.4.2 forgives other orders, but not every client does.
Status check_order(const std::vector<OwnedX509>& certificates) {
    for (size_t i = 0; i < certificates.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            if (X509_cmp(certificates[i].get(), certificates[j].get()) == 0)
                return fail(ErrorCode::invalid, "{} is {} again: remove one of them",
                            described(certificates, i), the(j));
    for (size_t i = 0; i + 1 < certificates.size(); ++i) {
        X509* issuer = certificates[i + 1].get();
        if (!has_issued(issuer, certificates[i].get())) return wrong_order(certificates, i);
        EVP_PKEY* key = X509_get0_pubkey(issuer);
        const bool verifies = key != nullptr && X509_verify(certificates[i].get(), key) == 1;
        ERR_clear_error();
        if (!verifies)
            return fail(ErrorCode::invalid,
                        "{} was not signed with the key of {}, though it names it as its issuer: "
                        "take the chain that came with the certificate",
                        described(certificates, i), described(certificates, i + 1));
    }
    return {};
}

}  // namespace

Result<CertificateChain> chain_from_pem(std::string_view pem) {
    auto blocks = read_pem(pem);
    if (!blocks) return tl::unexpected(std::move(blocks).error());
    CertificateChain chain;
    std::vector<OwnedX509> certificates;
    for (const PemBlock& block : *blocks) {
        if (!is_certificate(block)) continue;
        const size_t index = certificates.size();
        if (index == storage::kChainMax)
            return fail(ErrorCode::invalid,
                        "more than {} certificates: a chain is the server's own and those of the "
                        "CAs above it, not a store of CAs",
                        storage::kChainMax);
        if (!block.problem.empty())
            return fail(ErrorCode::invalid, "{} {}", the(index), block.problem);
        auto certificate = certificate_from_der(block.der.bytes(), index);
        if (!certificate) return tl::unexpected(std::move(certificate).error());
        certificates.push_back(std::move(*certificate));
        chain.der.emplace_back(block.der.bytes().begin(), block.der.bytes().end());
    }
    if (certificates.empty()) return no_certificate(pem, *blocks);
    if (Status ordered = check_order(certificates); !ordered)
        return tl::unexpected(std::move(ordered).error());
    auto facts = certificate_facts(certificates.front().get());
    if (!facts) return wrap(described(certificates, 0), std::move(facts).error());
    chain.leaf = std::move(*facts);
    return chain;
}

std::string chain_to_pem(const CertificateChain& chain) {
    std::string pem;
    for (const auto& der : chain.der) pem += write_pem("CERTIFICATE", der);
    return pem;
}

}  // namespace gatepost::controlplane
